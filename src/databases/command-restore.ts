import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { HomeportError, messageOf } from '../deployment/error.ts';
import { printable } from '../hosts/printable.ts';
import { stemOf } from './backup-names.ts';
import { dumpTo } from './command-dump.ts';
import { checkDump, runUserCommand } from './command-run.ts';
import type { BackupRecord, DatabaseContext, DatabaseTarget, RestoreEnd, RestoreResult } from './database.ts';
import { checkUntouched, compareRows, parseRecord, recordPath, writeRecord } from './record.ts';

/*
 * A user's restore works on the data itself and may stop half-way: nothing can be swapped. So what is there is dumped
 * first, as a backup like any other. Its name says how far the restore came: `.replacing` as long as the data may be a
 * mixture, `.before` once the restore has ended well.
 */

/** See `DatabaseKind.restore`; `kept` is the backup of what was there before. */
export async function restoreByCommand(
  target: DatabaseTarget,
  record: BackupRecord,
  stamp: string,
  context: DatabaseContext,
): Promise<RestoreResult> {
  const { host, say } = context;
  await checkUntouched(host, record);
  const rows = await checkDump(target, record.file, context);
  // One that was made with `backup-verify: none` has counted nothing.
  if (record.verified !== 'none') compareRows(record.rows, rows, 'in the backup file');
  const way = wayBack(target, stamp, dirname(record.file));
  say(`${target.service}: dumping what is there now, as the way back`);
  const { project, release } = record;
  const options = { project, release, verify: 'read', at: new Date() } as const;
  const before = await dumpTo(way.replacing, target, options, context);
  try {
    say(`${target.service}: restoring by its own command`);
    await runUserCommand(target, 'restore', { file: record.file }, context);
    await settle(way, before, context);
  } catch (error) {
    await undo(target, way, before, calmOf(context)).catch((again: unknown) => {
      throw new HomeportError(`The restore of ${target.service} failed, and so did the way back: ${messageOf(again)}`, {
        hint: `Its data may be a mixture. What was there before is in ${way.replacing}: put it back by \`restore\`.`,
        cause: error,
      });
    });
    throw error;
  }
  const removeCommand = printable(['rm', '--', way.before, recordPath(way.before)]);
  return { kept: way.before, removeCommand, rows, schemaVersion: null };
}

/** See `DatabaseKind.recoverRestore`: what was there before comes back, unless the restore had ended well. */
export async function recoverCommandRestore(
  target: DatabaseTarget,
  stamp: string,
  context: DatabaseContext,
  folder: string,
): Promise<RestoreEnd> {
  const { files } = context.host;
  const way = wayBack(target, stamp, folder);
  if ((await files.stat(way.before)) !== null) {
    await files.remove(recordPath(way.replacing));
    return 'finished';
  }
  // Its record is written before the restore begins.
  const before = parseRecord(way.replacing, (await files.readText(recordPath(way.replacing))) ?? '');
  if (before === null || (await files.stat(way.replacing)) === null) {
    for (const path of [`${way.replacing}.partial`, way.replacing, recordPath(way.replacing)]) await files.remove(path);
    return 'nothing';
  }
  await undo(target, way, before, calmOf(context));
  return 'undone';
}

interface WayBack {
  readonly replacing: string;
  readonly before: string;
}

function wayBack(target: DatabaseTarget, stamp: string, folder: string): WayBack {
  const stem = join(folder, `${stemOf(target)}-${stamp}`);
  return { replacing: `${stem}.replacing`, before: `${stem}.before` };
}

/** The record first: the file has the new name only where something says what it is. */
async function settle(way: WayBack, before: BackupRecord, { host }: DatabaseContext): Promise<void> {
  await writeRecord(host, { ...before, file: way.before });
  await host.files.rename(way.replacing, way.before);
  // It says nothing any more; the next recovery would remove it.
  await host.files.remove(recordPath(way.replacing)).catch(() => {});
}

/** Again and again is fine, until it went well once. A server that was just started may not take it yet. */
async function undo(
  target: DatabaseTarget,
  way: WayBack,
  before: BackupRecord,
  context: DatabaseContext,
): Promise<void> {
  const { host, say } = context;
  await checkUntouched(host, before);
  say(`${target.service}: putting back what was there before the restore`);
  const end = performance.now() + longestStart;
  for (;;) {
    try {
      await runUserCommand(target, 'restore', { file: way.replacing }, context);
      break;
    } catch (error) {
      if (performance.now() > end) throw error;
      // One that runs is left as it is.
      await host.exec(['docker', 'start', target.container], { timeout: 60_000, changes: true });
      await sleep(1000);
    }
  }
  for (const path of [recordPath(way.before), way.replacing, recordPath(way.replacing)]) await host.files.remove(path);
}

/** Milliseconds in which a server that was just started takes commands. */
const longestStart = 30_000;

/** What was the reason must not stop the way back. */
function calmOf(context: DatabaseContext): DatabaseContext {
  return { ...context, signal: new AbortController().signal, timeout: Math.max(context.timeout, 10 * 60_000) };
}
