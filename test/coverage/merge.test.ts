import { describe, expect, it } from 'vitest';
import { Checkout, istanbulOf, jacocoOf, lcovOf, summaryOf } from './support.ts';

const checkout = Checkout.forEachTest();

describe('reports of several formats', () => {
  it('merges by line what one tool wrote in several formats, and counts no branch twice', async () => {
    const lines =
      '<line num="1" count="1" type="cond" truecount="1" falsecount="1"/><line num="2" count="0" type="stmt"/>';
    const metrics = '<metrics conditionals="2" coveredconditionals="1"/>';
    checkout.write('coverage/lcov.info', 'SF:src/a.ts\nDA:1,1\nDA:2,0\nBRDA:1,0,0,1\nBRDA:1,0,1,0\nend_of_record\n');
    checkout.write(
      'coverage/clover.xml',
      `<coverage generated="1" clover="3.2.0"><project><file name="a.ts" path="src/a.ts">${metrics}${lines}</file></project></coverage>`,
    );
    checkout.write('coverage/coverage-final.json', istanbulOf('src/a.ts', [1, 0]));
    checkout.write('coverage/coverage-summary.json', summaryOf('src/a.ts', { total: 2, covered: 1 }));
    const result = await checkout.measure('auto');
    expect(result).toMatchObject({ percent: 50, linesTotal: 2, branches: { covered: 1, total: 2 } });
    expect(result.files).toHaveLength(4);
    expect(checkout.said.at(-1)).toBe(
      "coverage: coverage/coverage-summary.json has only totals: for 1 of its files another report's lines count",
    );
  });
});

describe('the branches of a file', () => {
  it('are those of the format that saw most of them taken, as formats number them differently', async () => {
    checkout.write('lcov.info', 'SF:a.ts\nDA:1,1\nBRDA:1,0,0,1\nBRDA:2,0,0,0\nend_of_record\n');
    checkout.write('final.json', istanbulOf('a.ts', [1]).replace('[1,0]', '[1,1,0]'));
    for (const order of [
      ['lcov.info', 'final.json'],
      ['final.json', 'lcov.info'],
    ]) {
      expect((await checkout.measure(...order)).branches).toEqual({ covered: 2, total: 3 });
    }
  });

  it('are merged by line over reports of one format', async () => {
    for (const [name, taken] of [
      ['unit', ['1', '0']],
      ['integration', ['0', '1']],
    ] as const) {
      const branches = taken.map((count, index) => `BRDA:${index + 1},0,0,${count}\n`).join('');
      checkout.write(`${name}.info`, `SF:a.ts\nDA:1,1\n${branches}end_of_record\n`);
    }
    expect((await checkout.measure('*.info')).branches).toEqual({ covered: 2, total: 2 });
  });
});

describe('a json-summary', () => {
  it('counts by its totals where it is the only report of a file', async () => {
    checkout.write('coverage-summary.json', summaryOf('src/a.ts', { total: 8, covered: 6 }));
    checkout.write('lcov.info', lcovOf('src/b.ts', [1, 0]));
    const result = await checkout.measure('*.json', 'lcov.info');
    expect([result.linesCovered, result.linesTotal]).toEqual([7, 10]);
  });

  it.each([
    ['lines', 'lcov.info', () => lcovOf('src/a.ts', [1])],
    ['totals', 'other.json', () => summaryOf('src/a.ts', { total: 8, covered: 6 })],
  ])('is refused beside %s of the same file: totals can not be merged by line', async (_what, path, other) => {
    checkout.write('coverage-summary.json', summaryOf('src/a.ts', { total: 8, covered: 6 }));
    checkout.write(path, other());
    for (const order of [
      ['coverage-summary.json', path],
      [path, 'coverage-summary.json'],
    ]) {
      const error = await checkout.refusal(...order);
      expect(error.message).toContain('has only totals of src/a.ts, and ');
      expect(error.hint).toContain('Name only one of them in `coverage-report`');
      expect(error.exitCode).toBe(1);
    }
  });
});

