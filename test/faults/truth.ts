import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Stage } from './command.ts';
import { type Entry, readEntries } from './journal-points.ts';

const reportFile = z.object({
  status: z.string(),
  exit_code: z.number(),
  command: z.string(),
  release: z.string().nullable(),
  details: z.record(z.string(), z.unknown()),
});

/** What is known of the command that the fault hit. */
export interface Interrupted {
  /** Its ID in the journal; `null` when it was killed before it had written anything there. */
  readonly deployment: string | null;
  /** Its end stood in the journal before anybody recovered it. */
  readonly ended: boolean;
  /** `null` when a signal ended it. */
  readonly exitCode: number | null;
  readonly output: string;
  /** The action's process ends with 0 or 1, the CLI's with the table's codes. */
  readonly door: 'cli' | 'action';
}

/** Whether report, exit code and journal say what is so. `ended`: the release that runs. */
export function untruths(stage: Stage, interrupted: Interrupted, ended: 'old' | 'new', replaced: boolean): string[] {
  const root = join(stage.state, stage.project);
  const problems = unfinished(readEntries(join(root, 'journal.jsonl')));
  const { deployment } = interrupted;
  // Killed before it had changed anything: there is nothing to tell of.
  if (deployment === null) return problems;
  const told = /^report: (\/.+)$/m.exec(interrupted.output)?.[1];
  const report =
    readReport(join(root, 'reports', `${deployment}.json`)) ?? (told === undefined ? null : readReport(told));
  if (report === null) return [...problems, `there is no report of ${deployment}`];
  const { status, exit_code, details } = report;
  const says = `the report says ${status} with exit code ${exit_code}`;
  if (ended === 'new' && (status !== 'success' || exit_code !== 0)) problems.push(`the new release runs, but ${says}`);
  if (ended === 'old' && status === 'success') problems.push(`the old release runs, but ${says}`);
  if (ended === 'old' && (exit_code === 0 || exit_code === 6)) problems.push(`the old release runs, but ${says}`);
  if (ended === 'old' && replaced && status !== 'rolled_back') problems.push(`containers were replaced, but ${says}`);
  const { exitCode, door } = interrupted;
  const recovered = 'recovered' in details;
  if (!interrupted.ended && !recovered) problems.push('the report does not tell that it was recovered');
  if (exitCode !== null && !recovered) {
    const expected = door === 'cli' ? exit_code : exit_code === 0 ? 0 : 1;
    if (exitCode !== expected) problems.push(`it ended with ${exitCode}, but ${says}`);
  }
  return problems;
}

/** Of every deployment that began, the journal must tell its end. */
function unfinished(entries: readonly Entry[]): string[] {
  const ended = new Set(entries.filter(({ type }) => type === 'end').map(({ deployment }) => deployment));
  const begun = new Set(entries.map(({ deployment }) => deployment));
  return [...begun].filter((id) => !ended.has(id)).map((id) => `the journal knows no end of ${id}`);
}

function readReport(path: string): z.infer<typeof reportFile> | null {
  try {
    return reportFile.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return null;
  }
}
