import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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

const gradeJs = `const limits = { good: 90, fair: 50 };

exports.grade = function grade(points, { strict = false } = {}) {
  if (points > limits.good) return strict ? 'very good' : 'good';
  if (points < 0) {
    const words = ['points', 'below', 'zero'];
    throw new Error(words.join(' '));
  }
  return points > limits.fair
    ? 'fair'
    : 'poor';
};
`;
/** No test loads it. */
const unusedJs = `exports.unused = function unused(items) {
  let sum = 0; for (const item of items) sum += item;
  return sum;
};
`;
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
  const dependencies = {
    nyc: '17.1.0',
    c8: '10.1.3',
    vitest: '5.1.1',
    '@vitest/coverage-v8': '5.1.1',
    '@vitest/coverage-istanbul': '5.1.1',
  };
  nodeTools.write({
    'package.json': JSON.stringify({ name: 'tried', private: true, dependencies }),
    'src/grade.js': gradeJs,
    'src/unused.js': unusedJs,
    'run.js': "const { grade } = require('./src/grade.js');\ngrade(95);\ngrade(70);\n",
    'grade.test.mjs':
      "import { it } from 'vitest';\nimport { grade } from './src/grade.js';\nit('grades', () => void grade(70));\n",
    'vitest.config.mjs':
      "export default { test: { include: ['*.test.mjs'], coverage: { include: ['src/**'], reportsDirectory: 'coverage' } } };\n",
  });
  await nodeTools.run('npm', 'install', '--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline');
}

