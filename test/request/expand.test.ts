import { expect, it } from 'vitest';
import { expand } from '../../src/request/expand.ts';

const variables: Record<string, string> = { A: 'a', EMPTY: '', DOLLAR: '${A}' };

it.each([
  ['${A}', 'a'],
  ['x${A}y${A}z', 'xayaz'],
  ['${EMPTY}', ''],
  ['${EMPTY:-d}', 'd'],
  ['${NONE:-}', ''],
  ['${NONE:-a b:-c}', 'a b:-c'],
  ['${NONE:-${A}}', 'a'],
  ['${NONE:-x${NONE:-y}}z', 'xyz'],
  ['${A:-${NONE}}', 'a'],
  ['$$', '$'],
  ['$${A}', '${A}'],
  ['$A costs 5$', '$A costs 5$'],
  ['${DOLLAR}', '${A}'],
  ['', ''],
])('%j becomes %j', (text, expected) => {
  expect(expand(text, (name) => variables[name])).toEqual({ text: expected, missing: [], malformed: false });
});

it('names each variable that has no value', () => {
  expect(expand('${X}-${Y:-${Z}}', () => undefined).missing).toEqual(['X', 'Z']);
});

it.each(['${', '${A', '${}', '${A-b}', '${A:?b}', '${a b}', '${1}', '${A:-b'])('%j is malformed', (text) => {
  expect(expand(text, (name) => variables[name]).malformed).toBe(true);
});
