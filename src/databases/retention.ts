import { basename, join } from 'node:path';
import type { Host } from '../hosts/host.ts';
import type { BackupRecord } from './database.ts';
import { listBackups, parseRecord, recordPath } from './record.ts';

export interface RetentionOptions {
  /** Milliseconds: younger backups stay. */
  readonly keepMs: number;
  readonly now: Date;
  /** Backups of other projects are left alone. */
  readonly project: string;
}

/**
 * Removes the project's backups that are older than asked, each with its roles file and its record. What stays:
 * everything that the record beside it doesn't prove to be a backup of Homeport's as it was written, and the newest
 * verified backup of each database. To be called only after a verified new backup. Gives the files that went.
 */
export async function pruneBackups(host: Host, folder: string, options: RetentionOptions): Promise<string[]> {
  const backups = (await listBackups(host, folder)).filter((one) => one.project === options.project);
  const seen = new Set<string>();
  const lastGood = backups.filter((one) => {
    // Newest first: the first verified one of a database is its last good one.
    if (one.verified === 'none' || seen.has(databaseOf(one))) return false;
    seen.add(databaseOf(one));
    return true;
  });

  const removed: string[] = [];
  for (const backup of backups) {
    if (lastGood.includes(backup) || !isOld(backup, options)) continue;
    await removeBackup(host, backup);
    removed.push(backup.file);
  }
  await finishInterrupted(host, folder, options);
  return removed;
}

/** The record goes last: as long as anything is left of a backup, something says whose it is. */
async function removeBackup(host: Host, backup: BackupRecord): Promise<void> {
  await host.files.remove(backup.file);
  if (backup.roles !== undefined && isRolesOf(backup)) await host.files.remove(backup.roles);
  await host.files.remove(recordPath(backup.file));
}

/** An earlier run that was killed between the file and its record left the record. */
async function finishInterrupted(host: Host, folder: string, options: RetentionOptions): Promise<void> {
  const names = new Set((await host.files.list(folder)).map((one) => one.name));
  for (const name of names) {
    if (!name.endsWith('.json') || names.has(name.slice(0, -'.json'.length))) continue;
    const text = await host.files.readText(join(folder, name));
    const record = text === null ? null : parseRecord(join(folder, name.slice(0, -'.json'.length)), text);
    if (record?.project === options.project && isOld(record, options)) await removeBackup(host, record);
  }
}

function isOld(backup: BackupRecord, options: RetentionOptions): boolean {
  return options.now.getTime() - Date.parse(backup.createdAt) > options.keepMs;
}

function isRolesOf(backup: BackupRecord): boolean {
  const [, stem, encrypted = ''] = /^(.+?)\.[^.]+(\.age)?$/.exec(basename(backup.file)) ?? [];
  return backup.roles !== undefined && basename(backup.roles) === `${stem}.roles.sql${encrypted}`;
}

function databaseOf(backup: BackupRecord): string {
  return JSON.stringify([backup.service, backup.kind, backup.database]);
}
