import type { Readable, Writable } from 'node:stream';
import { z } from 'zod';

const messageSchema = z.object({
  id: z.number().optional(),
  sessionId: z.string().optional(),
  method: z.string().optional(),
  params: z.record(z.string(), z.unknown()).optional(),
  result: z.unknown().optional(),
  error: z.object({ message: z.string() }).optional(),
});

export interface DevToolsEvent {
  readonly session: string | undefined;
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** Milliseconds; a browser on a busy machine is slow. */
const answerTimeout = 90_000;

/**
 * The DevTools protocol over a browser's `--remote-debugging-pipe`: JSON texts, each with a NUL at its end
 * (https://chromedevtools.github.io/devtools-protocol/).
 */
export class DevTools {
  readonly #toBrowser: Writable;
  readonly #open = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  readonly #hearers = new Set<(event: DevToolsEvent) => void>();
  #lastId = 0;

  constructor(toBrowser: Writable, fromBrowser: Readable) {
    this.#toBrowser = toBrowser;
    let rest = '';
    fromBrowser.setEncoding('utf8').on('data', (text: string) => {
      const parts = (rest + text).split('\0');
      rest = parts.pop() ?? '';
      for (const part of parts) this.#take(messageSchema.parse(JSON.parse(part)));
    });
    fromBrowser.on('close', () => {
      for (const { reject } of this.#open.values()) reject(new Error('The browser is gone.'));
      this.#open.clear();
    });
    // A browser that is gone is told by the other pipe.
    toBrowser.on('error', () => {});
  }

  /** What the browser answers, read by the schema; rejects with its complaint, or when it says nothing in time. */
  async ask<T>(
    method: string,
    params: Readonly<Record<string, unknown>>,
    answer: z.ZodType<T>,
    session?: string,
  ): Promise<T> {
    this.#lastId += 1;
    const id = this.#lastId;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#open.set(id, { resolve, reject });
    const alarm = setTimeout(() => reject(new Error(`The browser did not answer ${method}.`)), answerTimeout);
    const message = { id, method, params, ...(session === undefined ? {} : { sessionId: session }) };
    this.#toBrowser.write(`${JSON.stringify(message)}\0`);
    try {
      return answer.parse(await promise);
    } finally {
      clearTimeout(alarm);
      this.#open.delete(id);
    }
  }

  /** Hears every event, until the function that it gives is called. */
  hear(hearer: (event: DevToolsEvent) => void): () => void {
    this.#hearers.add(hearer);
    return () => this.#hearers.delete(hearer);
  }

  #take(message: z.infer<typeof messageSchema>): void {
    if (message.method !== undefined) {
      const event = { session: message.sessionId, method: message.method, params: message.params ?? {} };
      for (const hearer of this.#hearers) hearer(event);
      return;
    }
    const asked = this.#open.get(message.id ?? -1);
    if (message.error === undefined) asked?.resolve(message.result);
    else asked?.reject(new Error(message.error.message));
  }
}
