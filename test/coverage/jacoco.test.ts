import { describe, expect, it } from 'vitest';
import { jacoco } from '../../src/coverage/jacoco.ts';

const head = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?><!DOCTYPE report PUBLIC "-//JACOCO//DTD Report 1.1//EN" "report.dtd">`;

/** As jacoco-maven-plugin 0.8.14 writes it; its CSV said LINE_MISSED 1, LINE_COVERED 3. */
const report = `${head}<report name="shop"><sessioninfo id="host-1" start="1" dump="2"/><package name="org/shop"><class name="org/shop/Grade" sourcefilename="Grade.java"><method name="of" desc="(I)Ljava/lang/String;" line="5"><counter type="INSTRUCTION" missed="2" covered="8"/></method></class><sourcefile name="Grade.java"><line nr="3" mi="0" ci="3" mb="0" cb="0"/><line nr="5" mi="0" ci="3" mb="1" cb="1"/><line nr="6" mi="2" ci="0" mb="0" cb="0"/><line nr="8" mi="1" ci="2" mb="0" cb="0"/><counter type="LINE" missed="1" covered="3"/></sourcefile></package><counter type="INSTRUCTION" missed="3" covered="8"/></report>`;

function source(name: string, line: number): string {
  return `<sourcefile name="${name}"><line nr="${line}" mi="0" ci="1" mb="0" cb="0"/></sourcefile>`;
}

describe('JaCoCo', () => {
  it('reads the lines and branches of each source file, a line covered when one instruction of it ran', () => {
    const file = jacoco.parse(report).files.get('org/shop/Grade.java');
    expect([...(file?.lines ?? [])]).toEqual([
      [3, 3],
      [5, 3],
      [6, 0],
      [8, 2],
    ]);
    expect([...(file?.branches ?? [])]).toEqual([[5, { covered: 1, total: 2 }]]);
  });

  it('keeps the files of several groups apart, however deep', () => {
    const text = `<report name="all"><group name="api"><package name="org/shop">${source('Main.java', 1)}</package></group><group name="outer"><group name="inner"><package name="org/shop">${source('Main.java', 2)}</package></group></group><package name="">${source('Loose.java', 3)}</package></report>`;
    expect([...jacoco.parse(text).files].map(([name, { lines }]) => [name, [...lines.keys()]])).toEqual([
      ['api:org/shop/Main.java', [1]],
      ['outer/inner:org/shop/Main.java', [2]],
      ['Loose.java', [3]],
    ]);
  });

  it('does not count a line without instructions', () => {
    const text =
      '<report name="x"><package name="p"><sourcefile name="A.kt"><line nr="1" mi="0" ci="0" mb="0" cb="0"/></sourcefile></package></report>';
    expect(jacoco.parse(text).files.get('p/A.kt')?.lines.size).toBe(0);
  });

  it.each([
    ['a file that is cut off', report.slice(0, 500), /unclosed tag/],
    ['another root', '<coverage/>', 'the root element is <coverage>, not <report>'],
    [
      'a source file without a name',
      '<report name="x">\n<sourcefile/></report>',
      'line 2: <sourcefile> without `name`',
    ],
    [
      'a line without instructions',
      '<report name="x"><sourcefile name="A"><line nr="1"/></sourcefile></report>',
      '<line nr="1" mi="" ci="">',
    ],
    [
      'classes without line numbers',
      '<report name="x"><counter type="INSTRUCTION" missed="4" covered="5"/></report>',
      'counts 9 instructions but no lines',
    ],
  ])('refuses %s', (_what, text, message) => {
    expect(() => jacoco.parse(text)).toThrow(message);
  });

  it.each([
    [report, true],
    ['<report name="shop">', true],
    ['<coverage generated="1">', false],
    ['<html><head><title>report name="x"</title>', false],
  ])('knows its own', (text, expected) => {
    expect(jacoco.matches(text)).toBe(expected);
  });
});
