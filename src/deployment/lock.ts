import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import type { Host } from '../hosts/host.ts';
import { formatDuration } from '../request/units.ts';
import { HomeportError } from './error.ts';

/** Who holds a project, as text in the lock file. */
export interface Holder {
  readonly what: string;
  readonly who: string;
  readonly since: string;
}

/**
 * The kernel's lock on an open file. `flock` locks the open file that it inherits, so the lock belongs to this process
 * and to every child which it hands the descriptor on to, and is gone exactly when the last of them is: no stale locks.
 */
export class ProjectLock {
  readonly #path: string;
  #descriptor: number | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  get descriptor(): number | undefined {
    return this.#descriptor;
  }

  /**
   * Takes the lock, waiting up to `timeout` ms. `onWait` hears the holder's text when it has to wait.
   * Throws `HomeportError` when the wait is over or `signal` aborts.
   */
  async take(
    host: Host,
    holder: Holder,
    options: { timeout: number; signal: AbortSignal; onWait: (holder: string) => void },
  ): Promise<void> {
    this.#descriptor = openSync(this.#path, 'a+', 0o600);
    const begin = Date.now();
    try {
      let result = await host.exec(['flock', '--nonblock', '3'], { timeout: 10_000, changes: true, record: false });
      if (result.outcome === 'failed' && result.exitCode === 1) {
        options.onWait((await host.files.readText(this.#path)) ?? '');
        // The kernel serves those who wait in their order.
        result = await host.exec(['flock', '3'], {
          timeout: Math.max(1, options.timeout),
          signal: options.signal,
          changes: true,
          record: false,
        });
      }
      if (result.outcome === 'not-found') {
        throw new HomeportError('The command `flock` is not on this host, so the project can not be locked.', {
          hint: 'Install util-linux.',
        });
      }
      if (result.outcome !== 'success') {
        const text = ((await host.files.readText(this.#path)) ?? '').trim();
        const waited = formatDuration((Date.now() - begin) / 1000);
        throw new HomeportError(
          result.outcome === 'cancelled'
            ? 'Cancelled while waiting for another deployment of this project.'
            : `Another deployment of this project still runs after ${waited}: ${text === '' ? 'unknown' : text.replaceAll('\n', ', ')}.`,
          { hint: 'Wait for it to end and run this again, or raise `lock-timeout`.' },
        );
      }
    } catch (error) {
      this.release();
      throw error;
    }
    const text = `${holder.what}\n${holder.who}\nsince ${holder.since}\nprocess ${process.pid}\n`;
    ftruncateSync(this.#descriptor, 0);
    writeSync(this.#descriptor, text);
  }

  /** Lets go; the kernel keeps the lock for children that still run. */
  release(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }
}
