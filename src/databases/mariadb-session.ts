import { setTimeout as sleep } from 'node:timers/promises';
import { HomeportError } from '../deployment/error.ts';
import { ClientSession } from './client-session.ts';
import type { DatabaseSchema } from './database.ts';
import { explain } from './explain.ts';
import {
  countSql,
  parseCounts,
  parseTables,
  type ServerDescription,
  type Table,
  tablesSql,
} from './mariadb-catalog.ts';
import { type MariadbClient, plainSession, sqlArgv, withoutChatter } from './mariadb-client.ts';
import { describeSchema } from './mariadb-schema.ts';

/** Seconds for which writers may be kept waiting by the lock in which dump and count begin, and a table by its change. */
const lockWaitSeconds = 10;

/** What was seen of the database at the moment of a dump. */
export interface Seen {
  /** Exact rows of the tables that a snapshot holds still; `null` where it could not be the dump's own. */
  readonly rows: Record<string, number> | null;
  readonly tables: readonly Table[];
  readonly schema: DatabaseSchema;
}

/** Tables or anything else of a database were altered while it was dumped. */
export class ChangedMeanwhile extends HomeportError {
  constructor(database: string) {
    super(`The schema of ${database} was changed again and again while it was dumped.`, {
      hint: 'Run `homeport backup` again when nothing alters its tables.',
    });
  }
}

/** A session beside a dump, which begins with it. */
export class Beside {
  readonly #session: ClientSession;
  readonly #client: MariadbClient;

  private constructor(client: MariadbClient) {
    this.#client = client;
    this.#session = new ClientSession({
      argv: sqlArgv(client, client.target.database),
      context: client.context,
      explain: (result) =>
        explain(withoutChatter(result), `The snapshot of ${client.target.database} could not be held`),
    });
  }

  static async open(client: MariadbClient): Promise<Beside> {
    const beside = new Beside(client);
    try {
      await beside.#session.ask(
        `${plainSession} SET SESSION lock_wait_timeout = ${lockWaitSeconds}, wait_timeout = 28800;
         SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ;`,
      );
      return beside;
    } catch (error) {
      await beside.abandon();
      throw error;
    }
  }

  /** Nobody writes from here on until `release`; a snapshot of the moment is kept. Throws when somebody holds it up. */
  async hold(): Promise<void> {
    const mark = `/* ${this.#client.marker} */`;
    await this.#session.ask(
      `FLUSH ${mark} TABLES WITH READ LOCK; START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY;`,
    );
  }

  async release(): Promise<void> {
    await this.#session.ask('UNLOCK TABLES;');
  }

  /** `isHeld`: a snapshot is, so that counts are of that moment. */
  async look(server: ServerDescription, isHeld: boolean): Promise<Seen> {
    const { database } = this.#client.target;
    const ask = async (sql: string) => await this.#session.ask(sql);
    const schema = await describeSchema(ask, server, database);
    const tables = parseTables(await ask(tablesSql(database)));
    if (!isHeld) return { rows: null, tables, schema };
    const lines: string[] = [];
    for (const { name, transactional } of tables) {
      if (!transactional) continue;
      // Whoever wants to alter the table waits for its count alone, not for all of them.
      const mark = `/* ${this.#client.marker} */`;
      lines.push(...(await ask(`SAVEPOINT homeport; ${mark} ${countSql(name)} ROLLBACK TO SAVEPOINT homeport;`)));
    }
    return { rows: parseCounts(lines), tables, schema };
  }

  /**
   * At the end of the dump. Throws `HomeportError` unless the session had lived until now and the schema is still the same:
   * neither catalog nor dump has a snapshot of that.
   */
  async end(server: ServerDescription, seen: DatabaseSchema): Promise<void> {
    const { database } = this.#client.target;
    const now = await describeSchema(async (sql) => await this.#session.ask(sql), server, database);
    if (now.digest !== seen.digest) throw new ChangedMeanwhile(database);
    await this.#session.ask('COMMIT;');
    await this.#session.close();
  }

  /** Ends it whatever its state. */
  async abandon(): Promise<void> {
    await Promise.race([this.#session.close().catch(() => {}), sleep(5000)]);
  }
}
