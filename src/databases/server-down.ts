import { setTimeout as sleep } from 'node:timers/promises';
import { HomeportError } from '../deployment/error.ts';

/** Milliseconds in which a server that was killed, or whose engine was, has to be there again. */
export const longestReturn = 60_000;
/** Milliseconds for a container that is started again after it was killed. */
const startsAgain = 5000;

export interface Patience {
  /** Whether an error says that the server will answer in a moment. */
  readonly isOnItsWay: (error: unknown) => boolean;
  /** Milliseconds. */
  readonly patience: number;
  readonly signal: AbortSignal;
}

/** What a server answers, once it does: a moment after a start or a crash it doesn't yet. Throws what `ask` throws. */
export async function onceItAnswers<T>(ask: () => Promise<T>, options: Patience): Promise<T> {
  const begin = performance.now();
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      const { patience, isOnItsWay, signal } = options;
      const limit = isDown(error) ? Math.min(startsAgain, patience) : isOnItsWay(error) ? patience : 0;
      if (performance.now() - begin >= limit) throw error;
      await sleep(200, undefined, { signal }).catch(() => {});
    }
  }
}

/** Whether the container is there but doesn't run: the server has neither sessions nor processes then. */
export function isDown(error: unknown): boolean {
  return said(error, /container \S+ is (not running|restarting|paused)|stopped container|container that has stopped/i);
}

/** Whether the client program behind an error said such words. */
export function said(error: unknown, words: RegExp): boolean {
  return error instanceof HomeportError && words.test(`${error.message}\n${error.excerpt ?? ''}`);
}
