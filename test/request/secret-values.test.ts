import { expect, it } from 'vitest';
import { secretKeys } from '../../src/request/schema.ts';
import { secretValues } from '../../src/request/secret-values.ts';
import { request } from './sources.ts';

it('every secret of a request is known as one', async () => {
  const door: Record<string, string> = Object.fromEntries(secretKeys.map((key) => [key, `https://a.example/${key}`]));
  const asked = await request({ door: { ...door, secrets: 'A=one\nB=two', 'telegram-chat': '1' } });
  const expected = secretKeys.filter((key) => key !== 'secrets').map((key) => door[key]);
  expect(secretValues(asked).toSorted()).toEqual(['one', 'two', ...expected].toSorted());
});

it('a request without any has none', async () => {
  expect(secretValues(await request({}))).toEqual([]);
});
