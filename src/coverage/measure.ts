import { relative } from 'node:path';
import { exitCodes, HomeportError, messageOf } from '../deployment/error.ts';
import { isFromBefore } from '../hosts/file-times.ts';
import type { HostFiles } from '../hosts/host.ts';
import type { CoverageFormat, CoverageReport, CoverageResult, FileReport } from './coverage.ts';
import { formatOf, looksLike, readFormats } from './formats.ts';
import { MergedCoverage } from './merge.ts';
import { type FoundReport, findReports, howToReport } from './report-files.ts';
import { SourcePaths } from './source-paths.ts';

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
 * The share of lines (of Go: statements) that the tests ran, over all reports: merged by line (a line is covered if any
 * report says so), never averaged. Throws `HomeportError` when a report is missing, empty, malformed, stale, a folder or
 * of a format that is not read, or can't be merged: the gate then has nothing to judge by.
 */
export async function measureCoverage(options: MeasureOptions): Promise<CoverageResult> {
  const { workingDirectory, files, say } = options;
  const found = await findReports(options.patterns, workingDirectory, files);
  const reports = await recognized(withoutStale(found, options), options);
  const paths = await SourcePaths.of(workingDirectory, files);
  const merged = new MergedCoverage();
  for (const { path, shown, guessed, format, text } of reports) {
    const report = parse(text, shown, format);
    say(`coverage: ${shown} (${format.name}, ${report.files.size} ${report.files.size === 1 ? 'file' : 'files'})`);
    const nameOf = await paths.namesOf(path, format, report);
    for (const [file, told] of report.files) {
      merged.add(await nameOf(file), told, { shown, format: format.name, guessed });
    }
  }
  for (const { report, files: count } of merged.preferLines()) {
    say(`coverage: ${report} has only totals: for ${count} of its files another report's lines count`);
  }
  return { ...merged.total(), files: reports.map(({ path }) => path) };
}

function withoutStale(found: readonly FoundReport[], options: MeasureOptions): readonly FoundReport[] {
  const { notBefore, workingDirectory, say } = options;
  if (notBefore === null) return found;
  const isStale = (report: FoundReport) => isFromBefore(report.modifiedAt, notBefore);
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

interface RecognizedReport extends FoundReport {
  /** The path for people. */
  readonly shown: string;
  readonly format: CoverageFormat;
  readonly text: string;
}

/** What `auto` found and is no coverage report is left aside, unless there is nothing else. */
async function recognized(found: readonly FoundReport[], options: MeasureOptions): Promise<RecognizedReport[]> {
  const reports: RecognizedReport[] = [];
  const unknown: { readonly report: FoundReport; readonly refusal: HomeportError }[] = [];
  for (const report of found) {
    const shown = shownPath(report.path, options.workingDirectory);
    const text = await readReport(report.path, shown, options.files);
    const format = formatOf(text);
    if (format !== undefined) reports.push({ ...report, shown, format, text });
    else unknown.push({ report, refusal: notRead(text, shown) });
  }
  for (const { report, refusal } of unknown) {
    if (!report.guessed || reports.length === 0) throw refusal;
    options.say(`coverage: left aside: ${refusal.message}`);
  }
  return reports;
}

async function readReport(path: string, shown: string, files: HostFiles): Promise<string> {
  const text = await files.readText(path).catch((error: unknown) => {
    throw refuse(shown, `can't be read: ${messageOf(error)}`, 'Make it readable for the user that deploys.', error);
  });
  if (text === null) throw refuse(shown, 'is gone: it was there a moment ago', howToReport);
  if (text.trim() === '') throw refuse(shown, `is empty (${text.length} bytes)`, ranWithCoverage);
  return text;
}

function notRead(text: string, shown: string): HomeportError {
  const other = looksLike(text);
  return refuse(
    shown,
    `is of a format that is not read${other === null ? '' : `: it looks like ${other}`}`,
    `Homeport reads ${readFormats}. ${howToReport}`,
  );
}

function parse(text: string, shown: string, format: CoverageFormat): CoverageReport {
  let report: CoverageReport;
  try {
    report = format.parse(text);
  } catch (error) {
    const hint = 'Run the tests again: was their end cut short?';
    throw refuse(shown, `is malformed ${format.name}: ${messageOf(error)}`, hint, error);
  }
  if ([...report.files.values()].some(hasCode)) return report;
  throw refuse(shown, 'is empty: it has no lines of code in it', ranWithCoverage);
}

function hasCode({ lines, counted, blocks, totals }: FileReport): boolean {
  if (totals !== undefined) return totals.total > 0;
  if (counted !== undefined) return counted > 0;
  return blocks === undefined ? lines.size > 0 : [...blocks.values()].some(({ statements }) => statements > 0);
}

const ranWithCoverage = `Did the tests run with coverage switched on, and over the code that is deployed? ${howToReport}`;

function refuse(shown: string, what: string, hint: string, cause?: unknown): HomeportError {
  return new HomeportError(`The coverage report ${shown} ${what}.`, { hint, exitCode: exitCodes.gate, cause });
}

function shownPath(path: string, workingDirectory: string): string {
  const inside = relative(workingDirectory, path);
  return inside.startsWith('..') ? path : inside;
}
