import type { Outcome } from './outcome.ts';
import type { Entry } from './visitor.ts';

/** What the demo says Homeport does, and whether it was seen to. */
export interface Promised {
  sentence: string;
  isKept: boolean;
  /** What was seen, for the case that it was not kept. */
  saw: string;
}

export function succeeded({ exitCode, report, running, version }: Outcome, wanted: string): Promised[] {
  return [
    {
      sentence: `${wanted} was deployed: exit code 0, and it answers`,
      isKept: exitCode === 0 && report.status === 'success' && version === wanted && running.state === 'healthy',
      saw: `exit code ${exitCode}, ${report.status}, ${version} answers and is ${running.state}`,
    },
  ];
}

export function passedItsGates({ report }: Outcome): Promised[] {
  const { coverage, backups, changes } = report;
  const isCovered = coverage !== null && coverage.minimum !== null && coverage.percent >= coverage.minimum;
  return [
    {
      sentence: 'its tests passed, and they cover what was asked for',
      isKept: changes.tests.length > 0 && changes.tests.every(({ status }) => status === 'success') && isCovered,
      saw: `${changes.tests.length} tests, coverage ${coverage?.percent ?? 'unknown'}`,
    },
    {
      sentence: 'the database was backed up, and the backup restored to see that it works',
      isKept: backups.length > 0 && backups.every(({ verified }) => verified === 'restore'),
      saw: `backups verified by: ${backups.map(({ verified }) => verified).join(', ') || 'none was made'}`,
    },
    {
      sentence: 'its migration ran',
      isKept: changes.migrations.length > 0,
      saw: 'no migration in the report',
    },
  ];
}

export function wasRolledBack({ exitCode, report, running, version }: Outcome, before: Outcome): Promised[] {
  const isSameImage = running.imageId === before.running.imageId;
  return [
    {
      sentence: 'the bad version was seen by a smoke check and rolled back: exit code 4',
      isKept: exitCode === 4 && report.status === 'rolled_back' && report.phase === 'smoke',
      saw: `exit code ${exitCode}, ${report.status} in the stage ${report.phase}`,
    },
    {
      sentence: `${before.version} runs again, of the very same image`,
      isKept: isSameImage && version === before.version && running.state === 'healthy',
      saw: `${version} answers and is ${running.state}, image ${isSameImage ? 'the same' : running.imageId}`,
    },
  ];
}

export function keptEntries(options: {
  signed: readonly Entry[];
  ofFirst: number;
  found: readonly Entry[];
}): Promised[] {
  const { signed, ofFirst, found } = options;
  const messages = new Map(found.map(({ id, message }) => [id, message]));
  const lost = signed.filter(({ id, message }) => messages.get(id) !== message);
  return [
    {
      sentence: `all ${signed.length} entries that visitors signed are still there, also the first ${ofFirst}, from version 1`,
      isKept: ofFirst > 0 && lost.length === 0,
      saw: `${signed.length} were signed, ${ofFirst} of them in version 1; ${lost.length} are missing`,
    },
  ];
}
