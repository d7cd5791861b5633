import { closeSync, ftruncateSync, openSync, readFileSync, watch, writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Host } from '../hosts/host.ts';
import { ownedProcesses, stopOwned } from '../hosts/owned.ts';
import { formatDuration } from '../request/units.ts';
import { HomeportError, messageOf } from './error.ts';
import { formatHolder, type Holder, isAlive, linesForPeople, parseHolder, thisProcess } from './holder.ts';
import { type Flock, isNamed, LockQueue, type Ticket } from './lock-queue.ts';

/** Milliseconds between two looks at whether the holder still lives. */
const heartbeat = 1000;

export interface TakeOptions {
  /** Milliseconds to wait for others. */
  readonly timeout: number;
  readonly signal: AbortSignal;
  /** Hears who holds the lock, in lines for people, when the wait begins and whenever that changes. */
  readonly onWait: (holder: string) => void;
  /** Hears, as a sentence, what a killed holder left running. Without it `onWait` does. */
  readonly onOrphans?: (sentence: string) => void;
}

/**
 * The kernel's lock on an open file. `flock` locks the open file that it inherits, so the lock belongs to this process
 * and to every child which it hands the descriptor on to, and is gone exactly when the last of them is: no stale locks.
 */
export class ProjectLock {
  readonly #path: string;
  #descriptor: number | undefined;
  /** What the next command inherits: the lock, or a ticket that is to be locked. */
  #handed: number | undefined;
  #held = false;

  constructor(path: string) {
    this.#path = path;
  }

  get descriptor(): number | undefined {
    return this.#handed;
  }

