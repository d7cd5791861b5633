import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CoverageResult } from '../../src/coverage/coverage.ts';
import { measureCoverage } from '../../src/coverage/measure.ts';
import { HomeportError } from '../../src/deployment/error.ts';
import { LocalFiles } from '../../src/hosts/local-files.ts';

let root = '';
let said: string[] = [];

beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'homeport-coverage-')));
  said = [];
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const testsBegan = new Date('2025-11-21T10:00:00.000Z');

/** `hits` by line, from line 1. */
function lcovOf(file: string, hits: number[]): string {
  return `TN:\nSF:${file}\n${hits.map((count, index) => `DA:${index + 1},${count}\n`).join('')}end_of_record\n`;
}

function coberturaOf(file: string, hits: number[], source?: string): string {
  const lines = hits.map((count, index) => `<line number="${index + 1}" hits="${count}"/>`).join('');
  const sources = source === undefined ? '' : `<sources><source>${source}</source></sources>`;
  return `<?xml version="1.0"?><coverage line-rate="0.5">${sources}<packages><package><classes><class filename="${file}"><lines>${lines}</lines></class></classes></package></packages></coverage>`;
}

function istanbulOf(file: string, hits: number[]): string {
  const numbered = hits.map((count, index) => [String(index), index + 1, count] as const);
  const statementMap = Object.fromEntries(numbered.map(([id, line]) => [id, { start: { line, column: 0 } }]));
  const s = Object.fromEntries(numbered.map(([id, , count]) => [id, count]));
  const branchMap = { 0: { loc: { start: { line: 1 } } } };
  return JSON.stringify({ [file]: { path: file, statementMap, s, branchMap, b: { 0: [1, 0] } } });
}

function summaryOf(file: string, lines: { total: number; covered: number }): string {
  return JSON.stringify({ total: { lines }, [file]: { lines, branches: { total: 2, covered: 1 } } });
}

/** In a `<group>` for each name, or in none. */
function jacocoOf(folder: string, file: string, ...groups: string[]): string {
  const lines = '<line nr="3" mi="0" ci="2" mb="0" cb="0"/><line nr="4" mi="1" ci="0" mb="0" cb="0"/>';
  const inside = `<package name="${folder}"><sourcefile name="${file}">${lines}</sourcefile></package>`;
  const body = groups.map((group) => `<group name="${group}">${inside}</group>`).join('') || inside;
  return `<?xml version="1.0"?><!DOCTYPE report PUBLIC "-//JACOCO//DTD Report 1.1//EN" "report.dtd"><report name="shop">${body}</report>`;
}

function write(path: string, text: string, at = new Date(testsBegan.getTime() + 5000)): void {
  const full = join(root, path);
  mkdirSync(dirname(full), { recursive: true });
  writeFileSync(full, text);
  utimesSync(full, at, at);
}

function measure(...patterns: string[]): Promise<CoverageResult> {
  return measureCoverage({
    patterns,
    workingDirectory: root,
    notBefore: testsBegan,
    files: new LocalFiles(),
    say: (line) => said.push(line),
  });
}

async function refusal(...patterns: string[]): Promise<HomeportError> {
  const error = await measure(...patterns).then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof HomeportError) return error;
  throw new Error(`not refused: ${error}`);
}

