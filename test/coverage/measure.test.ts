import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { measureCoverage } from '../../src/coverage/measure.ts';
import { LocalFiles } from '../../src/hosts/local-files.ts';
import { Checkout, coberturaOf, lcovOf, testsBegan } from './support.ts';

const checkout = Checkout.forEachTest();

describe('measuring coverage', () => {
  it('takes a report by its path', async () => {
    checkout.write('out/cov.info', lcovOf('src/a.ts', [1, 0, 2, 0]));
    const result = await checkout.measure('out/cov.info');
    expect(result).toMatchObject({
      percent: 50,
      linesCovered: 2,
      linesTotal: 4,
      files: [join(checkout.root, 'out/cov.info')],
    });
    expect(checkout.said).toEqual(['coverage: out/cov.info (lcov, 1 file)']);
  });

  it('adds up reports by line and never averages their percentages', async () => {
    checkout.write('packages/small/lcov.info', lcovOf('packages/small/a.ts', [1]));
    checkout.write('packages/large/lcov.info', lcovOf('packages/large/b.ts', [1, ...Array<number>(98).fill(0), 0]));
    const result = await checkout.measure('packages/*/lcov.info');
    expect([result.linesCovered, result.linesTotal]).toEqual([2, 101]);
  });

  it('counts a line once that two reports have, covered if either ran it', async () => {
    checkout.write('unit.info', lcovOf('src/a.ts', [1, 0, 0]));
    checkout.write('integration.info', lcovOf('src/a.ts', [0, 3, 0]));
    const result = await checkout.measure('unit.info', 'integration.info');
    expect([result.linesCovered, result.linesTotal]).toEqual([2, 3]);
  });

  it.each([
    [
      'an absolute path and a relative one',
      () => lcovOf(join(checkout.root, 'src/a.py'), [0, 1]),
      () => lcovOf('src/a.py', [1, 0]),
    ],
    ['`./` before it', () => lcovOf('./src/a.py', [0, 1]), () => lcovOf('src/a.py', [1, 0])],
    [
      "Cobertura's sources",
      () => coberturaOf('a.py', [0, 1], join(checkout.root, 'src')),
      () => lcovOf('src/a.py', [1, 0]),
    ],
    [
      'the sources of a container, which are not here',
      () => coberturaOf('src/a.py', [0, 1], '/app'),
      () => lcovOf('src/a.py', [1, 0]),
    ],
  ])('knows a file again by %s', async (_how, one, other) => {
    checkout.write('src/a.py', 'pass\n');
    checkout.write('one', one());
    checkout.write('other', other());
    const result = await checkout.measure('one', 'other');
    expect(result.byFile).toEqual([{ file: 'src/a.py', linesCovered: 2, linesTotal: 2, unit: 'lines' }]);
  });

  it('knows a file again when the working directory is a symbolic link', async () => {
    checkout.write('real/lcov.info', lcovOf(join(checkout.root, 'real/src/a.ts'), [1]));
    symlinkSync(join(checkout.root, 'real'), join(checkout.root, 'link'));
    const result = await measureCoverage({
      patterns: ['lcov.info'],
      workingDirectory: join(checkout.root, 'link'),
      notBefore: null,
      files: new LocalFiles(),
      say: () => {},
    });
    expect(result.byFile[0]?.file).toBe('src/a.ts');
  });

  it('keeps the files of two packages apart that have the same relative name', async () => {
    for (const name of ['a', 'b']) checkout.write(`packages/${name}/src/index.ts`, 'export {}\n');
    checkout.write('packages/a/coverage/lcov.info', lcovOf('src/index.ts', [1, 0]));
    checkout.write('packages/b/coverage/lcov.info', lcovOf('src/index.ts', [0, 1]));
    const { byFile } = await checkout.measure('auto');
    expect(byFile).toMatchObject([
      { file: 'packages/a/src/index.ts', linesCovered: 1, linesTotal: 2 },
      { file: 'packages/b/src/index.ts', linesCovered: 1, linesTotal: 2 },
    ]);
  });

  it.each([
    ['src\\a.ts', 'src/a.ts'],
    ['C:\\shop\\src\\a.ts', 'C:/shop/src/a.ts'],
    ['C:\\shop/src\\a.ts', 'C:/shop/src/a.ts'],
  ])('takes the Windows path %s', async (name, file) => {
    checkout.write('lcov.info', lcovOf(name, [1]));
    expect((await checkout.measure('lcov.info')).byFile[0]?.file).toBe(file);
  });

  it('reads a file once that two patterns mean', async () => {
    checkout.write('lcov.info', lcovOf('a.ts', [1, 0]));
    expect((await checkout.measure('lcov.info', '*.info', 'auto')).files).toEqual([join(checkout.root, 'lcov.info')]);
  });

  it('takes a path with brackets for what it is', async () => {
    checkout.write('app/[id]/lcov.info', lcovOf('a.ts', [1]));
    expect((await checkout.measure('app/[id]/lcov.info')).linesTotal).toBe(1);
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
    checkout.write(path, path.endsWith('xml') ? coberturaOf('a.ts', [1]) : lcovOf('a.ts', [1]));
    expect((await checkout.measure('auto')).files).toEqual([join(checkout.root, path)]);
    expect(checkout.said[0]).toContain(path);
  });

  it('leaves the reports of other people and of fixtures alone', async () => {
    checkout.write('lcov.info', lcovOf('a.ts', [1]));
    checkout.write('node_modules/x/coverage/lcov.info', lcovOf('b.ts', [0]));
    checkout.write('vendor/y/coverage.xml', coberturaOf('c.ts', [0]));
    checkout.write('test/fixtures/lcov.info', lcovOf('d.ts', [0]));
    expect((await checkout.measure('auto')).linesTotal).toBe(1);
  });

  it('leaves aside what is no coverage report at all, but not when there is nothing else', async () => {
    checkout.write('coverage.json', '{"schemaVersion": 1, "label": "coverage"}');
    expect((await checkout.refusal('auto')).message).toContain('coverage.json is of a format that is not read');
    checkout.write('lcov.info', lcovOf('a.ts', [1]));
    expect((await checkout.measure('auto')).files).toEqual([join(checkout.root, 'lcov.info')]);
    expect(checkout.said.join('\n')).toContain('left aside: The coverage report coverage.json is of a format');
  });

  it('merges what the tests of several languages wrote', async () => {
    checkout.write('coverage.xml', coberturaOf('app.py', [1, 1]));
    checkout.write('frontend/coverage/lcov.info', lcovOf('src/main.ts', [0, 0]));
    expect((await checkout.measure('auto')).percent).toBe(50);
  });

  it('leaves an older report aside when the tests wrote another, and says so', async () => {
    checkout.write('coverage.xml', coberturaOf('app.py', [1]), new Date('2025-11-20T10:00:00Z'));
    checkout.write('coverage/lcov.info', lcovOf('a.ts', [1, 0]));
    expect((await checkout.measure('auto')).files).toEqual([join(checkout.root, 'coverage/lcov.info')]);
    expect(checkout.said.join('\n')).toContain('coverage.xml is left aside');
  });

  it('says where it looked when there is nothing', async () => {
    const error = await checkout.refusal('auto');
    expect(error.message).toContain('coverage/lcov.info, coverage/cobertura-coverage.xml');
    expect(error.hint).toContain('pytest --cov=app --cov-report=xml');
    expect(error.exitCode).toBe(1);
  });
});

