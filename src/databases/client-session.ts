import { PassThrough } from 'node:stream';
import type { HomeportError } from '../deployment/error.ts';
import type { ExecResult } from '../hosts/host.ts';
import type { DatabaseContext } from './database.ts';

export interface SessionOptions {
  /** A client that runs statements as they come on its standard input, and prints values alone. */
  readonly argv: readonly [string, ...string[]];
  readonly context: DatabaseContext;
  /** What people read when the client ends before its time. */
  readonly explain: (result: ExecResult) => HomeportError;
}

/** One client program of a server that is spoken to for as long as it lives. */
export class ClientSession {
  readonly #options: SessionOptions;
  readonly #input = new PassThrough();
  readonly #over: Promise<ExecResult>;
  #lines: string[] = [];
  #answered: (() => void) | null = null;
  #questions = 0;

  constructor(options: SessionOptions) {
    this.#options = options;
    const { host, signal, timeout } = options.context;
    this.#over = host.exec(options.argv, {
      input: this.#input,
      timeout,
      signal,
      record: false,
      onLine: (line, stream) => {
        if (stream === 'stdout') this.#take(line);
      },
    });
    // A write after the client has gone fails the exec, not the process.
    this.#input.on('error', () => {});
  }

  /** Gives the lines that the statements print. One question at a time. Throws `HomeportError` when the client ends instead. */
  async ask(sql: string): Promise<string[]> {
    this.#lines = [];
    this.#questions += 1;
    const answered = new Promise<'answered'>((resolve) => {
      this.#answered = () => resolve('answered');
    });
    this.#input.write(`${sql}\nSELECT 'homeport answer ${this.#questions}';\n`);
    const first = await Promise.race([answered, this.#over]);
    if (first !== 'answered') throw this.#options.explain(first);
    return this.#lines;
  }

  /** Throws `HomeportError` unless it had lived until now. */
  async close(): Promise<void> {
    this.#input.end();
    const result = await this.#over;
    if (result.outcome !== 'success') throw this.#options.explain(result);
  }

  #take(line: string): void {
    if (line === `homeport answer ${this.#questions}`) this.#answered?.();
    else this.#lines.push(line);
  }
}
