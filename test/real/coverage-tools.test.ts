import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { goProject, javaProject, nodeProject, pythonProject } from '../support/coverage-sources.ts';
import { CoverageProject, expectSamePercent, numberIn } from '../support/coverage-tool.ts';

/** Tools from the package registries, each in a folder of its own. They are fetched side by side. */
const nodeTools = new CoverageProject({});
const pythonTools = new CoverageProject({});
const javaTools = new CoverageProject({});
const goTools = new CoverageProject({});

beforeAll(async () => {
  await Promise.all([prepareNode(), preparePython(), prepareJava()]);
});
afterAll(() => {
  for (const project of [nodeTools, pythonTools, javaTools, goTools]) project.remove();
});

const istanbulReporters = ['lcovonly', 'cobertura', 'clover', 'json', 'json-summary', 'text-summary'];
const istanbulReports = [
  'coverage/lcov.info',
  'coverage/cobertura-coverage.xml',
  'coverage/clover.xml',
  'coverage/coverage-final.json',
  'coverage/coverage-summary.json',
];

/** Each report alone, and all that `auto` finds, against the tool's own summary. */
async function expectIstanbulFigures(made: CoverageProject, printed: string): Promise<void> {
  const lines = numberIn(printed, /^Lines\s*:\s*([\d.]+)%/m);
  const branches = numberIn(printed, /^Branches\s*:\s*([\d.]+)%/m);
  for (const patterns of [...istanbulReports, 'auto'].map((pattern) => [pattern])) {
    const result = await made.measure(...patterns);
    expectSamePercent(result.percent, lines);
    expect(result.unit).toBe('lines');
    expect(result.byFile.map(({ file }) => file)).toEqual(['src/grade.js', 'src/unused.js']);
    const told = result.branches ?? { covered: 0, total: 0 };
    expectSamePercent((100 * told.covered) / told.total, branches);
  }
}

async function prepareNode(): Promise<void> {
  nodeTools.write(nodeProject);
  await nodeTools.run('npm', 'install', '--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline');
}

describe('the percent that the tools of Node.js print for their own reports', () => {
  const reporters = istanbulReporters.map((name) => `--reporter=${name}`);

  it('is ours for nyc', async () => {
    const script = 'nyc/bin/nyc.js';
    const args = ['--all', '--include=src/**', ...reporters, process.execPath, 'run.js'];
    await expectIstanbulFigures(nodeTools, await nodeTools.runNode(script, ...args));
  });

  it('is ours for two runs that nyc merges, whatever formats they are in', async () => {
    const script = 'nyc/bin/nyc.js';
    // Deeper than `auto` looks: the other tests here find their own reports only.
    const folder = 'runs/of/nyc';
    const run = async (name: string, file: string) => {
      const places = [`--report-dir=${folder}/${name}`, `--temp-dir=.nyc_${name}`];
      await nodeTools.runNode(script, '--all', '--include=src/**', ...places, ...reporters, process.execPath, file);
      await nodeTools.runNode(script, 'merge', `.nyc_${name}`, `.nyc_both/${name}.json`);
    };
    await run('unit', 'run.js');
    await run('integration', 'run-more.js');
    const both = await nodeTools.runNode(script, 'report', '--temp-dir=.nyc_both', '--reporter=text-summary');
    const printed = numberIn(both, /^Lines\s*:\s*([\d.]+)%/m);
    const [unit, integration] = [`${folder}/unit`, `${folder}/integration`];
    for (const one of ['lcov.info', 'coverage-final.json']) {
      for (const other of ['clover.xml', 'cobertura-coverage.xml']) {
        const result = await nodeTools.measure(`${unit}/${one}`, `${integration}/${other}`);
        expectSamePercent(result.percent, printed);
      }
    }
    const alone = await nodeTools.measure(`${unit}/lcov.info`);
    expect(alone.percent).toBeLessThan(printed);
    await expect(nodeTools.measure(`${unit}/lcov.info`, `${integration}/coverage-summary.json`)).rejects.toThrow(
      'has only totals of src/grade.js',
    );
  });

  it('is ours for c8', async () => {
    const script = 'c8/bin/c8.js';
    const args = ['--all', '--include=src/**', '--clean', ...reporters, process.execPath, 'run.js'];
    await expectIstanbulFigures(nodeTools, await nodeTools.runNode(script, ...args));
  });

  it.each(['v8', 'istanbul'])('is ours for Vitest with %s', async (provider) => {
    const args = istanbulReporters.map((name) => `--coverage.reporter=${name}`);
    const printed = await nodeTools.runNode(
      'vitest/vitest.mjs',
      'run',
      '--coverage.enabled',
      `--coverage.provider=${provider}`,
      ...args,
    );
    await expectIstanbulFigures(nodeTools, printed);
  });
});

const python = (...args: readonly string[]) => pythonTools.run('.venv/bin/python', ...args);

async function preparePython(): Promise<void> {
  pythonTools.write(pythonProject);
  await pythonTools.run('python3', '-m', 'venv', '.venv');
  const quiet = ['--quiet', '--disable-pip-version-check', '--no-input'];
  await python('-m', 'pip', 'install', ...quiet, 'pytest==8.4.2', 'pytest-cov==7.0.0', 'coverage==7.11.0');
}

