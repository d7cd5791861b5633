import { describe, expect, it } from 'vitest';
import { addFigures, parseJunit } from '../../src/gates/junit.ts';

function suite(...cases: string[]): string {
  return `<?xml version="1.0"?>\n<testsuite name="shop" tests="99">${cases.join('\n')}</testsuite>`;
}

describe('a JUnit report', () => {
  it('is counted by its test cases, whatever the suite states', () => {
    const text = suite('<testcase name="a"/>', '<testcase name="b"><skipped message="later"/></testcase>');
    expect(parseJunit(text)).toEqual({ tests: 2, failures: 0, skipped: 1, failing: [] });
  });

  it.each([
    ['a message', '<failure message="1 is not 2" type="E">trace</failure>', '1 is not 2'],
    ['a text alone', '<failure>\n  1 is not 2\n  at x.js:3\n</failure>', '1 is not 2\n  at x.js:3'],
    ['CDATA', '<error type="E"><![CDATA[1 < 2 && ]]>more</error>', '1 < 2 && more'],
    ['an empty message', '<failure message="">trace</failure>', 'trace'],
    ['nothing', '<failure/>', ''],
    [
      'a failure, then an error while tidying up',
      '<failure message="first"/><error message="second">x</error>',
      'first',
    ],
    ['entities', '<failure message="&lt;a&gt; &#10;&quot;b&quot;"/>', '<a> \n"b"'],
    ['output beside it', '<system-out>noise</system-out><failure>told</failure><system-err>noise</system-err>', 'told'],
  ])('tells a failure by %s', (_how, inside, message) => {
    const { failures, failing } = parseJunit(suite(`<testcase classname="x.Y" name="z">${inside}</testcase>`));
    expect({ failures, failing }).toEqual({ failures: 1, failing: [{ name: 'x.Y › z', message }] });
  });

  it.each([
    ['classname="pkg.T" name="t"', 'pkg.T › t'],
    ['name="t"', 'shop › t'],
    // Node's own reporter says this of every test.
    ['classname="test" name="t"', 'shop › t'],
    ['classname="t" name="t"', 't'],
  ])('names the test case %s', (attributes, name) => {
    expect(parseJunit(suite(`<testcase ${attributes}><failure/></testcase>`)).failing).toMatchObject([{ name }]);
  });

  it('may have suites within suites', () => {
    const inner = '<testsuite name="inner"><testcase name="t"><failure/></testcase></testsuite>';
    const text = `<testsuites><testsuite name="outer">${inner}<testcase name="u"><failure/></testcase></testsuite></testsuites>`;
    expect(parseJunit(text).failing.map(({ name }) => name)).toEqual(['inner › t', 'outer › u']);
  });

  it('has passed what failed only before it was tried again', () => {
    const text = suite('<testcase name="a"><flakyFailure message="once"/></testcase>');
    expect(parseJunit(text)).toMatchObject({ tests: 1, failures: 0 });
  });

  it('keeps ten failing tests of however many, and little of each', () => {
    const long = 'x'.repeat(100_000);
    const cases = Array.from({ length: 200 }, (_, n) => `<testcase name="t${n}"><failure>${long}</failure></testcase>`);
    const { failures, failing } = parseJunit(suite(...cases));
    expect(failures).toBe(200);
    expect(failing).toHaveLength(10);
    expect(JSON.stringify(failing).length).toBeLessThan(100_000);
  });

  it.each([
    ['is cut short', suite('<testcase name="a"/>').slice(0, -8), /line 2/],
    ['is another format', '<coverage/>', /the root element is <coverage>/],
    ['is no XML', 'ok 1 - a', /line 1/],
    ['declares entities', '<!DOCTYPE x [<!ENTITY a "b">]><testsuite/>', /declares entities/],
    ['is two documents', '<testsuite/><testsuite/>', /line 1/],
  ])('is refused when it %s', (_what, text, message) => {
    expect(() => parseJunit(text)).toThrow(message);
  });

  it('is fine with a byte order mark and with a plain DOCTYPE', () => {
    expect(parseJunit('\uFEFF<?xml version="1.0"?><!DOCTYPE testsuite><testsuite/>').tests).toBe(0);
  });
});

it('several reports are added up', () => {
  const one = parseJunit(suite('<testcase name="a"><failure/></testcase>', '<testcase name="b"/>'));
  expect(addFigures([one, one])).toMatchObject({ tests: 4, failures: 2, skipped: 0, failing: [{}, {}] });
});
