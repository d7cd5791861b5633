import { expect, it } from 'vitest';
import { secretKeys } from '../../src/request/schema.ts';
import { secretValues } from '../../src/request/secret-values.ts';
import { request } from './sources.ts';

it('every secret of a request is known as one', async () => {
  const door: Record<string, string> = Object.fromEntries(secretKeys.map((key) => [key, `https://a.example/${key}`]));
  // Of the test vectors of BIP 173's kind that age publishes; nobody's.
  const identity = 'AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX';
  const formed = { secrets: 'A=one\nB=two', 'backup-identity': `# nobody's\n${identity}` };
  const asked = await request({ door: { ...door, ...formed, 'telegram-chat': '1' } });
  const expected = secretKeys.filter((key) => !Object.hasOwn(formed, key)).map((key) => door[key]);
  expect(secretValues(asked).toSorted()).toEqual(['one', 'two', identity, ...expected].toSorted());
});

it.each([
  ['https://hooks.example.org/services/T024BE7LH/B024BE7LH8/k4x9-Tz1bC2d', ['k4x9-Tz1bC2d']],
  ['https://dana:p%40ssw0rd@a.example/deployments-of-mine', ['p%40ssw0rd', 'p@ssw0rd']],
  ['https://a.example/?key=open-sesame&v=1', ['open-sesame']],
])('so is what lets somebody in by %s alone', async (url, keys) => {
  expect(secretValues(await request({ door: { 'webhook-url': url } }))).toEqual([url, ...keys]);
});

it('a request without any has none', async () => {
  expect(secretValues(await request({}))).toEqual([]);
});
