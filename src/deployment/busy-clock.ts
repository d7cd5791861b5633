import type { Host } from '../hosts/host.ts';

/**
 * Adds up the time in which at least one command, check or watch is under way, each moment counted once. What is left of
 * the wall clock is Homeport's own.
 */
export class BusyClock {
  #under = 0;
  #since = 0;
  #busy = 0;

  async during<T>(work: () => Promise<T>): Promise<T> {
    if (this.#under === 0) this.#since = performance.now();
    this.#under += 1;
    try {
      return await work();
    } finally {
      this.#under -= 1;
      if (this.#under === 0) this.#busy += performance.now() - this.#since;
    }
  }

  /** The host, with the time of its commands counted. */
  hostOf(host: Host): Host {
    return {
      name: host.name,
      files: host.files,
      exec: (argv, options) => this.during(() => host.exec(argv, options)),
    };
  }

  /** Milliseconds so far. */
  get busyMs(): number {
    return this.#busy + (this.#under > 0 ? performance.now() - this.#since : 0);
  }
}
