import { messageOf } from '../deployment/error.ts';
import type { DeploymentEvent, Reporter } from './reporter.ts';

/** Milliseconds for all reporters together. */
const closeDeadline = 10_000;
/** Milliseconds that a reporter has after the deadline to end because of its signal. */
const grace = 250;

/** Passes events to reporters, so that none can hurt the deployment or another reporter: what they throw is a warning. */
export class FanOut {
  readonly #reporters: readonly Reporter[];
  readonly #onWarning: (text: string) => void;
  readonly #warned = new Set<string>();
  #closed: Promise<void> | null = null;

  /** `onWarning` gets each message of a reporter once. */
  constructor(reporters: readonly Reporter[], onWarning: (text: string) => void) {
    this.#reporters = reporters;
    this.#onWarning = onWarning;
  }

  event(event: DeploymentEvent): void {
    for (const reporter of this.#reporters) {
      try {
        // A method that is `async` by mistake fits the contract too; what it rejects with would end the process.
        const returned: unknown = reporter.event(event);
        if (returned instanceof Promise) returned.catch((error: unknown) => this.#warn(reporter, messageOf(error)));
      } catch (error) {
        this.#warn(reporter, messageOf(error));
      }
    }
  }

  /** Ends all reporters within 10 s (and a little), whatever they do. Never rejects; the same promise when called again. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const deadline = new AbortController();
    const timers: NodeJS.Timeout[] = [];
    const open = new Set(this.#reporters);
    const over = new Promise<void>((resolve) => {
      timers.push(
        setTimeout(() => deadline.abort(new Error(`took longer than ${closeDeadline / 1000} s`)), closeDeadline),
        setTimeout(resolve, closeDeadline + grace),
      );
    });
    const all = Promise.all(
      this.#reporters.map(async (reporter) => {
        try {
          await reporter.close(deadline.signal);
        } catch (error) {
          this.#warn(reporter, messageOf(error));
        }
        open.delete(reporter);
      }),
    );
    await Promise.race([all, over]);
    for (const timer of timers) clearTimeout(timer);
    for (const reporter of open) this.#warn(reporter, `did not end within ${closeDeadline / 1000} s`);
  }

  #warn(reporter: Reporter, message: string): void {
    const text = `The reporter ${reporter.name} failed: ${message}`;
    if (this.#warned.has(text)) return;
    this.#warned.add(text);
    try {
      this.#onWarning(text);
    } catch {
      // Nobody is left to tell.
    }
  }
}