describe('a report that can not be judged by', () => {
  it.each([
    ['is missing', () => {}, 'The coverage report `report` is missing'],
    ['is a folder', () => checkout.write('report/lcov.info', lcovOf('a', [1])), '`report` is a folder'],
    ['is empty', () => checkout.write('report', ''), 'report is empty (0 bytes)'],
    [
      'has no lines',
      () => checkout.write('report', 'TN:\nSF:a.ts\nend_of_record\n'),
      'report is empty: it has no lines',
    ],
    [
      'is malformed',
      () => checkout.write('report', 'SF:a.ts\nDA:1,1\n'),
      'report is malformed lcov: line 1: the record of `a.ts`',
    ],
    [
      'is malformed XML',
      () => checkout.write('report', '<coverage>\n<packages>'),
      /malformed Cobertura: line 2.*unclosed tag/,
    ],
    ['is unknown', () => checkout.write('report', 'all good, trust me'), 'report is of a format that is not read.'],
    ['is JUnit', () => checkout.write('report', '<?xml version="1.0"?><testsuites/>'), 'it looks like a JUnit report'],
    ['is UTF-16', () => checkout.write('report', '\uFFFDm\0o\0d\0e\0'), 'it looks like UTF-16 text'],
    ['is of another JSON', () => checkout.write('report', '{"name": "shop"}'), 'it looks like JSON of another kind'],
    ['is raw', () => checkout.write('report', '{"result":[{"scriptId":"1"}]}'), "it looks like V8's raw coverage"],
    ['is a data file', () => checkout.write('report', 'SQLite format 3\0'), "it looks like coverage.py's data file"],
    ['is HTML', () => checkout.write('report', '<!DOCTYPE html><html>'), 'it looks like an HTML report'],
    ['has no statements', () => checkout.write('report', 'mode: set\na.go:1.1,2.2 0 1\n'), 'it has no lines of code'],
    ['has no files', () => checkout.write('report', '{}'), 'report is empty: it has no lines of code'],
    [
      'is cut off',
      () => checkout.write('report', '{"meta": {"version": "7"}, "files": {"a.py": {'),
      /malformed coverage\.py JSON: it is cut off/,
    ],
  ])('%s: the gate fails and says what to do', async (_what, arrange, message) => {
    arrange();
    const error = await checkout.refusal('report');
    expect(error.message).toMatch(message);
    expect(error.hint.length).toBeGreaterThan(20);
    expect(error.exitCode).toBe(1);
  });

  it('was written before the tests ran', async () => {
    checkout.write('lcov.info', lcovOf('a.ts', [1]), new Date(testsBegan.getTime() - 1500));
    expect((await checkout.refusal('auto')).message).toContain(
      'lcov.info was written before the tests ran: it is from 2025-11-21T09:59:58.500Z',
    );
    expect((await checkout.refusal('lcov.info')).message).toContain('was written before the tests ran');
  });

  it('may be up to a second older by the file system, whose times may be whole seconds', async () => {
    checkout.write('lcov.info', lcovOf('a.ts', [1]), new Date(testsBegan.getTime() - 900));
    expect((await checkout.measure('lcov.info')).percent).toBe(100);
  });

  it('is of another kind, though another one is read', async () => {
    checkout.write('lcov.info', lcovOf('a.ts', [1]));
    checkout.write('junit.xml', '<testsuites/>');
    expect((await checkout.refusal('lcov.info', 'junit.xml')).message).toContain('junit.xml is of a format');
  });

  it('is missed although another pattern matches', async () => {
    checkout.write('unit/lcov.info', lcovOf('a.ts', [1]));
    const error = await checkout.refusal('unit/*.info', 'integration/*.info');
    expect(error.message).toContain('`integration/*.info` is missing');
  });
});
