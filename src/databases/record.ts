import { createHash } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { HomeportError } from '../deployment/error.ts';
import type { Host } from '../hosts/host.ts';
import { tryParseJson } from '../request/parse-json.ts';
import type { BackupOptions, BackupRecord, DatabaseTarget } from './database.ts';

const measured = z.strictObject({
  bytes: z.number().int().nonnegative(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

export const backupRecordSchema = z.strictObject({
  schema: z.literal(1),
  project: z.string().min(1),
  service: z.string().min(1),
  kind: z.string().min(1),
  database: z.string().min(1),
  file: z.string().min(1),
  bytes: z.number().int().positive(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  verified: z.enum(['restore', 'read', 'none']),
  rows: z.record(z.string(), z.number().int().nonnegative()),
  databaseSchema: z
    .strictObject({
      digest: z.string().regex(/^[0-9a-f]{64}$/),
      dialect: z.string().min(1),
      version: z.string().nullable(),
    })
    .exactOptional(),
  roles: z.string().min(1).exactOptional(),
  encryption: z
    .strictObject({ recipients: z.array(z.string()).min(1), plain: measured, plainRoles: measured.exactOptional() })
    .exactOptional(),
  createdAt: z.iso.datetime(),
  release: z.string().nullable(),
  durationSeconds: z.number().nonnegative(),
});

/** Where the facts about a backup file stand. */
export function recordPath(file: string): string {
  return `${file}.json`;
}

/** Writes the `.json` beside a backup file that already has its name. Durable. */
export async function writeRecord(host: Host, record: BackupRecord): Promise<void> {
  await host.files.writeText(recordPath(record.file), `${JSON.stringify(record, null, 2)}\n`, 0o600);
}

/** What a kind has found out about a new backup file. */
type NewBackup = Pick<BackupRecord, 'kind' | 'file' | 'bytes' | 'sha256' | 'verified' | 'rows'> &
  Partial<Pick<BackupRecord, 'databaseSchema' | 'roles'>>;

/** Writes the record of a backup that has its name by now; `begin` is when it was begun, of `performance.now()`. Durable. */
export async function recordBackup(
  host: Host,
  target: Pick<DatabaseTarget, 'service' | 'database'>,
  options: Omit<BackupOptions, 'folder'>,
  found: NewBackup,
  begin: number,
): Promise<BackupRecord> {
  const record: BackupRecord = {
    schema: 1,
    project: options.project,
    service: target.service,
    database: target.database,
    ...found,
    createdAt: options.at.toISOString(),
    release: options.release,
    durationSeconds: Math.round(performance.now() - begin) / 1000,
  };
  await writeRecord(host, record);
  return record;
}

/**
 * What is known about a backup file; its paths are those where the files are now, also after the folder was moved.
 * `null` when the text is not the record of a file of this name.
 */
export function parseRecord(file: string, text: string): BackupRecord | null {
  const parsed = backupRecordSchema.safeParse(tryParseJson(text));
  if (!parsed.success || basename(parsed.data.file) !== basename(file)) return null;
  const { roles, ...record } = parsed.data;
  return {
    ...record,
    file,
    ...(roles === undefined ? {} : { roles: join(dirname(file), basename(roles)) }),
  };
}

/** The record of a backup file, for `restore`. Throws `HomeportError` when Homeport knows nothing about the file. */
export async function readRecord(host: Host, file: string): Promise<BackupRecord> {
  const text = await host.files.readText(recordPath(file));
  const record = text === null ? null : parseRecord(file, text);
  if (record !== null) return record;
  throw new HomeportError(
    text === null
      ? `There is no ${basename(recordPath(file))} beside ${file}, so nothing proves what the file is.`
      : `${recordPath(file)} is not the record of a Homeport backup.`,
    { hint: 'Choose a file of the backups folder that has its .json beside it; `homeport status` lists them.' },
  );
}

/** All backups of the folder whose file is there as it was written (by size), newest first. */
export async function listBackups(host: Host, folder: string): Promise<BackupRecord[]> {
  const entries = await host.files.list(folder);
  const sizes = new Map(entries.filter((one) => one.kind === 'file').map((one) => [one.name, one.bytes]));
  const records: BackupRecord[] = [];
  for (const name of sizes.keys()) {
    if (!name.endsWith('.json')) continue;
    const file = join(folder, name.slice(0, -'.json'.length));
    const text = await host.files.readText(join(folder, name));
    const record = text === null ? null : parseRecord(file, text);
    if (record !== null && sizes.get(basename(file)) === record.bytes) records.push(record);
  }
  return records.sort((a, b) => Date.parse(b.createdAt) - Date.parse(a.createdAt));
}

/** Throws `HomeportError` unless the file is byte for byte the one that the record was written for. */
export async function checkUntouched(host: Host, record: BackupRecord): Promise<void> {
  if ((await host.files.stat(record.file))?.kind !== 'file') {
    throw new HomeportError(`The backup file ${record.file} is not there.`, {
      hint: 'Choose another backup; `homeport status` lists them.',
    });
  }
  const { bytes, sha256 } = await measure(host, record.file);
  if (bytes === record.bytes && sha256 === record.sha256) return;
  const seen = bytes === record.bytes ? `its sha256 is ${sha256}` : `it has ${bytes} bytes instead of ${record.bytes}`;
  throw new HomeportError(`The backup file ${record.file} is damaged: ${seen}. Nothing was changed.`, {
    hint: 'Restore an older backup. If a copy of this file exists elsewhere, put it back first.',
  });
}

/** Size and sha256 of a file, read as a stream. */
export async function measure(host: Host, path: string): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of host.files.openRead(path) as AsyncIterable<Buffer>) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { bytes, sha256: hash.digest('hex') };
}

/** The first bytes of a file: enough to see whether it is what it should be. */
export async function firstBytes(host: Host, path: string, count: number): Promise<Buffer> {
  let head = Buffer.alloc(0);
  for await (const chunk of host.files.openRead(path) as AsyncIterable<Buffer>) {
    head = Buffer.concat([head, chunk]);
    if (head.length >= count) break;
  }
  return head.subarray(0, count);
}

/**
 * Throws `HomeportError` naming the first tables whose row counts differ.
 * `where` ends the sentence: `in the restored backup`.
 */
export function compareRows(
  expected: Readonly<Record<string, number>>,
  found: Readonly<Record<string, number>>,
  where: string,
): void {
  const names = [...new Set([...Object.keys(expected), ...Object.keys(found)])].sort();
  const different = names.filter((name) => expected[name] !== found[name]);
  if (different.length === 0) return;
  const shown = different
    .slice(0, 3)
    .map((name) => `${name} has ${found[name] ?? 'no'} rows instead of ${expected[name] ?? 'no'}`);
  const more = different.length > shown.length ? ` and ${different.length - shown.length} more tables differ` : '';
  throw new HomeportError(`Tables differ ${where}: ${shown.join(', ')}${more}.`, {
    hint: 'This is no backup to rely on. Run `homeport backup` again; if it stays so, look at the log of the database.',
  });
}

/** `12 rows in 3 tables` */
export function rowsInTables(rows: Readonly<Record<string, number>>): string {
  const sum = Object.values(rows).reduce((total, count) => total + count, 0);
  return `${sum} rows in ${Object.keys(rows).length} tables`;
}
