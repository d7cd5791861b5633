import { randomBytes } from 'node:crypto';
import { closeSync, fstatSync, linkSync, openSync, readdirSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Host } from '../hosts/host.ts';
import { isAlive, type ProcessMark } from './holder.ts';

/**
 * Locks an open file by the kernel: at once, or after waiting for whoever has it. Gives whether it is ours.
 * Throws when the wait is over.
 */
export type Flock = (descriptor: number, when: 'at-once' | 'waiting') => Promise<boolean>;

/**
 * Those who wait for a lock, in the order in which they came. The kernel wakes those who wait for one file in no promised
 * order, so each waits for a file of its own: the ticket, `<lock>.<number>`, of the one before. What keeps that sound:
 *
 * - A ticket is locked by its owner from before it has its number until after it lost it. Who gets the lock of a ticket
 *   knows that its owner is gone, however that died.
 * - A number is only removed by who has the lock of its ticket, and only while it still is that ticket's: it may have been
 *   given anew since the file was opened.
 * - A new number is one above the highest there is. Who was slow to take it may come in below others that came meanwhile,
 *   never below one that waited before it came.
 * - Everybody waits for lower numbers only, so nobody in a circle, and looks again after each: one who gives up in the
 *   middle wakes the next one, who then waits for the one before that.
 * - A ticket gets its number by a hard link, and is kept until its owner has the lock itself: whoever comes while somebody
 *   waits sees a ticket.
 */
export class LockQueue {
  readonly #lock: string;
  readonly #flock: Flock;

  constructor(lock: string, flock: Flock) {
    this.#lock = lock;
    this.#flock = flock;
  }

  /** Whether nobody waits, as far as one can see: a ticket may be that of a killed one. */
  isEmpty(): boolean {
    return numbersOf(this.#lock).length === 0;
  }

  /** Gets in line, behind everybody who waits. */
  async join(host: Host, maker: ProcessMark): Promise<Ticket> {
    await this.#removeUnfinished(host, maker);
    for (;;) {
      const unfinished = `${this.#lock}.${maker.pid}-${maker.start}-${randomBytes(4).toString('hex')}.tmp`;
      const descriptor = openSync(unfinished, 'wx', 0o600);
      let number: number | null = null;
      try {
        await this.#flock(descriptor, 'at-once');
        number = numberIt(this.#lock, unfinished);
      } finally {
        rmSync(unfinished, { force: true });
        if (number === null) closeSync(descriptor);
      }
      if (number !== null) return new Ticket(this.#lock, number, descriptor, this.#flock);
    }
  }

  /** Who is killed before its ticket has a number leaves a file that nobody waits for. */
  async #removeUnfinished(host: Host, here: ProcessMark): Promise<void> {
    for (const { name, groups } of matchesOf(this.#lock, /^(?<pid>\d+)-(?<start>\d*)-[0-9a-f]+\.tmp$/)) {
      const process = { ...here, pid: Number(groups.pid), start: groups.start ?? '' };
      if (!(await isAlive(host, { process }))) rmSync(join(dirname(this.#lock), name), { force: true });
    }
  }
}

/** A place in the line. */
export class Ticket {
  readonly #lock: string;
  readonly #number: number;
  readonly #descriptor: number;
  readonly #flock: Flock;

  constructor(lock: string, number: number, descriptor: number, flock: Flock) {
    this.#lock = lock;
    this.#number = number;
    this.#descriptor = descriptor;
    this.#flock = flock;
  }

  /** Until nobody is before this one. `onWait` is called each time that it has to wait for somebody. */
  async reachHead(onWait: () => void): Promise<void> {
    for (;;) {
      const before = numbersOf(this.#lock).filter((number) => number < this.#number);
      if (before.length === 0) return;
      const path = `${this.#lock}.${Math.max(...before)}`;
      const descriptor = openIfThere(path);
      if (descriptor === null) continue;
      try {
        if (!(await this.#flock(descriptor, 'at-once'))) {
          onWait();
          await this.#flock(descriptor, 'waiting');
        }
        removeIfNamed(path, descriptor);
      } finally {
        closeSync(descriptor);
      }
    }
  }

  /** Leaves the line: with the lock in hand, or giving up. The next one moves up. */
  leave(): void {
    try {
      removeIfNamed(`${this.#lock}.${this.#number}`, this.#descriptor);
    } finally {
      closeSync(this.#descriptor);
    }
  }
}

/** Whether the path is a name of the open file: it may have been removed since, or given to another one. */
export function isNamed(path: string, descriptor: number): boolean {
  const named = statSync(path, { bigint: true, throwIfNoEntry: false });
  const open = fstatSync(descriptor, { bigint: true });
  return named !== undefined && named.ino === open.ino && named.dev === open.dev;
}

function removeIfNamed(path: string, descriptor: number): void {
  if (isNamed(path, descriptor)) rmSync(path, { force: true });
}

/** `null` when somebody took the unfinished ticket for a dead one's. */
function numberIt(lock: string, unfinished: string): number | null {
  for (let number = Math.max(0, ...numbersOf(lock)) + 1; ; number += 1) {
    try {
      linkSync(unfinished, `${lock}.${number}`);
      return number;
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return null;
      if (codeOf(error) !== 'EEXIST') throw error;
    }
  }
}

function numbersOf(lock: string): number[] {
  return matchesOf(lock, /^(?<number>[1-9]\d{0,14})$/).map(({ groups }) => Number(groups.number));
}

/** The files beside the lock whose names go on as the pattern says. */
function matchesOf(lock: string, pattern: RegExp): { name: string; groups: Partial<Record<string, string>> }[] {
  const prefix = `${basename(lock)}.`;
  return readdirSync(dirname(lock)).flatMap((name) => {
    const match = name.startsWith(prefix) ? pattern.exec(name.slice(prefix.length)) : null;
    return match?.groups === undefined ? [] : [{ name, groups: match.groups }];
  });
}

function openIfThere(path: string): number | null {
  try {
    return openSync(path, 'r');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
