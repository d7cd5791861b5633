import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';

const PAUSE_MS = 100;
const ANSWER_WITHIN_MS = 2000;
// One in so many visits signs the book.
const SIGNS_EVERY = 8;
// The guestbook lists its newest 100 entries; all of ours must be among them.
const MOST_ENTRIES = 90;

const versionSchema = z.object({ version: z.string() });
const entrySchema = z.object({ id: z.number(), message: z.string() });
export type Entry = z.infer<typeof entrySchema>;

/** What visitors met in a span of time, from the first answer ever on. */
export interface Visits {
  /** Answers to `GET /version`, by version. */
  answered: Map<string, number>;
  failed: number;
  /** Entries that the guestbook said it has taken. */
  signed: number;
  /** Seconds between two answers, at most. */
  longestSilence: number;
}

/** Asks for the version ten times a second and signs the guestbook now and then, until it is stopped. */
export class Visitor {
  /** All entries that the guestbook said it has taken. */
  readonly signed: Entry[] = [];
  readonly #url: string;
  readonly #stop = new AbortController();
  #visits = noVisits();
  #lastAnswer: number | null = null;
  #done: Promise<void> | null = null;

  constructor(url: string) {
    this.#url = url;
  }

  start(): void {
    this.#done = this.#visitOn();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#done;
  }

  /** What was met since the last call. */
  take(): Visits {
    const visits = this.#visits;
    this.#visits = noVisits();
    return visits;
  }

  async #visitOn(): Promise<void> {
    for (let visit = 1; !this.#stop.signal.aborted; visit += 1) {
      await this.#askVersion();
      // The first one signs at once, so that there is an entry of the first version in any case.
      const isTurn = this.signed.length === 0 || visit % SIGNS_EVERY === 0;
      const canSign = this.#lastAnswer !== null && this.signed.length < MOST_ENTRIES;
      if (isTurn && canSign) await this.#sign(`Visit ${visit}`);
      await sleep(PAUSE_MS, undefined, { signal: this.#stop.signal }).catch(() => {});
    }
  }

  async #askVersion(): Promise<void> {
    try {
      const version = await askVersion(this.#url);
      const now = performance.now();
      const silence = (now - (this.#lastAnswer ?? now)) / 1000;
      this.#lastAnswer = now;
      this.#visits.longestSilence = Math.max(this.#visits.longestSilence, silence);
      this.#visits.answered.set(version, (this.#visits.answered.get(version) ?? 0) + 1);
    } catch {
      this.#countFailure();
    }
  }

  async #sign(message: string): Promise<void> {
    try {
      const entry = await ask('POST', `${this.#url}/entries`, 201, JSON.stringify({ name: 'A visitor', message }));
      this.signed.push(entrySchema.parse(entry));
      this.#visits.signed += 1;
    } catch {
      this.#countFailure();
    }
  }

  #countFailure(): void {
    // Before the first version answers there is nothing that could fail.
    if (this.#lastAnswer !== null) this.#visits.failed += 1;
  }
}

/** The version that answers at `url`. Throws when none does. */
export async function askVersion(url: string): Promise<string> {
  return versionSchema.parse(await ask('GET', `${url}/version`, 200)).version;
}

/** The newest entries of the guestbook. */
export async function askEntries(url: string): Promise<Entry[]> {
  return z.array(entrySchema).parse(await ask('GET', `${url}/entries`, 200));
}

function noVisits(): Visits {
  return { answered: new Map(), failed: 0, signed: 0, longestSilence: 0 };
}

/** One request on a connection of its own: neither a proxy nor an old connection stands between. Gives the JSON. */
async function ask(method: string, url: string, expected: number, body?: string): Promise<unknown> {
  return await new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { 'content-type': 'application/json' };
    const signal = AbortSignal.timeout(ANSWER_WITHIN_MS);
    const sent = request(url, { method, headers, agent: false, signal }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        if (response.statusCode !== expected) return reject(new Error(`${method} ${url}: ${response.statusCode}`));
        try {
          resolve(JSON.parse(Buffer.concat(chunks).toString('utf8')));
        } catch (error) {
          reject(error);
        }
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}
