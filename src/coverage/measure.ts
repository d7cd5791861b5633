import { relative } from 'node:path';
import { exitCodes, HomeportError, messageOf } from '../deployment/error.ts';
import type { HostFiles } from '../hosts/host.ts';
import { cobertura } from './cobertura.ts';
import type { CoverageFormat, CoverageReport, CoverageResult, FileCoverage } from './coverage.ts';
import { lcov } from './lcov.ts';
import { type FoundReport, findReports, howToReport } from './report-files.ts';
import { SourcePaths } from './source-paths.ts';

const formats: readonly CoverageFormat[] = [lcov, cobertura];

/** What people try first when it is not one of ours. */
const otherFormats: readonly (readonly [RegExp, string])[] = [
  [/<coverage\b[^>]*\s(?:clover|generated)\s*=/, 'Clover'],
  [/<report\b[^>]*\bname=|DTD JACOCO/i, 'JaCoCo'],
  [/^mode: (?:set|count|atomic)\s/, 'a Go coverprofile'],
  [/^\s*\{\s*"meta"/, 'coverage.py JSON'],
  [/^\s*\{/, 'JSON'],
  [/^SQLite format 3/, "coverage.py's data file"],
  [/<!doctype html|<html/i, 'an HTML report'],
];

/** File systems with whole-second times may say that a file is older than it is. */
const clockGrainMs = 1000;

export interface MeasureOptions {
  /** Files, globs, or `auto`, relative to the working directory. */
  readonly patterns: readonly string[];
  /** Absolute. */
  readonly workingDirectory: string;
  /** When the tests began; a report that was last written before is stale. `null` takes any. */
  readonly notBefore: Date | null;
  readonly files: HostFiles;
  readonly say: (line: string) => void;
}

/**
 * The share of lines that the tests ran, over all reports: merged by line (a line is covered if any report says so),
 * never averaged. Throws `HomeportError` when a report is missing, empty, malformed, stale, a folder or of a format
 * that is not read: the gate then has nothing to judge by.
 */
export async function measureCoverage(options: MeasureOptions): Promise<CoverageResult> {
  const { workingDirectory, files, say } = options;
  const found = await findReports(options.patterns, workingDirectory, files);
  const reports = withoutStale(found, options);
  const paths = await SourcePaths.of(workingDirectory, files);
  const merged = new Map<string, Map<number, number>>();
  for (const { path } of reports) {
    const shown = shownPath(path, workingDirectory);
    const { format, report } = await read(path, shown, files);
    say(`coverage: ${shown} (${format.name}, ${report.files.size} files)`);
    for (const [file, lines] of report.files) {
      const name = await paths.name(file, report.sources);
      const known = merged.get(name) ?? new Map<number, number>();
      for (const [line, hits] of lines) known.set(line, Math.max(known.get(line) ?? 0, hits));
      merged.set(name, known);
    }
  }
  return {
    ...total(merged),
    files: reports.map(({ path }) => path),
  };
}

function withoutStale(found: readonly FoundReport[], options: MeasureOptions): readonly FoundReport[] {
  const { notBefore, workingDirectory, say } = options;
  if (notBefore === null) return found;
  const isStale = (report: FoundReport) => report.modifiedAt.getTime() < notBefore.getTime() - clockGrainMs;
  const fresh = found.filter((report) => !isStale(report));
  for (const report of found.filter(isStale)) {
    const shown = shownPath(report.path, workingDirectory);
    const when = `it is from ${report.modifiedAt.toISOString()}, the tests began at ${notBefore.toISOString()}`;
    if (report.guessed && fresh.length > 0) {
      say(`coverage: ${shown} is left aside: ${when}`);
      continue;
    }
    throw new HomeportError(`The coverage report ${shown} was written before the tests ran: ${when}.`, {
      hint: `The tests of this deployment did not write it. ${howToReport}`,
      exitCode: exitCodes.gate,
    });
  }
  return fresh;
}

async function read(
  path: string,
  shown: string,
  files: HostFiles,
): Promise<{ format: CoverageFormat; report: CoverageReport }> {
  const refuse = (what: string, hint: string, cause?: unknown): HomeportError =>
    new HomeportError(`The coverage report ${shown} ${what}.`, { hint, exitCode: exitCodes.gate, cause });
  const empty = 'Did the tests run with coverage switched on, and over the code that is deployed?';

  const text = await files.readText(path).catch((error: unknown) => {
    throw refuse(`can't be read: ${messageOf(error)}`, 'Make it readable for the user that deploys.', error);
  });
  if (text === null) throw refuse('is gone: it was there a moment ago', howToReport);
  if (text.trim() === '') throw refuse(`is empty (${text.length} bytes)`, `${empty} ${howToReport}`);
  const format = formats.find((candidate) => candidate.matches(text));
  if (format === undefined) {
    const other = otherFormats.find(([pattern]) => pattern.test(text.slice(0, 4096)))?.[1];
    throw refuse(
      `is of a format that is not read${other === undefined ? '' : `: it looks like ${other}`}`,
      `Homeport reads lcov and Cobertura. ${howToReport}`,
    );
  }
  try {
    const report = format.parse(text);
    if ([...report.files.values()].some((lines) => lines.size > 0)) return { format, report };
  } catch (error) {
    throw refuse(
      `is malformed ${format.name}: ${messageOf(error)}`,
      'Run the tests again: was their end cut short?',
      error,
    );
  }
  throw refuse('is empty: it has no lines of code in it', `${empty} ${howToReport}`);
}

function total(merged: ReadonlyMap<string, ReadonlyMap<number, number>>): Omit<CoverageResult, 'files'> {
  const byFile: FileCoverage[] = [];
  for (const [file, lines] of merged) {
    const covered = [...lines.values()].filter((hits) => hits > 0).length;
    byFile.push({ file, linesCovered: covered, linesTotal: lines.size });
  }
  byFile.sort((a, b) => (a.file < b.file ? -1 : 1));
  const linesCovered = byFile.reduce((sum, { linesCovered: covered }) => sum + covered, 0);
  const linesTotal = byFile.reduce((sum, { linesTotal: lines }) => sum + lines, 0);
  // Multiplied first: one rounding only, so that 83 lines of 1000 are exactly the number that `8.3` is.
  return { percent: (100 * linesCovered) / linesTotal, linesCovered, linesTotal, byFile };
}

function shownPath(path: string, workingDirectory: string): string {
  const inside = relative(workingDirectory, path);
  return inside.startsWith('..') ? path : inside;
}
