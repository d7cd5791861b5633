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

  /** Milliseconds so far. */
  get busyMs(): number {
    return this.#busy + (this.#under > 0 ? performance.now() - this.#since : 0);
  }
}
