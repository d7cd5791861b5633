import { describe, expect, it } from 'vitest';
import { istanbul } from '../../src/coverage/istanbul.ts';

function at(line: number): unknown {
  return { start: { line, column: 2 }, end: { line, column: null } };
}

/** As nyc writes it: two statements on line 4, a branch that a source map left without a place. */
const file = {
  path: '/srv/app/grade.js',
  statementMap: { 0: at(2), 1: at(4), 2: at(4), 3: at(9) },
  fnMap: { 0: { name: 'grade', decl: at(1), loc: at(1), line: 1 } },
  branchMap: {
    0: { loc: at(2), type: 'if', locations: [at(2), { start: {}, end: {} }], line: 2 },
    1: { loc: { start: {}, end: {} }, type: 'cond-expr', locations: [] },
  },
  s: { 0: 3, 1: 1, 2: 0, 3: 0 },
  f: { 0: 3 },
  b: { 0: [0, 3], 1: [1, 0, 0] },
  _coverageSchema: '1a1c01bbd47fc00a2c39e90264f33305004495a9',
  hash: 'abc',
};
const report = JSON.stringify({ '/srv/app/grade.js': file });

describe('Istanbul JSON', () => {
  it('counts the lines on which statements begin, as istanbul does', () => {
    const told = istanbul.parse(report).files.get('/srv/app/grade.js');
    expect([...(told?.lines ?? [])]).toEqual([
      [2, 3],
      [4, 1],
      [9, 0],
    ]);
  });

  it('counts every arm of a branch, also one without a place', () => {
    const told = istanbul.parse(report).files.get('/srv/app/grade.js');
    expect([...(told?.branches ?? [])]).toEqual([
      [2, { covered: 1, total: 2 }],
      [0, { covered: 1, total: 3 }],
    ]);
  });

  it('takes a file without statements, and one without branches', () => {
    const text = JSON.stringify({ a: { path: 'a', statementMap: {}, s: {} } });
    expect(istanbul.parse(text).files.get('a')?.lines.size).toBe(0);
  });

  it('takes a byte order mark, Windows line ends, and a name that is a trap', () => {
    const text = `\uFEFF{\r\n"__proto__": ${JSON.stringify({ ...file, path: '__proto__' })},\r\n"b": ${JSON.stringify({ ...file, path: 'b' })}}`;
    expect([...istanbul.parse(text).files.keys()]).toContain('b');
    expect(Object.hasOwn(Object.prototype, 'path')).toBe(false);
  });

  it.each([
    ['a file that is cut off', report.slice(0, 300), 'it is cut off or no JSON'],
    ['a list', '[]', 'at its top'],
    [
      'a statement without a count',
      JSON.stringify({ a: { ...file, s: {} } }),
      'statement 0 of `/srv/app/grade.js` has no count',
    ],
    ['a count below 0', JSON.stringify({ a: { ...file, s: { ...file.s, 0: -1 } } }), 'at `a`, `s`, `0`'],
    [
      'a statement without a line',
      JSON.stringify({ a: { ...file, statementMap: { 0: {} } } }),
      'at `a`, `statementMap`, `0`, `start`',
    ],
  ])('refuses %s', (_what, text, message) => {
    expect(() => istanbul.parse(text)).toThrow(message);
  });

  it.each([
    [report, true],
    ['{}', true],
    ['{"total":{"lines":{"total":1}}}', false],
    ['{"meta": {"version": "7"}}', false],
  ])('knows its own', (text, expected) => {
    expect(istanbul.matches(text)).toBe(expected);
  });
});