describe('the percent that coverage.py prints for its own reports', () => {
  const reports = ['coverage.xml', 'coverage.json', 'coverage.lcov', 'auto'];
  const pytest = (...more: string[]) =>
    python(
      ...['-m', 'pytest', '-p', 'no:cacheprovider', '--cov=app', '--cov-report=term', '--cov-report=xml'],
      ...['--cov-report=json', '--cov-report=lcov', ...more],
    );

  it('is ours', async () => {
    const percent = numberIn(await pytest(), /^TOTAL\s.*\s([\d.]+)%$/m);
    for (const report of reports) {
      const result = await pythonTools.measure(report);
      expectSamePercent(result.percent, percent);
      expect(result.branches).toBeNull();
      expect(result.byFile.map(({ file }) => file)).toContain('app/core.py');
    }
  });

  it('is ours in its lines and in its branches, which its total mixes', async () => {
    const [, statements, missed, branches] =
      /^TOTAL\s+(\d+)\s+(\d+)\s+(\d+)\s/m.exec(await pytest('--cov-branch')) ?? [];
    for (const report of reports) {
      const result = await pythonTools.measure(report);
      expect([result.linesCovered, result.linesTotal]).toEqual([
        Number(statements) - Number(missed),
        Number(statements),
      ]);
      expect(result.branches?.total).toBe(Number(branches));
    }
    const { totals } = JSON.parse(readFileSync(join(pythonTools.root, 'coverage.json'), 'utf8'));
    expect((await pythonTools.measure('auto')).branches).toEqual({
      covered: totals.covered_branches,
      total: totals.num_branches,
    });
  });
});

describe('the percent that coverage.py prints for two runs that it combines', () => {
  it('is ours, whatever formats they are in', async () => {
    for (const name of ['unit', 'integration']) {
      const data = `--data-file=.coverage.${name}`;
      await python('-m', 'coverage', 'run', data, '--source=app', `run_${name}.py`);
      for (const format of ['xml', 'json', 'lcov']) {
        await python('-m', 'coverage', format, data, '--quiet', '-o', `${name}.${format}`);
      }
    }
    await python('-m', 'coverage', 'combine', '--quiet', '--keep', '.coverage.unit', '.coverage.integration');
    const printed = numberIn(await python('-m', 'coverage', 'report'), /^TOTAL\s.*\s([\d.]+)%$/m);
    for (const one of ['xml', 'json', 'lcov']) {
      for (const other of ['xml', 'json', 'lcov']) {
        const result = await pythonTools.measure(`unit.${one}`, `integration.${other}`);
        expectSamePercent(result.percent, printed);
      }
    }
    expect((await pythonTools.measure('unit.xml')).percent).toBeLessThan(printed);
  });
});

describe('the percent that Go prints for its own profile', () => {
  it.each(['set', 'count', 'atomic'])('is ours, counted in statements, in mode %s', async (mode) => {
    goTools.write(goProject);
    const args = ['-count=1', `-covermode=${mode}`, '-coverpkg=./...', '-coverprofile=cover.out', './...'];
    await goTools.run('go', 'test', ...args);
    const printed = numberIn(await goTools.run('go', 'tool', 'cover', '-func=cover.out'), /^total:.*\s([\d.]+)%$/m);
    const result = await goTools.measure('auto');
    expectSamePercent(result.percent, printed);
    expect(result.unit).toBe('statements');
    expect(result.byFile.map(({ file }) => file)).toEqual(['grade/grade.go', 'shop.go']);
  });
});

async function prepareJava(): Promise<void> {
  javaTools.write(javaProject);
  await javaTools.run('mvn', '--batch-mode', '--no-transfer-progress', '--quiet', 'test');
}

describe('the percent that JaCoCo prints for its own report', () => {
  /** Missed and all of a counter, from the totals below the table of the HTML report. */
  function fromHtml(path: string): { lines: number; branches: number } {
    const html = readFileSync(join(javaTools.root, path), 'utf8');
    const cells = [...(/<tfoot>(.*?)<\/tfoot>/s.exec(html)?.[1] ?? '').matchAll(/<td[^>]*>([^<]*)<\/td>/g)].map(
      ([, text = '']) => text,
    );
    const [missedBranches = NaN, allBranches = NaN] = (cells[3] ?? '').split(' of ').map(Number);
    const [missed, all] = [Number(cells[7]), Number(cells[8])];
    return { lines: 100 - (100 * missed) / all, branches: 100 - (100 * missedBranches) / allBranches };
  }

  it.each([
    ['one module', 'one/target/site/jacoco', ['one']],
    ['several modules', 'all/target/site/jacoco-aggregate', ['one', 'two']],
  ])('is ours for %s', async (_what, folder, modules) => {
    const result = await javaTools.measure(`${folder}/jacoco.xml`);
    const { lines, branches } = fromHtml(`${folder}/index.html`);
    expectSamePercent(result.percent, lines);
    const told = result.branches ?? { covered: 0, total: 0 };
    expectSamePercent((100 * told.covered) / told.total, branches);
    expect(result.byFile.map(({ file }) => file)).toEqual(
      modules.map((name) => `${name}/src/main/java/org/shop/Grade.java`),
    );
  });

  it('is ours for all modules with the reports of each merged into it', async () => {
    const result = await javaTools.measure('auto');
    expect(result.files).toHaveLength(3);
    expectSamePercent(result.percent, fromHtml('all/target/site/jacoco-aggregate/index.html').lines);
  });

  it('is that of its CSV', async () => {
    const [head = '', ...rows] = readFileSync(join(javaTools.root, 'one/target/site/jacoco/jacoco.csv'), 'utf8')
      .trim()
      .split('\n');
    const sum = (column: string) => {
      const index = head.split(',').indexOf(column);
      return rows.reduce((total, row) => total + Number(row.split(',')[index]), 0);
    };
    const [covered, missed] = [sum('LINE_COVERED'), sum('LINE_MISSED')];
    const result = await javaTools.measure('one/target/site/jacoco/jacoco.xml');
    expect([result.linesCovered, result.linesTotal]).toEqual([covered, covered + missed]);
  });
});
