import type { BackupRecord, DatabaseTarget } from '../../src/databases/database.ts';
import { databaseKinds } from '../../src/databases/kinds.ts';
import { LocalHost } from '../../src/hosts/local.ts';
import { Redactor } from '../../src/hosts/redactor.ts';
import { hostWith } from '../support/faulty-host.ts';

/* A process of its own, for a test to kill: it backs up or restores what the JSON text on its command line says. */

export interface WorkToKill {
  readonly target: DatabaseTarget;
  readonly folder: string;
  /** Absent for a backup. */
  readonly restore?: { readonly record: BackupRecord; readonly stamp: string };
  /** As it is for a user who may use Docker but not look into its folders. */
  readonly withoutAccess?: boolean;
}

const work: WorkToKill = JSON.parse(process.argv[2] ?? '');
const local = new LocalHost({ redactor: new Redactor() });
const strangers = ['setpriv', '--reuid=54321', '--regid=54321', '--clear-groups'] as const;
const host =
  work.withoutAccess === true
    ? hostWith(local, process.execPath, (argv) => ({ argv: argv.includes('look') ? [...strangers, ...argv] : argv }))
    : local;
const context = { host, signal: new AbortController().signal, timeout: 120_000, say: () => {} };
const kind = databaseKinds[work.target.kind];
if (work.restore === undefined) {
  const options = { project: 'shop', release: null, folder: work.folder, verify: 'restore', at: new Date() } as const;
  await kind?.backup(work.target, options, context);
} else {
  await kind?.restore(work.target, work.restore.record, work.restore.stamp, context);
}