describe('the percent that the tools of Node.js print for their own reports', () => {
  const reporters = istanbulReporters.map((name) => `--reporter=${name}`);

  it('is ours for nyc', async () => {
    const script = 'nyc/bin/nyc.js';
    const args = ['--all', '--include=src/**', ...reporters, process.execPath, 'run.js'];
    await expectIstanbulFigures(nodeTools, await nodeTools.runNode(script, ...args));
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

const corePy = `"""Prices."""
import functools


@functools.lru_cache
def price(points, strict=False):
    if points > 90:
        return [
            point
            for point in range(points)
        ]
    elif points < 0:
        raise ValueError(
            "below zero"
        )
    if strict: return "strict"
    return "fair"


class Unused:
    def method(self):  # pragma: no cover
        return 1

    def other(self):
        return 2
`;

async function preparePython(): Promise<void> {
  pythonTools.write({
    'app/__init__.py': '',
    'app/core.py': corePy,
    'app/unused.py': 'VALUE = 1\n\n\ndef unused():\n    return VALUE\n',
    'test_core.py': 'from app.core import price\n\n\ndef test_price():\n    assert price(50) == "fair"\n',
    '.coveragerc': '[report]\nprecision = 2\n',
  });
  await pythonTools.run('python3', '-m', 'venv', '.venv');
  const quiet = ['--quiet', '--disable-pip-version-check', '--no-input'];
  await pythonTools.run(
    '.venv/bin/python',
    '-m',
    'pip',
    'install',
    ...quiet,
    'pytest==8.4.2',
    'pytest-cov==7.0.0',
    'coverage==7.11.0',
  );
}

describe('the percent that coverage.py prints for its own reports', () => {
  const reports = ['coverage.xml', 'coverage.json', 'coverage.lcov', 'auto'];
  const pytest = (...more: string[]) =>
    pythonTools.run(
      '.venv/bin/python',
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

describe('the percent that Go prints for its own profile', () => {
  it.each(['set', 'count', 'atomic'])('is ours, counted in statements, in mode %s', async (mode) => {
    goTools.write({
      'go.mod': 'module example.org/shop\n\ngo 1.20\n',
      'grade/grade.go':
        'package grade\n\nfunc Of(points int) string {\n\tif points > 90 {\n\t\ta := 1\n\t\tb := 2\n\t\tc := a + b\n\t\t_ = c\n\t\treturn "good"\n\t}\n\tfor i := 0; i < 3; i++ {\n\t\tpoints++\n\t}\n\treturn "fair"\n}\n\nfunc Unused() int { return 1 }\n',
      'grade/grade_test.go': 'package grade\n\nimport "testing"\n\nfunc TestOf(t *testing.T) { Of(50) }\n',
      'shop.go':
        'package shop\n\nimport "example.org/shop/grade"\n\nfunc Shop() string { return grade.Of(95) + "!" }\n\nfunc Empty() {}\n',
      'shop_test.go': 'package shop\n\nimport "testing"\n\nfunc TestShop(t *testing.T) { Empty() }\n',
    });
    const args = ['-count=1', `-covermode=${mode}`, '-coverpkg=./...', '-coverprofile=cover.out', './...'];
    await goTools.run('go', 'test', ...args);
    const printed = numberIn(await goTools.run('go', 'tool', 'cover', '-func=cover.out'), /^total:.*\s([\d.]+)%$/m);
    const result = await goTools.measure('auto');
    expectSamePercent(result.percent, printed);
    expect(result.unit).toBe('statements');
    expect(result.byFile.map(({ file }) => file)).toEqual(['grade/grade.go', 'shop.go']);
  });
});

const pom = (artifact: string, inside: string) => `<?xml version="1.0" encoding="UTF-8"?>
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  ${artifact === 'shop' ? '<groupId>org.shop</groupId><version>1</version>' : '<parent><groupId>org.shop</groupId><artifactId>shop</artifactId><version>1</version></parent>'}
  <artifactId>${artifact}</artifactId>
  ${inside}
</project>
`;
const dependency = (group: string, artifact: string, version: string, scope = 'compile') =>
  `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version><scope>${scope}</scope></dependency>`;
const execution = (goal: string, phase: string) =>
  `<execution><id>${goal}</id><phase>${phase}</phase><goals><goal>${goal}</goal></goals></execution>`;
const jacocoPlugin = (executions: string) =>
  `<plugin><groupId>org.jacoco</groupId><artifactId>jacoco-maven-plugin</artifactId><version>0.8.13</version><executions>${executions}</executions></plugin>`;

const gradeJava = (folder: string) => `package org.shop;

public class Grade {
  static final Object LOCK = new Object();

  public static String of(int points) {
    if (points > 90) {
      return "${folder}";
    }
    String words = points < 0 ? "impossible" : "fair";
    return words;
  }

  static class Unused {
    int value() { return 1; }
  }
}
`;
const testJava = (points: number) => `package org.shop;

class GradeTest {
  @org.junit.jupiter.api.Test void grades() { Grade.of(${points}); }
}
`;

async function prepareJava(): Promise<void> {
  javaTools.write({
    'pom.xml': pom(
      'shop',
      `<packaging>pom</packaging><modules><module>one</module><module>two</module><module>all</module></modules>
<properties><maven.compiler.source>11</maven.compiler.source><maven.compiler.target>11</maven.compiler.target><project.build.sourceEncoding>UTF-8</project.build.sourceEncoding></properties>
<dependencies>${dependency('org.junit.jupiter', 'junit-jupiter', '5.11.4', 'test')}</dependencies>
<build>
  <pluginManagement><plugins>
    <plugin><artifactId>maven-compiler-plugin</artifactId><version>3.13.0</version></plugin>
    <plugin><artifactId>maven-surefire-plugin</artifactId><version>3.5.2</version></plugin>
    <plugin><artifactId>maven-resources-plugin</artifactId><version>3.3.1</version></plugin>
  </plugins></pluginManagement>
  <plugins>${jacocoPlugin(execution('prepare-agent', 'initialize') + execution('report', 'test'))}</plugins>
</build>`,
    ),
    'one/pom.xml': pom('one', ''),
    'one/src/main/java/org/shop/Grade.java': gradeJava('one'),
    'one/src/test/java/org/shop/GradeTest.java': testJava(50),
    'two/pom.xml': pom('two', ''),
    'two/src/main/java/org/shop/Grade.java': gradeJava('two'),
    'two/src/test/java/org/shop/GradeTest.java': testJava(95),
    'all/pom.xml': pom(
      'all',
      `<dependencies>${dependency('org.shop', 'one', '1')}${dependency('org.shop', 'two', '1')}</dependencies>
<build><plugins>${jacocoPlugin(execution('report-aggregate', 'test'))}</plugins></build>`,
    ),
  });
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