describe('a Go coverprofile', () => {
  const profile = 'mode: set\nexample.org/shop/a.go:1.1,3.2 3 1\nexample.org/shop/a.go:5.1,6.2 1 0\n';

  it('counts statements, as Go does, and names files by go.mod', async () => {
    checkout.write('go.mod', 'module example.org/shop\n');
    checkout.write('cover.out', profile);
    const result = await checkout.measure('auto');
    expect(result).toMatchObject({ percent: 75, unit: 'statements' });
    expect(result.byFile).toEqual([{ file: 'a.go', linesCovered: 3, linesTotal: 4, unit: 'statements' }]);
  });

  it('adds its statements to the lines of other files', async () => {
    checkout.write('cover.out', profile);
    checkout.write('lcov.info', lcovOf('web/a.ts', [1, 0]));
    expect(await checkout.measure('auto')).toMatchObject({
      linesCovered: 4,
      linesTotal: 6,
      unit: 'lines and statements',
    });
  });

  it('is merged by line with a report that has the same file by lines', async () => {
    checkout.write('go.mod', 'module example.org/shop\n');
    checkout.write('cover.out', profile);
    checkout.write('lcov.info', lcovOf('a.go', [0, 0, 0, 0, 1, 0]));
    for (const patterns of [
      ['cover.out', 'lcov.info'],
      ['lcov.info', 'cover.out'],
    ]) {
      expect(await checkout.measure(...patterns)).toMatchObject({ linesCovered: 4, linesTotal: 6, unit: 'lines' });
    }
  });
});

describe('a JSON report of coverage.py', () => {
  const pyOf = (executed: number[], missing: number[], statements: number) =>
    JSON.stringify({
      meta: {},
      files: {
        'a.py': { executed_lines: executed, missing_lines: missing, summary: { num_statements: statements } },
      },
    });

  it.each([
    ['alone', [pyOf([1, 2, 3], [4, 5], 4)], [2, 4]],
    ['of two runs', [pyOf([1, 2, 3], [4, 5], 4), pyOf([1, 2, 4], [3, 5], 4)], [3, 4]],
    [
      'with lines from another report',
      [pyOf([1, 2, 3], [4, 5], 4), lcovOf('a.py', [1]).replace('DA:1,', 'DA:4,')],
      [3, 4],
    ],
  ])('does not count the docstring on line 1: %s', async (_what, reports, [covered, total]) => {
    for (const [index, text] of reports.entries()) checkout.write(`report-${index}`, text);
    expect(await checkout.measure('report-*')).toMatchObject({ linesCovered: covered, linesTotal: total });
  });
});

describe('a JaCoCo report', () => {
  it('of each of two modules with files of the same name is counted for itself', async () => {
    for (const name of ['one', 'two'])
      checkout.write(`${name}/target/site/jacoco/jacoco.xml`, jacocoOf('org/shop', 'Main.java'));
    checkout.write('one/src/main/java/org/shop/Main.java', 'class Main {}\n');
    expect((await checkout.measure('auto')).byFile.map(({ file }) => file)).toEqual([
      'one/src/main/java/org/shop/Main.java',
      'two/org/shop/Main.java',
    ]);
  });

  it('over several modules knows their files again', async () => {
    checkout.write('one/src/main/java/org/shop/Main.java', 'class Main {}\n');
    checkout.write('one/target/site/jacoco/jacoco.xml', jacocoOf('org/shop', 'Main.java'));
    checkout.write('all/target/site/jacoco-aggregate/jacoco.xml', jacocoOf('org/shop', 'Main.java', 'one', 'two'));
    expect((await checkout.measure('auto')).byFile.map(({ file }) => file)).toEqual([
      'all/two/org/shop/Main.java',
      'one/src/main/java/org/shop/Main.java',
    ]);
  });
});