describe('measuring coverage', () => {
  it('takes a report by its path', async () => {
    write('out/cov.info', lcovOf('src/a.ts', [1, 0, 2, 0]));
    const result = await measure('out/cov.info');
    expect(result).toMatchObject({ percent: 50, linesCovered: 2, linesTotal: 4, files: [join(root, 'out/cov.info')] });
    expect(said).toEqual(['coverage: out/cov.info (lcov, 1 file)']);
  });

  it('adds up reports by line and never averages their percentages', async () => {
    write('packages/small/lcov.info', lcovOf('packages/small/a.ts', [1]));
    write('packages/large/lcov.info', lcovOf('packages/large/b.ts', [1, ...Array<number>(98).fill(0), 0]));
    const result = await measure('packages/*/lcov.info');
    expect([result.linesCovered, result.linesTotal]).toEqual([2, 101]);
  });

  it('counts a line once that two reports have, covered if either ran it', async () => {
    write('unit.info', lcovOf('src/a.ts', [1, 0, 0]));
    write('integration.info', lcovOf('src/a.ts', [0, 3, 0]));
    const result = await measure('unit.info', 'integration.info');
    expect([result.linesCovered, result.linesTotal]).toEqual([2, 3]);
  });

  it.each([
    [
      'an absolute path and a relative one',
      () => lcovOf(join(root, 'src/a.py'), [0, 1]),
      () => lcovOf('src/a.py', [1, 0]),
    ],
    ['`./` before it', () => lcovOf('./src/a.py', [0, 1]), () => lcovOf('src/a.py', [1, 0])],
    ["Cobertura's sources", () => coberturaOf('a.py', [0, 1], join(root, 'src')), () => lcovOf('src/a.py', [1, 0])],
    [
      'the sources of a container, which are not here',
      () => coberturaOf('src/a.py', [0, 1], '/app'),
      () => lcovOf('src/a.py', [1, 0]),
    ],
  ])('knows a file again by %s', async (_how, one, other) => {
    write('src/a.py', 'pass\n');
    write('one', one());
    write('other', other());
    const result = await measure('one', 'other');
    expect(result.byFile).toEqual([{ file: 'src/a.py', linesCovered: 2, linesTotal: 2, unit: 'lines' }]);
  });

  it('knows a file again when the working directory is a symbolic link', async () => {
    write('real/lcov.info', lcovOf(join(root, 'real/src/a.ts'), [1]));
    symlinkSync(join(root, 'real'), join(root, 'link'));
    const result = await measureCoverage({
      patterns: ['lcov.info'],
      workingDirectory: join(root, 'link'),
      notBefore: null,
      files: new LocalFiles(),
      say: () => {},
    });
    expect(result.byFile[0]?.file).toBe('src/a.ts');
  });

  it('keeps the files of two packages apart that have the same relative name', async () => {
    for (const name of ['a', 'b']) write(`packages/${name}/src/index.ts`, 'export {}\n');
    write('packages/a/coverage/lcov.info', lcovOf('src/index.ts', [1, 0]));
    write('packages/b/coverage/lcov.info', lcovOf('src/index.ts', [0, 1]));
    const { byFile } = await measure('auto');
    expect(byFile).toMatchObject([
      { file: 'packages/a/src/index.ts', linesCovered: 1, linesTotal: 2 },
      { file: 'packages/b/src/index.ts', linesCovered: 1, linesTotal: 2 },
    ]);
  });

  it.each([
    ['src\\a.ts', 'src/a.ts'],
    ['C:\\work\\src\\a.ts', 'C:/work/src/a.ts'],
  ])('takes the Windows path %s', async (name, file) => {
    write('lcov.info', lcovOf(name, [1]));
    expect((await measure('lcov.info')).byFile[0]?.file).toBe(file);
  });

  it('reads a file once that two patterns mean', async () => {
    write('lcov.info', lcovOf('a.ts', [1, 0]));
    expect((await measure('lcov.info', '*.info', 'auto')).files).toEqual([join(root, 'lcov.info')]);
  });

  it('takes a path with brackets for what it is', async () => {
    write('app/[id]/lcov.info', lcovOf('a.ts', [1]));
    expect((await measure('app/[id]/lcov.info')).linesTotal).toBe(1);
  });
});

