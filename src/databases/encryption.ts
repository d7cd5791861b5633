import { createHash } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { HomeportError, messageOf } from '../deployment/error.ts';
import type { Host, PartialFile } from '../hosts/host.ts';
import { AgeError, decryptAge, encryptAge } from './age.ts';
import type { BackupRecord } from './database.ts';
import { checkUntouched, parseRecord, recordPath, writeRecord } from './record.ts';

/** What an encrypted file has behind the name of the plain one. */
export const encryptedExtension = '.age';

/** The path of the plain file of an encrypted one. */
export function plainPath(file: string): string {
  return file.endsWith(encryptedExtension) ? file.slice(0, -encryptedExtension.length) : file;
}

interface Measured {
  readonly bytes: number;
  readonly sha256: string;
}

/**
 * Puts an encrypted backup in the place of a plain one, and gives its record. Killed anywhere it leaves a whole backup,
 * plain or encrypted, and what `tidyEncrypted` removes. Throws `HomeportError`; the plain backup is as it was then.
 */
export async function encryptBackup(
  host: Host,
  record: BackupRecord,
  recipients: readonly string[],
  signal: AbortSignal,
): Promise<BackupRecord> {
  const { roles, ...rest } = record;
  const file = `${record.file}${encryptedExtension}`;
  const made: string[] = [];
  const encrypt = async (path: string): Promise<{ plain: Measured; encrypted: Measured }> => {
    const to = `${path}${encryptedExtension}`;
    await host.files.remove(`${to}.partial`);
    const partial = await host.files.createPartial(to, 0o600);
    try {
      const plain = await copy(host, path, partial, { signal, through: (source) => encryptAge(recipients, source) });
      made.push(to);
      await partial.keep();
      return plain;
    } catch (error) {
      await partial.discard();
      throw error;
    }
  };
  let encrypted: BackupRecord;
  try {
    const encryptedRoles = roles === undefined || (await host.files.stat(roles)) === null ? null : await encrypt(roles);
    const { plain, encrypted: measured } = await encrypt(record.file);
    if (plain.bytes !== record.bytes || plain.sha256 !== record.sha256) {
      throw new HomeportError(`The backup file ${record.file} is damaged, so it was not encrypted.`, {
        hint: 'Run `homeport backup` again, and look at the disk of that folder.',
      });
    }
    encrypted = {
      ...rest,
      ...measured,
      file,
      ...(roles === undefined ? {} : { roles: `${roles}${encryptedExtension}` }),
      encryption: {
        recipients,
        plain,
        ...(encryptedRoles === null ? {} : { plainRoles: encryptedRoles.plain }),
      },
    };
    await writeRecord(host, encrypted);
  } catch (error) {
    for (const path of made) await host.files.remove(path).catch(() => {});
    throw readable(error, `${record.file} could not be encrypted`, record.file);
  }
  await removePlain(host, record);
  return encrypted;
}

/** From here on the encrypted backup is the one: the record goes last, so that whatever is left is still known. */
async function removePlain(host: Host, plain: Pick<BackupRecord, 'file' | 'roles'>): Promise<void> {
  await host.files.remove(plain.file);
  if (plain.roles !== undefined) await host.files.remove(plain.roles);
  await host.files.remove(recordPath(plain.file));
}

/**
 * Removes from a folder of backups what a killed encryption left: the plain files of what is encrypted, and what was
 * encrypted half. Whoever calls it holds the project's lock.
 */
export async function tidyEncrypted(host: Host, folder: string): Promise<void> {
  const entries = new Map((await host.files.list(folder)).map((one) => [one.name, one.bytes]));
  const own = new Set<string>();
  for (const name of entries.keys()) {
    if (!name.endsWith(`${encryptedExtension}.json`)) continue;
    const file = join(folder, name.slice(0, -'.json'.length));
    const record = parseRecord(file, (await host.files.readText(join(folder, name))) ?? '');
    if (record?.encryption === undefined || entries.get(basename(file)) !== record.bytes) continue;
    for (const path of [file, record.roles]) if (path !== undefined) own.add(basename(path));
    const plain = [file, record.roles, file].map((path, at) => {
      if (path === undefined) return null;
      return at < 2 ? plainPath(path) : recordPath(plainPath(path));
    });
    for (const path of plain) {
      if (path !== null && entries.has(basename(path))) await host.files.remove(path);
    }
  }
  for (const name of entries.keys()) {
    const encrypted = name.endsWith('.partial') ? name.slice(0, -'.partial'.length) : name;
    if (!encrypted.endsWith(encryptedExtension) || own.has(name)) continue;
    // Beside its plain file only: whatever else has such a name is somebody's.
    if (entries.has(plainPath(encrypted))) await host.files.remove(join(folder, name));
  }
}

