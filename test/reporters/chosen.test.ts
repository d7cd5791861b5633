import { expect, it } from 'vitest';
import { chosenReporters } from '../../src/reporters/chosen.ts';
import { request } from '../request/sources.ts';

async function chosen(door: Record<string, string>): Promise<string[]> {
  return (await chosenReporters(await request({ door }))).map(({ name }) => name);
}

const telegram = { 'telegram-token': '1:a', 'telegram-chat': '1' };
const others = {
  environment: 'production',
  'github-token': 'x',
  'webhook-url': 'https://a.example',
  'metrics-file': 'a.prom',
  'registry-url': 'https://a.example',
};

it('nobody hears of a deployment who was not named', async () => {
  expect(await chosen({})).toEqual([]);
});

it('all who were named do', async () => {
  expect(await chosen({ ...telegram, ...others })).toEqual([
    'Telegram',
    'GitHub Deployment',
    'webhook',
    'metrics',
    'registry',
  ]);
});

it('`notify` is about messages to people, and about nothing else', async () => {
  expect(await chosen({ ...telegram, ...others, notify: 'never' })).toEqual([
    'GitHub Deployment',
    'webhook',
    'metrics',
    'registry',
  ]);
});