describe('`auto`', () => {
  it.each([
    'coverage/lcov.info',
    'lcov.info',
    'coverage.lcov',
    'coverage.xml',
    'coverage/cobertura-coverage.xml',
    'cobertura.xml',
    'TestResults/7d1c/coverage.cobertura.xml',
    'frontend/coverage/lcov.info',
    'packages/web/coverage/lcov.info',
    'coverage/clover.xml',
    'coverage/coverage-final.json',
    'coverage/coverage-summary.json',
    'coverage.json',
    'cover.out',
    'services/api/coverage.out',
    'target/site/jacoco/jacoco.xml',
    'app/build/reports/jacoco/test/jacocoTestReport.xml',
    'build/logs/clover.xml',
  ])('finds %s and says so', async (path) => {
    write(path, path.endsWith('xml') ? coberturaOf('a.ts', [1]) : lcovOf('a.ts', [1]));
    expect((await measure('auto')).files).toEqual([join(root, path)]);
    expect(said[0]).toContain(path);
  });

  it('leaves the reports of other people and of fixtures alone', async () => {
    write('lcov.info', lcovOf('a.ts', [1]));
    write('node_modules/x/coverage/lcov.info', lcovOf('b.ts', [0]));
    write('vendor/y/coverage.xml', coberturaOf('c.ts', [0]));
    write('test/fixtures/lcov.info', lcovOf('d.ts', [0]));
    expect((await measure('auto')).linesTotal).toBe(1);
  });

  it('merges by line what one tool wrote in several formats, and counts no branch twice', async () => {
    const lines =
      '<line num="1" count="1" type="cond" truecount="1" falsecount="1"/><line num="2" count="0" type="stmt"/>';
    const metrics = '<metrics conditionals="2" coveredconditionals="1"/>';
    write('coverage/lcov.info', 'SF:src/a.ts\nDA:1,1\nDA:2,0\nBRDA:1,0,0,1\nBRDA:1,0,1,0\nend_of_record\n');
    write(
      'coverage/clover.xml',
      `<coverage generated="1" clover="3.2.0"><project><file name="a.ts" path="src/a.ts">${metrics}${lines}</file></project></coverage>`,
    );
    write('coverage/coverage-final.json', istanbulOf('src/a.ts', [1, 0]));
    write('coverage/coverage-summary.json', summaryOf('src/a.ts', { total: 2, covered: 1 }));
    const result = await measure('auto');
    expect(result).toMatchObject({ percent: 50, linesTotal: 2, branches: { covered: 1, total: 2 } });
    expect(result.files).toHaveLength(4);
    expect(said.at(-1)).toBe(
      "coverage: coverage/coverage-summary.json has only totals: for 1 of its files another report's lines count",
    );
  });

  it('leaves aside what is no coverage report at all, but not when there is nothing else', async () => {
    write('coverage.json', '{"schemaVersion": 1, "label": "coverage"}');
    expect((await refusal('auto')).message).toContain('coverage.json is of a format that is not read');
    write('lcov.info', lcovOf('a.ts', [1]));
    expect((await measure('auto')).files).toEqual([join(root, 'lcov.info')]);
    expect(said.join('\n')).toContain('left aside: The coverage report coverage.json is of a format');
  });

  it('merges what the tests of several languages wrote', async () => {
    write('coverage.xml', coberturaOf('app.py', [1, 1]));
    write('frontend/coverage/lcov.info', lcovOf('src/main.ts', [0, 0]));
    expect((await measure('auto')).percent).toBe(50);
  });

  it('leaves an older report aside when the tests wrote another, and says so', async () => {
    write('coverage.xml', coberturaOf('app.py', [1]), new Date('2025-11-20T10:00:00Z'));
    write('coverage/lcov.info', lcovOf('a.ts', [1, 0]));
    expect((await measure('auto')).files).toEqual([join(root, 'coverage/lcov.info')]);
    expect(said.join('\n')).toContain('coverage.xml is left aside');
  });

  it('says where it looked when there is nothing', async () => {
    const error = await refusal('auto');
    expect(error.message).toContain('coverage/lcov.info, coverage/cobertura-coverage.xml');
    expect(error.hint).toContain('pytest --cov=app --cov-report=xml');
    expect(error.exitCode).toBe(1);
  });
});

describe('a json-summary', () => {
  it('counts by its totals where it is the only report of a file', async () => {
    write('coverage-summary.json', summaryOf('src/a.ts', { total: 8, covered: 6 }));
    write('lcov.info', lcovOf('src/b.ts', [1, 0]));
    const result = await measure('*.json', 'lcov.info');
    expect([result.linesCovered, result.linesTotal]).toEqual([7, 10]);
  });

  it.each([
    ['lines', 'lcov.info', () => lcovOf('src/a.ts', [1])],
    ['totals', 'other.json', () => summaryOf('src/a.ts', { total: 8, covered: 6 })],
  ])('is refused beside %s of the same file: totals can not be merged by line', async (_what, path, other) => {
    write('coverage-summary.json', summaryOf('src/a.ts', { total: 8, covered: 6 }));
    write(path, other());
    for (const order of [
      ['coverage-summary.json', path],
      [path, 'coverage-summary.json'],
    ]) {
      const error = await refusal(...order);
      expect(error.message).toContain('has only totals of src/a.ts, and ');
      expect(error.hint).toContain('Name only one of them in `coverage-report`');
      expect(error.exitCode).toBe(1);
    }
  });
});

