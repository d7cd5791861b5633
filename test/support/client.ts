import { Agent, get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** One question of the client and what came of it. */
export interface Asked {
  readonly at: Date;
  readonly durationMs: number;
  /** What was answered with status 200, trimmed; `null` for anything else. */
  readonly answer: string | null;
  /** Why there was no such answer. */
  readonly problem: string | null;
}

export interface ClientStatistics {
  readonly asked: readonly Asked[];
  readonly failed: readonly Asked[];
  /** How often each text was answered. */
  readonly answers: Readonly<Record<string, number>>;
  /** The texts in the order in which they were first answered. */
  readonly order: readonly string[];
  /** From the last good answer before the longest row of failures to the first one after it; 0 without any. */
  readonly longestGapMs: number;
}

export interface Client {
  /** Resolves with the next good answer that `wanted` accepts; rejects when the client ends before. */
  answered(wanted: (answer: string) => boolean): Promise<string>;
  stop(): Promise<ClientStatistics>;
}

/**
 * Keeps asking `url`, one question at a time and one about every 20 ms, as a user of the service would. Ends by itself
 * after `maximumMs` or `maximumCount` questions.
 */
export function keepAsking(url: string, bounds: { maximumMs?: number; maximumCount?: number } = {}): Client {
  const until = Date.now() + (bounds.maximumMs ?? 120_000);
  const most = bounds.maximumCount ?? 10_000;
  const stop = new AbortController();
  const asked: Asked[] = [];
  const hearers = new Set<(one: Asked) => void>();

  const loop = (async () => {
    while (!stop.signal.aborted && Date.now() < until && asked.length < most) {
      const one = await ask(url);
      asked.push(one);
      for (const hear of hearers) hear(one);
      await sleep(Math.max(0, 20 - one.durationMs), undefined, { signal: stop.signal }).catch(() => {});
    }
  })();

  return {
    answered: (wanted) => {
      const heard = new Promise<string>((resolve) => {
        hearers.add((one) => {
          if (one.answer !== null && wanted(one.answer)) resolve(one.answer);
        });
      });
      const ended = loop.then(() => {
        throw new Error(`${url} was asked ${asked.length} times, and never gave the answer that was awaited`);
      });
      return Promise.race([heard, ended]);
    },
    stop: async () => {
      stop.abort();
      await loop;
      return statisticsOf(asked);
    },
  };
}

/** Asks once, with a connection of its own. */
export function ask(url: string, timeoutMs = 2000): Promise<Asked> {
  const at = new Date();
  const begin = performance.now();
  return new Promise((resolve) => {
    const done = (answer: string | null, problem: string | null): void =>
      resolve({ at, durationMs: performance.now() - begin, answer, problem });
    const request = get(url, { agent: new Agent({ keepAlive: false }), timeout: timeoutMs }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('error', (error) => done(null, error.message));
      response.on('end', () =>
        response.statusCode === 200 ? done(text.trim(), null) : done(null, `status ${response.statusCode}`),
      );
    });
    request.on('timeout', () => request.destroy(new Error(`no answer within ${timeoutMs} ms`)));
    request.on('error', (error) => done(null, error.message));
  });
}

function statisticsOf(asked: readonly Asked[]): ClientStatistics {
  const answers: Record<string, number> = {};
  let lastGood: number | null = null;
  let longestGapMs = 0;
  let gap = false;
  for (const one of asked) {
    if (one.answer === null) {
      gap = true;
      continue;
    }
    answers[one.answer] = (answers[one.answer] ?? 0) + 1;
    if (gap && lastGood !== null) longestGapMs = Math.max(longestGapMs, one.at.getTime() - lastGood);
    lastGood = one.at.getTime();
    gap = false;
  }
  const failed = asked.filter((one) => one.answer === null);
  return { asked, failed, answers, order: Object.keys(answers), longestGapMs };
}
