import type { Stats } from 'node:fs';
import { lstat, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { HomeportError } from './error.ts';
import type { Places } from './places.ts';

/** Who is at work. */
export interface User {
  readonly uid: number;
  readonly username: string;
}

const worldWritable = 0o002;
const sticky = 0o1000;

/**
 * Why what stands in the state folder can't be trusted; `null` when it can. Who could put something there would decide
 * what a rollback starts, and a link of theirs where Homeport writes. Folders may be links (a bigger disk for the
 * backups): then what they lead to is looked at. As sshd is with the keys of a user, see `StrictModes` in sshd_config(5).
 */
export async function distrust(places: Places, user: User): Promise<HomeportError | null> {
  const parent = await seen(stat(dirname(places.root)));
  if (parent !== null && isOpen(parent) && (parent.mode & sticky) === 0) {
    return openToAll(dirname(places.root));
  }
  for (const folder of [places.root, places.releases, places.files, places.backups, places.logs, places.reports]) {
    const problem = await ofFolder(folder, user);
    if (problem !== null) return problem;
  }
  for (const file of [places.lock, places.journal]) {
    const facts = await seen(lstat(file));
    if (facts === null) continue;
    if (!facts.isFile()) return refusal(`${file} is ${kindOf(facts)}, and not a file.`, lookAndRemove);
    const problem = isOpen(facts) ? openToAll(file) : ofOthers(file, facts, user);
    if (problem !== null) return problem;
  }
  const current = await seen(lstat(places.current));
  if (current === null || current.isSymbolicLink()) return null;
  return refusal(
    `${places.current} is ${kindOf(current)}, and not the symbolic link that Homeport makes.`,
    lookAndRemove,
  );
}

async function ofFolder(folder: string, user: User): Promise<HomeportError | null> {
  const named = await seen(lstat(folder));
  if (named === null) return null;
  const facts = await seen(stat(folder));
  if (facts === null) return refusal(`${folder} is a symbolic link that leads nowhere.`, lookAndRemove);
  // What can't be made a folder of is told where the folder is made.
  if (!facts.isDirectory()) return null;
  return ofOthers(folder, named, user) ?? (isOpen(facts) ? openToAll(folder) : ofOthers(folder, facts, user));
}

const lookAndRemove = 'Nothing was touched. See who made it; remove it, and start again.';

function isOpen({ mode }: Stats): boolean {
  return (mode & worldWritable) !== 0;
}

function openToAll(path: string): HomeportError {
  return refusal(
    `${path} can be written by every user of this machine.`,
    `Nothing was touched. See that what is in it is yours, then close it: \`chmod o-w ${path}\`.`,
  );
}

function ofOthers(path: string, { uid }: Stats, own: User): HomeportError | null {
  // Root looks after the folders of others too: at boot, or in a job's container, where users have other numbers.
  if (uid === own.uid || uid === 0 || own.uid === 0) return null;
  return refusal(
    `${path} belongs to the user ${uid}, and this is ${own.username} (${own.uid}).`,
    `Nothing was touched. Run this as that user, give the folder to yours (\`sudo chown -R ${own.username}\`), or set \`state-directory\`.`,
  );
}

function refusal(what: string, hint: string): HomeportError {
  return new HomeportError(`The state folder can not be trusted: ${what}`, { hint });
}

function kindOf(facts: Stats): string {
  if (facts.isSymbolicLink()) return 'a symbolic link';
  return facts.isDirectory() ? 'a folder' : 'no plain file';
}

/** `null` for what is not there, or where nothing can be. */
async function seen(looking: Promise<Stats>): Promise<Stats | null> {
  try {
    return await looking;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP' || code === 'EACCES') return null;
    throw error;
  }
}
