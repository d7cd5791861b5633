import { glob } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { exitCodes, HomeportError } from '../deployment/error.ts';
import type { HostFiles } from '../hosts/host.ts';

/** Where the common tools write, relative to the folder of their project. */
const usualPlaces = [
  // Node.js: nyc, c8, Jest, Vitest.
  'coverage/lcov.info',
  'coverage/cobertura-coverage.xml',
  'coverage/clover.xml',
  'coverage/coverage-final.json',
  'coverage/coverage-summary.json',
  'coverage/coverage.xml',
  // coverage.py.
  'coverage.xml',
  'coverage.json',
  'coverage.lcov',
  // Go.
  'coverage.out',
  'cover.out',
  // Maven and Gradle.
  'target/site/jacoco/jacoco.xml',
  'target/site/jacoco-aggregate/jacoco.xml',
  'build/reports/jacoco/test/jacocoTestReport.xml',
  // PHPUnit.
  'clover.xml',
  'build/logs/clover.xml',
  // Rust, .NET and others.
  'lcov.info',
  'cobertura.xml',
  'cobertura-coverage.xml',
  'coverage.cobertura.xml',
  'TestResults/*/coverage.cobertura.xml',
] as const;

/** Folders with reports that other people's tests wrote, or that tests read. */
const foreign = new Set(['node_modules', 'vendor', 'venv', 'site-packages', 'testdata', 'fixtures']);

export const howToReport =
  'Let the tests write one (`pytest --cov=app --cov-report=xml`, `vitest run --coverage --coverage.reporter=lcov`, ' +
  '`jest --coverage --coverageReporters=lcov`, `go test -coverprofile=cover.out ./...`, ' +
  "JaCoCo's goal `report`, `cargo llvm-cov --lcov --output-path lcov.info`) and name the file in `coverage-report`.";

export interface FoundReport {
  /** Absolute. */
  readonly path: string;
  readonly bytes: number;
  readonly modifiedAt: Date;
  /** Found by `auto`: nobody named this very file. */
  readonly guessed: boolean;
}

/**
 * The report files that `patterns` (files, globs, `auto`) mean, each once, in the order of the patterns.
 * Throws `HomeportError` for each pattern that means nothing, or a folder.
 */
export async function findReports(
  patterns: readonly string[],
  workingDirectory: string,
  files: HostFiles,
): Promise<FoundReport[]> {
  const found = new Map<string, FoundReport>();
  for (const pattern of patterns) {
    const guessed = pattern === 'auto';
    const reports = guessed
      ? await look(await matching(nestedUsualPlaces, workingDirectory), files, guessed)
      : await named(pattern, workingDirectory, files);
    if (guessed && reports.length === 0) {
      throw new HomeportError(
        `No coverage report was found in ${workingDirectory}: looked for ${usualPlaces.join(', ')}, here and up to two folders below.`,
        { hint: howToReport, exitCode: exitCodes.gate },
      );
    }
    for (const report of reports) if (!found.has(report.path)) found.set(report.path, report);
  }
  return [...found.values()];
}

async function named(pattern: string, workingDirectory: string, files: HostFiles): Promise<FoundReport[]> {
  const literal = resolve(workingDirectory, pattern);
  const facts = await files.stat(literal);
  // A folder may well be named `app/[id]`: a pattern that is a path means that path.
  const paths = facts === null ? await matching([pattern], workingDirectory) : [literal];
  const reports = await look(paths, files, false);
  if (reports.length > 0) return reports;
  if (paths.length > 0) {
    throw new HomeportError(`The coverage report \`${pattern}\` is a folder (or no regular file).`, {
      hint: `Name the file in it, for instance \`${join(pattern, 'lcov.info')}\`.`,
      exitCode: exitCodes.gate,
    });
  }
  throw new HomeportError(`The coverage report \`${pattern}\` is missing: no such file in ${workingDirectory}.`, {
    hint: howToReport,
    exitCode: exitCodes.gate,
  });
}

const nestedUsualPlaces = usualPlaces.flatMap((place) => [place, `*/${place}`, `*/*/${place}`]);

async function matching(patterns: readonly string[], workingDirectory: string): Promise<string[]> {
  const found = new Set<string>();
  const exclude = (path: string) => foreign.has(path.split('/').at(-1) ?? '');
  // All at once: each folder is then read once, and not once for each pattern.
  for await (const path of glob(patterns, { cwd: workingDirectory, exclude })) {
    found.add(resolve(workingDirectory, path));
  }
  return [...found].sort();
}

async function look(paths: readonly string[], files: HostFiles, guessed: boolean): Promise<FoundReport[]> {
  const reports: FoundReport[] = [];
  for (const path of paths) {
    const facts = await files.stat(path);
    if (facts?.kind === 'file') reports.push({ path, bytes: facts.bytes, modifiedAt: facts.modifiedAt, guessed });
  }
  return reports;
}
