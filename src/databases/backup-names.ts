import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { HomeportError, messageOf } from '../deployment/error.ts';
import { utcStamp } from '../deployment/ids.ts';
import type { Host } from '../hosts/host.ts';
import type { DatabaseTarget } from './database.ts';
import { recordPath } from './record.ts';

/** Whose backups: their files begin with the names of both. */
type Whose = Pick<DatabaseTarget, 'service' | 'database'>;

/**
 * `<service>-<database>-<UTC>` without its extension. A database whose name does not fit a file name gets a few digits
 * of its hash, so that no two of them share a file.
 */
export function backupStem(service: string, database: string, at: Date): string {
  return `${stemOf({ service, database })}-${utcStamp(at)}`;
}

/** What the names of all its backups begin with. */
export function stemOf({ service, database }: Whose): string {
  const plain = database.replaceAll(/[^A-Za-z0-9._-]+/g, '_').slice(0, 80);
  const hash = createHash('sha256').update(database).digest('hex').slice(0, 8);
  return `${service}-${plain === database ? plain : `${plain}-${hash}`}`;
}

/**
 * A path without extension for a new backup that no other backup has, also where two start in one second. On the way it
 * removes what killed backups of the same database left half written: whoever backs up holds the project's lock.
 */
export async function newBackupPath(host: Host, folder: string, whose: Whose & { readonly at: Date }): Promise<string> {
  const names = (await host.files.list(folder)).map((one) => one.name);
  for (const name of names) {
    if (isHalfWritten(name, whose)) await host.files.remove(join(folder, name));
  }
  const stem = backupStem(whose.service, whose.database, whose.at);
  for (let number = 1; ; number += 1) {
    const candidate = number === 1 ? stem : `${stem}-${number}`;
    if (!names.some((name) => name.startsWith(`${candidate}.`))) return join(folder, candidate);
  }
}

/**
 * Removes what killed backups of a database left in the folder: what is half written, and what has its name but no
 * record yet. Whoever calls it holds the project's lock. Throws `HomeportError`.
 */
export async function forgetFiles(host: Host, folder: string, whose: Whose): Promise<void> {
  try {
    const names = new Set((await host.files.list(folder)).map((one) => one.name));
    for (const name of names) {
      if (isHalfWritten(name, whose) || isUnrecorded(name, whose, names)) await host.files.remove(join(folder, name));
    }
  } catch (error) {
    throw new HomeportError(`What a killed backup left in ${folder} could not be removed: ${messageOf(error)}`, {
      hint: `Look at \`ls -l ${folder}\`: Homeport must be allowed to remove files there.`,
      cause: error,
    });
  }
}

/** The extensions of the files that have a record beside them, one for each kind. */
const recorded = ['dump', 'sql', 'rdb', 'sqlite', 'tar', 'backup', 'replacing', 'before'];

/** A dump, its roles, or its record, on their way to their names; SQLite keeps a log beside what it writes. */
function isHalfWritten(name: string, whose: Whose): boolean {
  const extension = ownExtension(name, whose)?.extension ?? '';
  const [, partial] = /^(.+)\.partial(?:-journal|-wal|-shm)?$/.exec(extension) ?? [];
  const [, record] = /^(.+)\.json\.[0-9a-f]{8}\.tmp$/.exec(extension) ?? [];
  return partial === 'roles.sql' || [partial, record].some((one) => one !== undefined && recorded.includes(one));
}

/** The record is written last: without it a backup was never told to anybody. */
function isUnrecorded(name: string, whose: Whose, names: ReadonlySet<string>): boolean {
  const own = ownExtension(name, whose);
  if (own === null) return false;
  if (own.extension === 'roles.sql') return !names.has(recordPath(`${own.stem}.dump`));
  return recorded.includes(own.extension) && !names.has(recordPath(name));
}

function ownExtension(name: string, whose: Whose): { stem: string; extension: string } | null {
  const own = `${stemOf(whose)}-`;
  if (!name.startsWith(own)) return null;
  const [, moment, extension] = /^(\d{8}T\d{6}Z(?:-\d+)?)\.(.+)$/.exec(name.slice(own.length)) ?? [];
  return moment === undefined || extension === undefined ? null : { stem: `${own}${moment}`, extension };
}
