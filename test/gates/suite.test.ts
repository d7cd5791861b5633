import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkout, gate } from './support.ts';

const failing = `<testsuites><testsuite name="shop"><testcase classname="test_price" name="test_discount">
<failure message="assert -20 == 0&#10;  where -20 = price(100)">trace</failure></testcase>
<testcase classname="test_price" name="test_tax"/><testcase name="later"><skipped/></testcase></testsuite></testsuites>`;
const passing = '<testsuite><testcase name="a"/><testcase name="b"><skipped/></testcase></testsuite>';

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

describe('a suite with a time-out of its own', () => {
  it('is stopped with everything that it started, and the message says so', async () => {
    const folder = checkout();
    const door = {
      tests: { slow: { command: 'sleep 300 & echo $! > child; wait', timeout: '1s' }, next: 'touch ran' },
    };
    const began = performance.now();
    const { result, report, facts } = await gate(door, folder);
    expect(performance.now() - began).toBeLessThan(20_000);
    expect(result.failure).toMatchObject({ stage: 'test', exitCode: 1 });
    expect(report.error?.message).toBe(
      'The tests `slow` did not end within 1.0s (their own `timeout`) and were stopped.',
    );
    expect(facts.changes.tests).toMatchObject([{ name: 'slow', status: 'failed' }]);
    const child = Number(readFileSync(join(folder, 'child'), 'utf8'));
    await expect.poll(() => isAlive(child), { timeout: 10_000 }).toBe(false);
  });

  it('is left alone within it', async () => {
    const { result } = await gate({ tests: { unit: { command: 'true', timeout: '1m' } } }, checkout());
    expect(result.failure).toBeNull();
  });
});

describe("a suite's test report", () => {
  it('tells the failing tests in the error, and how many there were', async () => {
    const door = { tests: { unit: 'cp failing.xml out.xml; echo see above; exit 1' }, 'test-report': 'out.xml' };
    const { report, facts, warnings } = await gate(door, checkout({ 'failing.xml': failing }));
    expect(report.error?.message).toBe('The tests `unit` failed with exit code 1.');
    expect(report.error?.excerpt).toBe(
      'see above\n\n1 of 3 tests failed:\n- test_price › test_discount: assert -20 == 0 where -20 = price(100)',
    );
    expect(facts.changes.tests).toMatchObject([
      {
        name: 'unit',
        status: 'failed',
        counts: { tests: 3, failures: 1, skipped: 1 },
        failing: [{ name: 'test_price › test_discount', message: 'assert -20 == 0 where -20 = price(100)' }],
      },
    ]);
    expect(warnings).toEqual([]);
  });

  it('belongs to the suite that wrote it', async () => {
    const tests = { unit: 'cp passing.xml unit.xml', e2e: 'cp failing.xml e2e.xml; exit 1' };
    const { facts } = await gate(
      { tests, 'test-report': '*2e.xml\nunit.xml' },
      checkout({ 'failing.xml': failing, 'passing.xml': passing }),
    );
    expect(facts.changes.tests).toMatchObject([
      { name: 'unit', counts: { tests: 2, failures: 0, skipped: 1 } },
      { name: 'e2e', counts: { tests: 3, failures: 1, skipped: 1 } },
    ]);
    expect(facts.changes.tests[0]?.failing).toBeUndefined();
  });

  it('is one of several files, which are added up', async () => {
    const door = { tests: { unit: 'mkdir r; cp a.xml r/1.xml; cp b.xml r/2.xml; exit 1' }, 'test-report': 'r/*.xml' };
    const { facts } = await gate(door, checkout({ 'a.xml': failing, 'b.xml': passing }));
    expect(facts.changes.tests).toMatchObject([{ counts: { tests: 5, failures: 1, skipped: 2 } }]);
  });

  it.each([
    ['missing', 'true', 'out.xml', /`test-report` says `out\.xml`, and the tests wrote no such file/],
    ['malformed', "echo '<testsuite><testcase' > out.xml", 'out.xml', /out\.xml can't be read as JUnit XML: line \d+/],
    ['empty', ': > out.xml', 'out.xml', /out\.xml can't be read as JUnit XML: it is empty/],
    ['something else', "echo '<coverage/>' > out.xml", 'out.xml', /the root element is <coverage>/],
    ['a folder', 'mkdir out.xml', 'out.xml', /`test-report` says `out\.xml`/],
    ['older than the tests', 'touch -d 2020-01-01 out.xml', 'out.xml', /the tests wrote no such file/],
    ['far too large', 'truncate -s 17M out.xml', 'out.xml', /out\.xml is not read: it is larger than 16 MiB/],
    ['in no folder', 'true', 'reports/**/*.xml', /`test-report` says `reports\/\*\*\/\*\.xml`/],
  ])('that is %s is a warning, and the verdict stays', async (_what, command, pattern, warning) => {
    const good = await gate({ tests: { unit: command }, 'test-report': pattern }, checkout());
    expect(good.result.failure).toBeNull();
    expect(good.warnings).toHaveLength(1);
    expect(good.warnings[0]).toMatch(warning);
    const bad = await gate({ tests: { unit: `${command}; exit 4` }, 'test-report': pattern }, checkout());
    expect(bad.report.error?.message).toBe('The tests `unit` failed with exit code 4.');
    expect(bad.warnings.join('\n')).toContain('wrote no test report');
  });

  it('with failing tests does not fail a suite that ended well, but is told', async () => {
    const door = { tests: { unit: 'cp failing.xml out.xml' }, 'test-report': 'out.xml' };
    const { result, warnings } = await gate(door, checkout({ 'failing.xml': failing }));
    expect(result.failure).toBeNull();
    expect(warnings).toEqual(['The suite `unit` ended with exit code 0, though its report names 1 failing test.']);
  });

  it('shows no secret, also where it is broken over two lines', async () => {
    const text = failing.replace('assert -20', 'hunter2-and-more and correct-horse&#10;battery');
    const secrets = ['hunter2-and-more', 'correct-horse battery', 'discount'];
    const door = { tests: { unit: 'cp failing.xml out.xml; exit 1' }, 'test-report': 'out.xml' };
    const { report } = await gate(door, checkout({ 'failing.xml': text }), secrets);
    expect(JSON.stringify(report)).not.toMatch(/hunter2|correct-horse|discount/);
    expect(report.error?.excerpt).toContain('test_***: *** and ***');
  });

  it('names ten, and says how many more there are', async () => {
    const many = Array.from({ length: 14 }, (_, index) => `<testcase name="t${index}"><error>no</error></testcase>`);
    const door = { tests: { unit: 'cp failing.xml out.xml; exit 1' }, 'test-report': 'out.xml' };
    const { report } = await gate(door, checkout({ 'failing.xml': `<testsuite>${many.join('')}</testsuite>` }));
    expect(report.error?.excerpt?.match(/^- /gm)).toHaveLength(10);
    expect(report.error?.excerpt).toMatch(/^14 of 14 tests failed:\n- t0: no$/m);
    expect(report.error?.excerpt).toMatch(/… and 4 more$/);
  });
});

describe('skip-tests', () => {
  it('runs no tests and no budgets', async () => {
    const folder = checkout();
    const door = {
      tests: { unit: 'exit 1' },
      budgets: { tokens: { command: 'exit 1', maximum: 1 } },
      'coverage-minimum': '100',
      'skip-tests': 'true',
    };
    const { result, statuses } = await gate(door, folder);
    expect(result.failure).toBeNull();
    expect(statuses.test).toBe('skipped');
  });
});
