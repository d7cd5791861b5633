import { posix } from 'node:path';
import { HomeportError } from '../deployment/error.ts';
import { printable } from '../hosts/printable.ts';
import { inspectContainers, whileStopped } from './containers.ts';
import type { BackupRecord, DatabaseContext, DatabaseTarget, RestoreEnd, RestoreResult } from './database.ts';
import { removeHelpers } from './helper-container.ts';
import { checkUntouched, compareRows, rowsInTables } from './record.ts';
import { compareSchema } from './schema.ts';
import { type OpenPlace, openPlace, type RunOptions } from './sqlite-open.ts';
import { runOnHost } from './sqlite-runner.ts';
import type { Told } from './sqlite-told.ts';

/** See `DatabaseKind.restore`. The containers that mount the file stand still only while it is renamed. */
export async function restoreSqlite(
  target: DatabaseTarget,
  record: BackupRecord,
  stamp: string,
  context: DatabaseContext,
): Promise<RestoreResult> {
  await checkUntouched(context.host, record);
  const { rows, schema } = await runOnHost(target, 'verify', [record.file, 'full'], context);
  compareRows(record.rows, rows, 'in the backup file');
  compareSchema(record.databaseSchema, schema, 'in the backup file');
  const place = await openPlace(target, context);
  const paths = swapPaths(place, stamp);
  // Once something is stopped nothing is cancelled any more: it is brought to its end, or back.
  const calm = { folder: posix.dirname(record.file), context: { ...context, signal: new AbortController().signal } };
  try {
    await stage(target, place, record, paths[0], context);
    context.say(`${target.service}: ${rowsInTables(rows)} are ready, putting them in place`);
    const { moved } = await whileStopped(target, place, calm.context, () => swap(place, paths, calm));
    const proven = { rows, schemaVersion: schema.version };
    if (!moved.includes('')) return { kept: null, removeCommand: null, ...proven };
    const [kept = '', ...logs] = moved.map((suffix) => `${place.hostPath}${beforeSuffix(stamp)}${suffix}`);
    const remove = [...(place.ours ? [] : ['sudo']), 'rm', '--', kept, ...logs];
    return { kept, removeCommand: printable(remove), ...proven };
  } catch (error) {
    await place.run('recover', paths, calm).catch(() => {});
    throw error;
  }
}

/** See `DatabaseKind.recoverRestore`. */
export async function recoverSqliteRestore(
  target: DatabaseTarget,
  stamp: string,
  context: DatabaseContext,
): Promise<RestoreEnd> {
  for (const container of await inspectContainers([target.container], context))
    await removeHelpers('sqlite', container, context);
  const place = await openPlace(target, context);
  const { end, stays } = await place.run('recover', swapPaths(place, stamp));
  for (const suffix of stays) {
    const kept = `${place.hostPath}${beforeSuffix(stamp)}${suffix}`;
    context.say(
      `${target.service}: something wrote before the restore was undone; the log from before is kept as ${kept}`,
    );
  }
  return end;
}

/** The new database, the database, and the name that it is kept under. */
function swapPaths(place: OpenPlace, stamp: string): [fresh: string, database: string, kept: string] {
  const { database } = place;
  return [`${database}.homeport-restore-${stamp}`, database, `${database}${beforeSuffix(stamp)}`];
}

function beforeSuffix(stamp: string): string {
  return `.homeport-before-${stamp}`;
}

/** Whole, or not at all: also when it was the last step that failed. */
async function swap(place: OpenPlace, paths: readonly string[], calm: RunOptions): Promise<Told> {
  try {
    return await place.run('swap', paths, calm);
  } catch (error) {
    const recovered = await place.run('recover', paths, calm).catch(() => null);
    if (recovered?.end === 'finished') return recovered;
    throw error;
  }
}

/** The same bytes beside the database: what was proven of the backup file holds for the copy too. */
async function stage(
  target: DatabaseTarget,
  place: OpenPlace,
  record: BackupRecord,
  fresh: string,
  context: DatabaseContext,
): Promise<void> {
  context.say(`${target.service}: copying the backup beside ${target.database}`);
  const paths = [place.ofBackups(record.file), fresh, place.database];
  const { sha256 } = await place.run('stage', paths, { folder: posix.dirname(record.file) });
  if (sha256 === record.sha256) return;
  throw new HomeportError(`The copy of ${record.file} beside the database differs from it. Nothing was changed.`, {
    hint: 'The disk of the database may be failing: look at `dmesg`.',
  });
}