describe('a Go coverprofile', () => {
  const profile = 'mode: set\nexample.org/shop/a.go:1.1,3.2 3 1\nexample.org/shop/a.go:5.1,6.2 1 0\n';

  it('counts statements, as Go does, and names files by go.mod', async () => {
    write('go.mod', 'module example.org/shop\n');
    write('cover.out', profile);
    const result = await measure('auto');
    expect(result).toMatchObject({ percent: 75, unit: 'statements' });
    expect(result.byFile).toEqual([{ file: 'a.go', linesCovered: 3, linesTotal: 4, unit: 'statements' }]);
  });

  it('adds its statements to the lines of other files', async () => {
    write('cover.out', profile);
    write('lcov.info', lcovOf('web/a.ts', [1, 0]));
    expect(await measure('auto')).toMatchObject({ linesCovered: 4, linesTotal: 6, unit: 'lines and statements' });
  });

  it('is merged by line with a report that has the same file by lines', async () => {
    write('go.mod', 'module example.org/shop\n');
    write('cover.out', profile);
    write('lcov.info', lcovOf('a.go', [0, 0, 0, 0, 1, 0]));
    for (const patterns of [
      ['cover.out', 'lcov.info'],
      ['lcov.info', 'cover.out'],
    ]) {
      expect(await measure(...patterns)).toMatchObject({ linesCovered: 4, linesTotal: 6, unit: 'lines' });
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
    for (const [index, text] of reports.entries()) write(`report-${index}`, text);
    expect(await measure('report-*')).toMatchObject({ linesCovered: covered, linesTotal: total });
  });
});

describe('a JaCoCo report', () => {
  it('of each of two modules with files of the same name is counted for itself', async () => {
    for (const name of ['one', 'two'])
      write(`${name}/target/site/jacoco/jacoco.xml`, jacocoOf('org/shop', 'Main.java'));
    write('one/src/main/java/org/shop/Main.java', 'class Main {}\n');
    expect((await measure('auto')).byFile.map(({ file }) => file)).toEqual([
      'one/src/main/java/org/shop/Main.java',
      'two/org/shop/Main.java',
    ]);
  });

  it('over several modules knows their files again', async () => {
    write('one/src/main/java/org/shop/Main.java', 'class Main {}\n');
    write('one/target/site/jacoco/jacoco.xml', jacocoOf('org/shop', 'Main.java'));
    write('all/target/site/jacoco-aggregate/jacoco.xml', jacocoOf('org/shop', 'Main.java', 'one', 'two'));
    expect((await measure('auto')).byFile.map(({ file }) => file)).toEqual([
      'all/two/org/shop/Main.java',
      'one/src/main/java/org/shop/Main.java',
    ]);
  });
});

describe('a report that can not be judged by', () => {
  it.each([
    ['is missing', () => {}, 'The coverage report `report` is missing'],
    ['is a folder', () => write('report/lcov.info', lcovOf('a', [1])), '`report` is a folder'],
    ['is empty', () => write('report', ''), 'report is empty (0 bytes)'],
    ['has no lines', () => write('report', 'TN:\nSF:a.ts\nend_of_record\n'), 'report is empty: it has no lines'],
    [
      'is malformed',
      () => write('report', 'SF:a.ts\nDA:1,1\n'),
      'report is malformed lcov: line 1: the record of `a.ts`',
    ],
    ['is malformed XML', () => write('report', '<coverage>\n<packages>'), /malformed Cobertura: line 2.*unclosed tag/],
    ['is unknown', () => write('report', 'all good, trust me'), 'report is of a format that is not read.'],
    ['is JUnit', () => write('report', '<?xml version="1.0"?><testsuites/>'), 'it looks like a JUnit report'],
    ['is UTF-16', () => write('report', '\uFFFDm\0o\0d\0e\0'), 'it looks like UTF-16 text'],
    ['is of another JSON', () => write('report', '{"name": "shop"}'), 'it looks like JSON of another kind'],
    ['is raw', () => write('report', '{"result":[{"scriptId":"1"}]}'), "it looks like V8's raw coverage"],
    ['is a data file', () => write('report', 'SQLite format 3\0'), "it looks like coverage.py's data file"],
    ['is HTML', () => write('report', '<!DOCTYPE html><html>'), 'it looks like an HTML report'],
    ['has no statements', () => write('report', 'mode: set\na.go:1.1,2.2 0 1\n'), 'it has no lines of code'],
    ['has no files', () => write('report', '{}'), 'report is empty: it has no lines of code'],
    [
      'is cut off',
      () => write('report', '{"meta": {"version": "7"}, "files": {"a.py": {'),
      /malformed coverage\.py JSON: it is cut off/,
    ],
  ])('%s: the gate fails and says what to do', async (_what, arrange, message) => {
    arrange();
    const error = await refusal('report');
    expect(error.message).toMatch(message);
    expect(error.hint.length).toBeGreaterThan(20);
    expect(error.exitCode).toBe(1);
  });

  it('was written before the tests ran', async () => {
    write('lcov.info', lcovOf('a.ts', [1]), new Date(testsBegan.getTime() - 1500));
    expect((await refusal('auto')).message).toContain(
      'lcov.info was written before the tests ran: it is from 2025-11-21T09:59:58.500Z',
    );
    expect((await refusal('lcov.info')).message).toContain('was written before the tests ran');
  });

  it('may be up to a second older by the file system, whose times may be whole seconds', async () => {
    write('lcov.info', lcovOf('a.ts', [1]), new Date(testsBegan.getTime() - 900));
    expect((await measure('lcov.info')).percent).toBe(100);
  });

  it('is missed although another pattern matches', async () => {
    write('unit/lcov.info', lcovOf('a.ts', [1]));
    const error = await refusal('unit/*.info', 'integration/*.info');
    expect(error.message).toContain('`integration/*.info` is missing');
  });
});