  /**
   * Takes the lock, behind everybody who waits already. Where the holder was killed, stops what it left running, which
   * keeps the lock until then. Throws `HomeportError` when the wait is over or `signal` aborts.
   */
  async take(host: Host, holder: Holder, options: TakeOptions): Promise<void> {
    const flock = this.#flockOn(host, options);
    const queue = new LockQueue(this.#path, flock);
    const maker = await thisProcess(host);
    let ticket: Ticket | null = null;
    try {
      if (!queue.isEmpty() || !(await this.#lock(flock, 'at-once'))) {
        ticket = await queue.join(host, maker);
        await this.#wait(host, ticket, flock, options);
      }
      this.#held = true;
      // Before the ticket goes: the next one then reads who it waits for.
      this.#write(formatHolder(holder, maker));
      this.#handed = this.#descriptor;
    } catch (error) {
      this.release();
      throw error;
    } finally {
      ticket?.leave();
    }
  }

  /** Lets go; the kernel keeps the lock for children that still run. */
  release(): void {
    // Those children are not orphans of somebody who was killed.
    if (this.#held) this.#write('');
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#held = false;
    this.#descriptor = undefined;
    this.#handed = undefined;
  }

  async #wait(host: Host, ticket: Ticket, flock: Flock, options: TakeOptions): Promise<void> {
    const news = new HolderNews(() => this.#read(), options.onWait);
    const over = new AbortController();
    let orphans: Promise<void> | null = null;
    try {
      await ticket.reachHead(() => news.follow(this.#path));
      if (await this.#lock(flock, 'at-once')) return;
      news.follow(this.#path);
      orphans = this.#stopOrphans(host, options, over.signal);
      await this.#lock(flock, 'waiting');
    } finally {
      over.abort();
      news.end();
      await orphans;
    }
  }

  async #lock(flock: Flock, when: 'at-once' | 'waiting'): Promise<boolean> {
    for (;;) {
      this.#descriptor ??= openSync(this.#path, 'a+', 0o600);
      if (!(await flock(this.#descriptor, when))) return false;
      // Somebody may have removed the file meanwhile: then another one is the lock.
      if (isNamed(this.#path, this.#descriptor)) return true;
      closeSync(this.#descriptor);
      this.#descriptor = undefined;
    }
  }

  /**
   * While we are next: once the process that holds the lock has died, only its children still hold it. They are stopped,
   * so that the lock gets free. Never rejects.
   */
  async #stopOrphans(host: Host, options: TakeOptions, over: AbortSignal): Promise<void> {
    const told = new Set<string>();
    const tell = (sentence: string): void => {
      if (!told.has(sentence)) (options.onOrphans ?? options.onWait)(sentence);
      told.add(sentence);
    };
    while (!over.aborted) {
      try {
        const held = parseHolder(this.#read());
        if (held !== null && !(await isAlive(host, held))) {
          const { length } = await ownedProcesses(host, held.owner);
          const what = length === 1 ? '1 command that it' : `${length} commands that it`;
          if (length > 0) {
            tell(`${held.what} was killed; stopping ${what} left running.`);
            await stopOwned(host, held.owner);
          }
        }
      } catch (error) {
        tell(messageOf(error));
      }
      await sleep(heartbeat, undefined, { signal: over }).catch(() => {});
    }
  }

  #flockOn(host: Host, options: TakeOptions): Flock {
    const begin = performance.now();
    return async (descriptor, when) => {
      const waiting = when === 'waiting';
      const left = Math.max(1, options.timeout - (performance.now() - begin));
      // Its own time-out is for the case that we are killed: then nobody ends it.
      const wait = waiting ? ['--timeout', String(Math.ceil(left / 1000) + 1)] : ['--nonblock'];
      this.#handed = descriptor;
      const result = await host.exec(['flock', ...wait, '3'], {
        timeout: waiting ? left : 60_000,
        ...(waiting ? { signal: options.signal } : {}),
        changes: true,
        record: false,
      });
      this.#handed = undefined;
      if (result.outcome === 'success') return true;
      if (result.outcome === 'not-found') {
        throw new HomeportError('The command `flock` is not on this host, so the project can not be locked.', {
          hint: 'Install util-linux.',
        });
      }
      const busy = result.outcome === 'failed' && result.exitCode === 1;
      if (busy && !waiting) return false;
      if (result.outcome === 'failed' && !busy) {
        throw new HomeportError(`The project can not be locked: ${result.tail}`, {
          hint: 'Set `state-directory` to a folder on a disk of this machine.',
        });
      }
      const waited = formatDuration((performance.now() - begin) / 1000);
      const people = linesForPeople(this.#read()).join(', ') || 'unknown';
      throw new HomeportError(
        result.outcome === 'cancelled'
          ? 'Cancelled while waiting for another deployment of this project.'
          : `Another deployment of this project still runs after ${waited}: ${people}.`,
        { hint: 'Wait for it to end and run this again, or raise `lock-timeout`.' },
      );
    };
  }

  #read(): string {
    try {
      return readFileSync(this.#path, 'utf8');
    } catch {
      return '';
    }
  }

  /** The lock holds without its text too: a full disk must not stop a recovery. */
  #write(text: string): void {
    if (this.#descriptor === undefined) return;
    try {
      ftruncateSync(this.#descriptor, 0);
      writeSync(this.#descriptor, text);
    } catch {
      // A torn text says nothing.
    }
  }
}

/** Tells who holds the lock, once it is followed and then at every change. */
class HolderNews {
  readonly #read: () => string;
  readonly #tell: (holder: string) => void;
  #told: string | null = null;
  #stop: (() => void) | null = null;

  constructor(read: () => string, tell: (holder: string) => void) {
    this.#read = read;
    this.#tell = tell;
  }

  follow(path: string): void {
    if (this.#stop !== null) return;
    this.#stop = () => {};
    try {
      const watcher = watch(path, { persistent: false }, () => this.#look());
      this.#stop = () => watcher.close();
      watcher.on('error', this.#stop);
    } catch {
      // The kernel watches only so many files: then the first holder is all that is told.
    }
    this.#look();
  }

  end(): void {
    this.#stop?.();
  }

  #look(): void {
    const lines = linesForPeople(this.#read());
    // Between two holders there is no text.
    if (lines.length === 0 && this.#told !== null) return;
    const text = lines.map((line) => `${line}\n`).join('') || 'unknown\n';
    if (text === this.#told) return;
    this.#told = text;
    this.#tell(text);
  }
}
