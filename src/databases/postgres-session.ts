import { PassThrough } from 'node:stream';
import type { ExecResult } from '../hosts/host.ts';
import type { DatabaseSchema } from './database.ts';
import { explain } from './explain.ts';
import { countRowsSql, lockTablesSql, parseCounts } from './postgres-catalog.ts';
import { type PostgresClient, psqlArgv } from './postgres-client.ts';
import { describeSchema } from './postgres-schema.ts';

/** How long a lock is waited for, which somebody holds who alters or truncates a table right now. */
export const lockWaitSeconds = 10;

/** A transaction that holds one moment of the database still, for the dump and for the counts alike. */
export interface Snapshot {
  readonly id: string;
  /** Exact rows of every table, at the moment of the snapshot. Throws `HomeportError`. */
  count(): Promise<Record<string, number>>;
  /** The schema at that moment. Throws `HomeportError`. */
  describe(serverVersion: number): Promise<DatabaseSchema>;
  /** Ends transaction and session; throws `HomeportError` unless both had lived until now. */
  end(): Promise<void>;
  /** Ends them whatever their state. */
  abandon(): Promise<void>;
}

/** Opens the session, exports its snapshot and locks every table against changes of its shape. */
export async function openSnapshot(client: PostgresClient): Promise<Snapshot> {
  const session = new PsqlSession(client);
  try {
    const lines = await session.ask(`SET search_path = pg_catalog;
      SET lock_timeout = '${lockWaitSeconds}s';
      BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
      SELECT 'snapshot ' || pg_export_snapshot();
      ${lockTablesSql}
      SET LOCAL lock_timeout = 0;`);
    const id = lines.find((line) => line.startsWith('snapshot '))?.slice('snapshot '.length) ?? '';
    return {
      id,
      count: async () => parseCounts(await session.ask(countRowsSql)),
      describe: async (serverVersion) => await describeSchema((sql) => session.ask(sql), serverVersion),
      end: async () => {
        await session.ask('COMMIT;');
        await session.close();
      },
      abandon: async () => {
        await session.close().catch(() => {});
      },
    };
  } catch (error) {
    await session.close().catch(() => {});
    throw error;
  }
}

/** One psql that is spoken to for as long as it lives. */
class PsqlSession {
  readonly #client: PostgresClient;
  readonly #input = new PassThrough();
  readonly #over: Promise<ExecResult>;
  #lines: string[] = [];
  #answered: (() => void) | null = null;
  #questions = 0;

  constructor(client: PostgresClient) {
    this.#client = client;
    const { host, signal, timeout } = client.context;
    this.#over = host.exec(psqlArgv(client, client.target.database), {
      input: this.#input,
      timeout,
      signal,
      record: false,
      onLine: (line, stream) => {
        if (stream === 'stdout') this.#take(line);
      },
    });
    // A write after psql has gone fails the exec, not the process.
    this.#input.on('error', () => {});
  }

  /** Gives the lines that the statements print. One question at a time. Throws `HomeportError` when psql ends instead. */
  async ask(sql: string): Promise<string[]> {
    this.#lines = [];
    this.#questions += 1;
    const answered = new Promise<'answered'>((resolve) => {
      this.#answered = () => resolve('answered');
    });
    this.#input.write(`${sql}\nSELECT 'homeport answer ${this.#questions}';\n`);
    const first = await Promise.race([answered, this.#over]);
    if (first !== 'answered') throw this.#explain(first);
    return this.#lines;
  }

  async close(): Promise<void> {
    this.#input.end();
    const result = await this.#over;
    if (result.outcome !== 'success') throw this.#explain(result);
  }

  #take(line: string): void {
    if (line === `homeport answer ${this.#questions}`) this.#answered?.();
    else this.#lines.push(line);
  }

  #explain(result: ExecResult) {
    return explain(result, `The snapshot of ${this.#client.target.database} could not be held`);
  }
}
