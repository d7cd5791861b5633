import { describe, expect, it } from 'vitest';
import { clover } from '../../src/coverage/clover.ts';

/** As istanbul writes it; its own table said 66.66 % of lines, 50 % of branches. */
const fromIstanbul = `<?xml version="1.0" encoding="UTF-8"?>
<coverage generated="1763722800000" clover="3.2.0">
  <project timestamp="1763722800000" name="All files">
    <metrics statements="3" coveredstatements="2" conditionals="2" coveredconditionals="1" methods="1" coveredmethods="1" elements="6" coveredelements="4" complexity="0" loc="3" ncloc="3" packages="1" files="1" classes="1"/>
    <file name="grade.js" path="/srv/app/grade.js">
      <metrics statements="3" coveredstatements="2" conditionals="2" coveredconditionals="1" methods="1" coveredmethods="1"/>
      <line num="2" count="4" type="cond" truecount="1" falsecount="1"/>
      <line num="3" count="0" type="stmt"/>
      <line num="5" count="4" type="stmt"/>
    </file>
  </project>
</coverage>
`;

/** As PHPUnit 11 writes it: the path is the name, methods have lines of their own. */
const fromPhpunit = `<?xml version="1.0" encoding="UTF-8"?>
<coverage generated="1763722800">
  <project timestamp="1763722800">
    <package name="Shop">
      <file name="/srv/app/src/Grade.php">
        <class name="Shop\\Grade" namespace="Shop"><metrics complexity="2" methods="1" coveredmethods="0" conditionals="0" coveredconditionals="0" statements="3" coveredstatements="2"/></class>
        <line num="7" type="method" name="of" visibility="public" complexity="2" crap="2.15" count="1"/>
        <line num="9" type="stmt" count="1"/>
        <line num="10" type="stmt" count="0"/>
        <line num="12" type="stmt" count="1"/>
        <metrics loc="15" ncloc="15" classes="1" methods="1" coveredmethods="0" conditionals="0" coveredconditionals="0" statements="3" coveredstatements="2"/>
      </file>
    </package>
  </project>
</coverage>
`;

function project(text: string): string {
  return `<coverage generated="1"><project>${text}</project></coverage>`;
}

function linesOf(text: string, file: string): [number, number][] {
  return [...(clover.parse(text).files.get(file)?.lines ?? [])];
}

describe('Clover', () => {
  it("reads istanbul's lines and branches, by the whole path", () => {
    expect(linesOf(fromIstanbul, '/srv/app/grade.js')).toEqual([
      [2, 4],
      [3, 0],
      [5, 4],
    ]);
    const branches = clover.parse(fromIstanbul).files.get('/srv/app/grade.js')?.branches;
    expect([...(branches ?? [])]).toEqual([[0, { covered: 1, total: 2 }]]);
  });

  it("reads PHPUnit's lines, of which a method's own is none", () => {
    expect(linesOf(fromPhpunit, '/srv/app/src/Grade.php')).toEqual([
      [9, 1],
      [10, 0],
      [12, 1],
    ]);
    expect(clover.parse(fromPhpunit).files.get('/srv/app/src/Grade.php')?.branches?.size).toBe(0);
  });

  it('counts a line once that has several statements, covered if one of them ran', () => {
    const text = project(
      '<file name="A.java"><line num="4" count="0" type="stmt"/><line num="4" count="2" type="stmt"/></file>',
    );
    expect(linesOf(text, 'A.java')).toEqual([[4, 2]]);
  });

  it("takes OpenClover's conditions without a count, and leaves the tests themselves out", () => {
    const text =
      '<coverage generated="1"><project><file name="A.java"><line num="4" type="cond" truecount="0" falsecount="3"/></file></project>' +
      '<testproject><file name="ATest.java"><line num="1" count="1" type="stmt"/></file></testproject></coverage>';
    expect(linesOf(text, 'A.java')).toEqual([[4, 3]]);
    expect([...clover.parse(text).files.keys()]).toEqual(['A.java']);
  });

  it('takes Windows line ends and a byte order mark', () => {
    expect(linesOf(`\uFEFF${fromIstanbul.replaceAll('\n', '\r\n')}`, '/srv/app/grade.js')).toHaveLength(3);
  });

  it.each([
    ['a file that is cut off', fromIstanbul.slice(0, 600), /line \d+, column \d+: unclosed tag/],
    ['another root', '<report/>', 'line 1: the root element is <report>, not <coverage>'],
    ['a file without a name', project('\n<file/>'), 'line 2: <file> without `path` and `name`'],
    [
      'a line without a count',
      project('<file name="a">\n<line num="3" type="stmt"/></file>'),
      'line 2: <line num="3" count="">',
    ],
    ['line 0', project('<file name="a"><line num="0" count="1" type="stmt"/></file>'), '<line num="0" count="1">'],
    ['totals without lines', project('<metrics statements="12"/>'), 'it states 12 statements'],
    ['entities of its own', '<!DOCTYPE coverage [<!ENTITY x "boom">]><coverage/>', 'declares entities'],
  ])('refuses %s', (_what, text, message) => {
    expect(() => clover.parse(text)).toThrow(message);
  });

  it.each([
    [fromIstanbul, true],
    [fromPhpunit, true],
    ['<coverage line-rate="1" version="1.9">', false],
    ['<report name="x">', false],
  ])('knows its own', (text, expected) => {
    expect(clover.matches(text)).toBe(expected);
  });
});
