import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import type { Holder } from '../../src/deployment/holder.ts';
import { ProjectLock, type TakeOptions } from '../../src/deployment/lock.ts';
import { LocalHost } from '../../src/hosts/local.ts';
import { Redactor } from '../../src/hosts/redactor.ts';

export const ada: Holder = {
  what: 'deploy d1',
  who: 'ada',
  since: '2025-11-21T10:15:00.000Z',
  commit: null,
  runUrl: null,
  owner: 'shop#d1',
};

export interface Lock {
  readonly lock: ProjectLock;
  readonly take: (options?: Partial<TakeOptions>) => Promise<void>;
}

/** A lock of this process, let go when the test ends. */
export function newLock(path: string): Lock {
  const lock: ProjectLock = new ProjectLock(path);
  const host = new LocalHost({ redactor: new Redactor(), lockDescriptor: () => lock.descriptor });
  onTestFinished(() => lock.release());
  const take = async (options: Partial<TakeOptions> = {}): Promise<void> =>
    await lock.take(host, ada, {
      timeout: 20_000,
      signal: new AbortController().signal,
      onWait: () => {},
      ...options,
    });
  return { lock, take };
}

/** One that waits already: until then nothing of the test goes on. */
export async function waitingLock(path: string, options: Partial<TakeOptions> = {}) {
  const { lock, take } = newLock(path);
  const heard: string[] = [];
  let taken: Promise<void> = Promise.resolve();
  await new Promise<void>((resolve, reject) => {
    taken = take({
      ...options,
      onWait: (holder) => {
        heard.push(holder);
        resolve();
      },
    });
    taken.then(() => reject(new Error('it did not wait')), reject);
  });
  return { lock, heard, taken };
}

/** Whether the lock can be had at this moment. */
export async function isFree(path: string): Promise<boolean> {
  const { lock, take } = newLock(path);
  const free = await take({ timeout: 1 }).then(
    () => true,
    () => false,
  );
  lock.release();
  return free;
}

/** What is in the folder of the lock, sorted. */
export function leftBeside(path: string): string[] {
  return readdirSync(dirname(path)).sort();
}

/** One that has ended, and whose parent has not noticed, does not run. */
export function runs(pid: number): boolean {
  try {
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
}

/** Another process, see `lock-holder.ts`. */
export class Other {
  readonly ended: Promise<void>;
  /** Every line that it said. */
  readonly lines: string[] = [];
  readonly #process: ChildProcess;
  #wake: (() => void)[] = [];

  constructor(path: string, mode: 'alone' | 'changing' | 'asking' | 'passing', name = '') {
    const script = fileURLToPath(new URL('./lock-holder.ts', import.meta.url));
    const other = spawn(process.execPath, [script, path, mode, name], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#process = other;
    this.ended = new Promise((resolve) => other.once('exit', () => resolve()));
    createInterface({ input: other.stdout }).on('line', (line) => {
      this.lines.push(line);
      for (const wake of this.#wake.splice(0)) wake();
    });
    onTestFinished(() => {
      other.kill('SIGKILL');
    });
  }

  /** What follows these words in the first line that begins with them. */
  async said(words: string): Promise<string> {
    for (;;) {
      const line = this.lines.find((known) => `${known} `.startsWith(`${words} `));
      if (line !== undefined) return line.slice(words.length).trim();
      await Promise.race([
        new Promise<void>((resolve) => {
          this.#wake.push(resolve);
        }),
        this.ended.then(() => Promise.reject(new Error(`it ended without having said: ${words}`))),
      ]);
    }
  }

  /** The ID of its child, once it has the lock. */
  async held(): Promise<number> {
    const child = Number(await this.said('held'));
    onTestFinished(() => {
      if (child > 0 && runs(child)) process.kill(child, 'SIGKILL');
    });
    return child;
  }

  async kill(): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.ended;
  }

  async release(): Promise<void> {
    this.#process.stdin?.write('release\n');
    await this.ended;
  }

  /** One more of a passing process takes its turn; gives when it has begun to wait. */
  async queue(name: string): Promise<void> {
    this.#process.stdin?.write(`${name}\n`);
    await this.said(`waits ${name}`);
  }

  async passed(...names: readonly string[]): Promise<void> {
    for (const name of names) await this.said(`passed ${name}`);
  }
}
