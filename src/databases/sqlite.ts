import { dirname } from 'node:path';
import { HomeportError } from '../deployment/error.ts';
import { formatSize } from '../request/units.ts';
import { forgetFiles, newBackupPath } from './backup-names.ts';
import { inspectContainers } from './containers.ts';
import type {
  BackupOptions,
  BackupRecord,
  DatabaseContext,
  DatabaseKind,
  DatabaseTarget,
  Verification,
} from './database.ts';
import { removeHelpers } from './helper-container.ts';
import { compareRows, firstBytes, measure, recordBackup, recordPath, rowsInTables } from './record.ts';
import { type OpenPlace, openPlace, sizeOf } from './sqlite-open.ts';
import { missingDatabase } from './sqlite-refusal.ts';
import { recoverSqliteRestore, restoreSqlite } from './sqlite-restore.ts';
import { runOnHost } from './sqlite-runner.ts';

/** SQLite, by its own online backup; the file is in a volume or bind mount of the service's container. */
export const sqlite: DatabaseKind = {
  kind: 'sqlite',
  isServer: false,
  counted: rowsInTables,
  backup,
  forget: async (target, folder, context) => {
    for (const one of await inspectContainers([target.container], context)) await removeHelpers('sqlite', one, context);
    await forgetFiles(context.host, folder, target);
  },
  restore: restoreSqlite,
  recoverRestore: recoverSqliteRestore,
  query: async (target, context) => {
    const place = await openExisting(target, context);
    await place.run('query', [place.database]);
  },
  size: sizeOf,
};

const depths = { restore: 'full', read: 'quick', none: 'none' } as const satisfies Record<Verification, string>;

async function openExisting(target: DatabaseTarget, context: DatabaseContext): Promise<OpenPlace> {
  const place = await openPlace(target, context);
  if (!place.exists) throw missingDatabase(target);
  return place;
}

async function backup(target: DatabaseTarget, options: BackupOptions, context: DatabaseContext): Promise<BackupRecord> {
  const begin = performance.now();
  const { host } = context;
  const place = await openExisting(target, context);
  const file = `${await newBackupPath(host, options.folder, { ...target, at: options.at })}.sqlite`;
  const partial = `${file}.partial`;
  try {
    context.say(`${target.service}: copying ${target.database}, which takes ${formatSize(place.bytes)}`);
    // Straight to where it stays: a large database is never on the disk a third time.
    const paths = [place.database, place.ofBackups(partial), dirname(place.ofBackups(partial))];
    const { rows } = await place.run('backup', paths, { folder: options.folder });
    await checkHeader(target, partial, context);
    const copy = await runOnHost(target, 'verify', [partial, depths[options.verify]], context);
    if (options.verify !== 'none') compareRows(rows, copy.rows, 'in the backup');
    const { bytes, sha256 } = await measure(host, partial);
    context.say(`${target.service}: ${rowsInTables(rows)}, ${formatSize(bytes)}`);
    await host.files.rename(partial, file);
    const found = {
      kind: 'sqlite',
      file,
      bytes,
      sha256,
      verified: options.verify,
      rows,
      databaseSchema: copy.schema,
    } as const;
    return await recordBackup(host, target, options, found, begin);
  } catch (error) {
    for (const path of [partial, `${partial}-journal`, file, recordPath(file)]) {
      await host.files.remove(path).catch(() => {});
    }
    throw error;
  }
}

async function checkHeader(target: DatabaseTarget, path: string, context: DatabaseContext): Promise<void> {
  const head = await firstBytes(context.host, path, 16);
  if (head.toString('latin1') === 'SQLite format 3\0') return;
  throw new HomeportError(`The copy of ${target.database} is no SQLite database.`, {
    hint: 'Check `path:` under `backup:`.',
  });
}
