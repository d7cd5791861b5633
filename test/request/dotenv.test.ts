import { describe, expect, it } from 'vitest';
import { parseDotenv } from '../../src/request/dotenv.ts';

// Checked line by line against `docker compose --env-file … config` (2.26).
describe('dotenv text is read as Compose reads it', () => {
  it.each([
    ['A=b', 'b'],
    ['A = spaced value  ', 'spaced value'],
    ['export A=b', 'b'],
    ['A: b', 'b'],
    ['A=', ''],
    ['A=b#c # comment', 'b#c'],
    ['A=#b', '#b'],
    ["A='b # c' # comment", 'b # c'],
    ["A='C:\\dir\\n'", 'C:\\dir\\n'],
    ["A='Let\\'s go'", "Let's go"],
    ['A="x\\ty\\n\\"z\\""', 'x\ty\n"z"'],
    ['A="a\\\\b\\qc"', 'a\\b\\qc'],
    ['A="one\ntwo=2\n# three"', 'one\ntwo=2\n# three'],
    ["A='-----BEGIN KEY-----\r\nabc==\r\n-----END KEY-----'", '-----BEGIN KEY-----\nabc==\n-----END KEY-----'],
    ['A=b=c==', 'b=c=='],
    ['A=pa$$word', 'pa$$word'],
    ['A="\\${B}"', '${B}'],
    ['A=żółć 🚀', 'żółć 🚀'],
    ['\uFEFF# comment\n\nA=b', 'b'],
  ])('%j', (text, value) => {
    expect(parseDotenv(text, null)).toEqual({ entries: [{ name: 'A', value }], malformed: [] });
  });

  it('hands every value but a single-quoted one to the expansion, with the entries before it', () => {
    const { entries } = parseDotenv('A=1\nB=x\nC="y\\$"\nD=\'z\'', (text, earlier) => `<${text}${earlier.length}>`);
    expect(entries.map(({ value }) => value)).toEqual(['<10>', '<x1>', '<y$$2>', 'z']);
  });

  it.each([
    ['A=1\nnonsense\nB=2', [2], ['A', 'B']],
    ['A="open\nB=2', [1], ['B']],
    ["A='b'c\nB=2", [1], ['B']],
    ['1A=b\na b=c', [1, 2], []],
  ])('tells the lines that are no assignment, and reads the others: %j', (text, malformed, names) => {
    const read = parseDotenv(text, null);
    expect(read.malformed).toEqual(malformed);
    expect(read.entries.map(({ name }) => name)).toEqual(names);
  });
});
