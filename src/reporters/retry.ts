import { setTimeout as sleep } from 'node:timers/promises';

/** Milliseconds between two tries of one request: five tries, then it is given up. */
const pauses = [300, 600, 1200, 2400] as const;

/** Why a request of a reporter failed, for people. `again`: it may go well another time, after `pauseMs` at the earliest. */
export class RequestFailure extends Error {
  readonly again: boolean;
  readonly pauseMs: number;

  constructor(message: string, options: { again: boolean; pauseMs?: number }) {
    super(message);
    this.again = options.again;
    this.pauseMs = options.pauseMs ?? 0;
  }
}

/** Until when a reporter may try. */
export interface Deadline {
  readonly signal: AbortSignal;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** When `signal` aborts, at the latest in so many milliseconds. */
export function deadlineIn(milliseconds: number, signal: AbortSignal): Deadline {
  const over = new AbortController();
  setTimeout(() => over.abort(), milliseconds).unref();
  return { signal: AbortSignal.any([signal, over.signal]), at: Date.now() + milliseconds };
}

/**
 * Does it again, less and less often, as long as a `RequestFailure` says that this may help and there is time. Throws
 * the last failure.
 */
export async function retrying<T>(attempt: () => Promise<T>, deadline: Deadline): Promise<T> {
  for (let failures = 0; ; failures += 1) {
    try {
      return await attempt();
    } catch (error) {
      const shortest = pauses[failures];
      if (!(error instanceof RequestFailure) || !error.again || shortest === undefined) throw error;
      const pause = Math.max(shortest, error.pauseMs);
      if (Date.now() + pause > deadline.at) throw error;
      await sleep(pause, undefined, { signal: deadline.signal }).catch(() => undefined);
      if (deadline.signal.aborted) throw error;
    }
  }
}

/** Milliseconds that a `Retry-After` asks for: seconds or a date (RFC 9110, 10.2.3); 0 when it asks for nothing. */
export function retryAfterMs(header: string | null): number {
  if (header === null) return 0;
  const milliseconds = /^\s*\d+\s*$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isFinite(milliseconds) ? Math.max(0, milliseconds) : 0;
}
