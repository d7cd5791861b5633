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
    expect(said).toEqual(['coverage: out/cov.info (lcov, 1 files)']);
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
    expect(result.byFile).toEqual([{ file: 'src/a.py', linesCovered: 2, linesTotal: 2 }]);
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
    ['is Clover', () => write('report', '<coverage generated="1" clover="3">'), 'it looks like Clover'],
    ['is a coverprofile', () => write('report', 'mode: set\na.go:1.1,2.2 1 1'), 'it looks like a Go coverprofile'],
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