/** A backup whose files can be read, as long as it is open. */
export interface OpenBackup {
  readonly record: BackupRecord;
  /** Removes what is plain of an encrypted one. */
  close(): Promise<void>;
}

/**
 * Opens a backup for a restore: an encrypted one is decrypted into `.partial` files beside it, readable for this user
 * alone. Throws `HomeportError`; nothing is left then.
 */
export async function openBackup(
  host: Host,
  record: BackupRecord,
  identities: readonly string[],
  signal: AbortSignal,
): Promise<OpenBackup> {
  const { encryption, ...rest } = record;
  if (encryption === undefined) return { record, close: async () => {} };
  if (identities.length === 0) {
    throw new HomeportError(`${record.file} is encrypted, and there is no identity to decrypt it with.`, {
      hint: 'Give the identity file of one of its recipients: `--backup-identity-file F`.',
    });
  }
  await checkUntouched(host, record);
  const close = async () => await forgetDecrypted(host, record);
  const decrypt = async (path: string, expected: Measured): Promise<string> => {
    const partial = await host.files.createPartial(plainPath(path), 0o600);
    const through = (source: AsyncIterable<Buffer>) => decryptAge(identities, source);
    const { encrypted: plain } = await copy(host, path, partial, { signal, through });
    if (plain.bytes === expected.bytes && plain.sha256 === expected.sha256) return partial.partialPath;
    throw new AgeError('damaged');
  };
  await close();
  try {
    const file = await decrypt(record.file, encryption.plain);
    const { roles, ...plain } = { ...rest, ...encryption.plain, file };
    if (roles === undefined || encryption.plainRoles === undefined || (await host.files.stat(roles)) === null) {
      return { record: plain, close };
    }
    return { record: { ...plain, roles: await decrypt(roles, encryption.plainRoles) }, close };
  } catch (error) {
    await close();
    throw unopened(error, record.file);
  }
}

/** Removes what a restore decrypted beside an encrypted backup. Never begun, or gone already, is fine. */
export async function forgetDecrypted(host: Host, record: Pick<BackupRecord, 'file' | 'roles'>): Promise<void> {
  for (const path of [record.file, record.roles]) {
    if (path?.endsWith(encryptedExtension) !== true) continue;
    const partial = basename(`${plainPath(path)}.partial`);
    // SQLite keeps a log beside what it reads.
    const names = (await host.files.list(dirname(path))).map(({ name }) => name);
    for (const name of names.filter((one) => one === partial || one.startsWith(`${partial}-`))) {
      await host.files.remove(join(dirname(path), name));
    }
  }
}

/** Writes a file of the host through a transformation, and tells what was read and what was written. */
async function copy(
  host: Host,
  from: string,
  partial: PartialFile,
  { signal, through }: { signal: AbortSignal; through: (source: AsyncIterable<Buffer>) => AsyncIterable<Buffer> },
): Promise<{ plain: Measured; encrypted: Measured }> {
  const hash = createHash('sha256');
  let bytes = 0;
  const seen = async function* (source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of source) {
      hash.update(chunk);
      bytes += chunk.length;
      yield chunk;
    }
  };
  const source = host.files.openRead(from);
  try {
    await pipeline(source, seen, through, partial.stream, { signal, end: false });
    const encrypted = await partial.finish();
    return { plain: { bytes, sha256: hash.digest('hex') }, encrypted };
  } finally {
    source.destroy();
  }
}

function unopened(error: unknown, file: string): unknown {
  if (!(error instanceof AgeError)) return readable(error, `${file} could not be decrypted`, file);
  if (error.reason === 'identity') {
    return new HomeportError(`The identity is none of those that ${file} is encrypted to. Nothing was changed.`, {
      hint: 'Its recipients are in the .json beside it; `age-keygen -y F` prints the recipient of an identity file.',
    });
  }
  return new HomeportError(`The backup file ${file} is damaged: it can not be decrypted. Nothing was changed.`, {
    hint: 'Restore an older backup. If a copy of this file exists elsewhere, put it back first.',
  });
}

function readable(error: unknown, what: string, file: string): unknown {
  if (error instanceof HomeportError) return error;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  // A cancelled pipeline says so by an error of its own; why is in the signal.
  if (code === 'ABORT_ERR' && error instanceof Error && error.cause instanceof HomeportError) return error.cause;
  if (code !== 'ENOSPC' && code !== 'EDQUOT') {
    return new HomeportError(`${what}: ${messageOf(error)}.`, {
      hint: `Homeport must be allowed to read and to write in ${dirname(file)}.`,
      cause: error,
    });
  }
  return new HomeportError(`${what}: the disk of ${dirname(file)} is full.`, {
    hint: 'Make room there for the file once more (`df -h`), or lower `backup-keep`.',
    cause: error,
  });
}
