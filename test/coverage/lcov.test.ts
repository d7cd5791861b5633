import { describe, expect, it } from 'vitest';
import { lcov } from '../../src/coverage/lcov.ts';

/** As vitest's v8 provider writes it; its own table said 75 % of lines for this file. */
const report = `TN:
SF:src/units.ts
FN:3,parse
FNF:1
FNH:1
FNDA:2,parse
DA:3,2
DA:4,2
DA:5,0
DA:7,1
LF:4
LH:3
BRDA:4,0,0,-
BRF:1
BRH:0
end_of_record
`;

function linesOf(text: string, file: string): [number, number][] {
  return [...(lcov.parse(text).files.get(file)?.lines ?? [])];
}

describe('lcov', () => {
  it('reads the hits of each line', () => {
    expect(linesOf(report, 'src/units.ts')).toEqual([
      [3, 2],
      [4, 2],
      [5, 0],
      [7, 1],
    ]);
  });

  it.each([
    ['a checksum in the third field', 'DA:3,2,dNr1LqgVmDEM', [[3, 2]]],
    ['a negative count, an overflow of gcov, as 0', 'DA:3,-7', [[3, 0]]],
    ['`-` as never run', 'DA:3,-', [[3, 0]]],
    ['a count in scientific notation', 'DA:3,1.5e+10', [[3, 1.5e10]]],
    ['a line that comes twice as the sum of both', 'DA:3,0\nDA:3,4', [[3, 4]]],
    ['records of lcov 2 that it has no use for', 'FNL:0,3,9\nFNA:0,1,parse\nDA:3,1', [[3, 1]]],
    ['Windows line ends', 'DA:3,1\r', [[3, 1]]],
    ['comments and empty lines', '# made by hand\n\nDA:3,1', [[3, 1]]],
  ])('takes %s', (_what, lines, expected) => {
    expect(linesOf(`SF:a.c\n${lines}\nend_of_record\n`, 'a.c')).toEqual(expected);
  });

  it('adds up a file that several tests ran', () => {
    const text = 'TN:one\nSF:a.c\nDA:1,1\nDA:2,0\nend_of_record\nTN:two\nSF:a.c\nDA:2,3\nend_of_record\n';
    expect(linesOf(text, 'a.c')).toEqual([
      [1, 1],
      [2, 3],
    ]);
  });

  it('reads the branches of each line', () => {
    const text =
      'SF:a.c\nDA:4,1\nBRDA:4,0,0,-\nBRDA:4,0,1,3\nBRDA:9,e0,a > b,c,0\nBRDA:broken\nend_of_record\n' +
      'SF:a.c\nDA:4,1\nBRDA:4,0,0,2\nBRDA:4,0,1,0\nend_of_record\n';
    expect([...(lcov.parse(text).files.get('a.c')?.branches ?? [])]).toEqual([
      [4, { covered: 2, total: 2 }],
      [9, { covered: 0, total: 1 }],
    ]);
  });

  it('takes a file without code', () => {
    expect(linesOf('SF:types.ts\nLF:0\nLH:0\nend_of_record\n', 'types.ts')).toEqual([]);
  });

  it.each([
    ['a file that is cut off', 'SF:a.c\nDA:1,1\n', 'line 1: the record of `a.c` has no `end_of_record`'],
    [
      'a record cut off by the next one',
      'SF:a.c\nDA:1,1\nSF:b.c\nend_of_record',
      'line 3: a new file begins before `end_of_record` of `a.c`',
    ],
    ['a line that is cut off', 'SF:a.c\nDA:1\nend_of_record', 'line 2: `DA:1` is not `DA:<line>,<hits>`'],
    ['a count that is no number', 'SF:a.c\nDA:1,many\nend_of_record', 'line 2: `DA:1,many`'],
    ['line 0', 'SF:a.c\nDA:0,1\nend_of_record', 'line 2: `DA:0,1`'],
    ['lines of no file', 'TN:\nDA:1,1\nend_of_record', 'line 2: `DA:` outside of a file'],
    ['an end of nothing', 'TN:\nend_of_record', 'line 2: `end_of_record` without an `SF:`'],
    ['a file without a name', 'TN:\nSF:\nend_of_record', 'line 2: `SF:` names no file'],
    ['what is no record', 'SF:a.c\n<html>\nend_of_record', 'line 2: `<html>` is no lcov record'],
    ['totals without lines', 'SF:a.c\nLF:10\nLH:9\nend_of_record', 'line 1: the record of `a.c` has totals'],
  ])('refuses %s, with the line', (_what, text, message) => {
    expect(() => lcov.parse(text)).toThrow(message);
  });

  it.each([
    [report, true],
    ['\uFEFFTN:\nSF:a.c', true],
    ['# comment\n\nSF:a.c', true],
    ['<?xml version="1.0"?><coverage/>', false],
    ['mode: set', false],
    ['', false],
  ])('knows its own: %j', (text, expected) => {
    expect(lcov.matches(text)).toBe(expected);
  });
});
