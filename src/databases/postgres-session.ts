import { ClientSession } from './client-session.ts';
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
  const session = new ClientSession({
    argv: psqlArgv(client, client.target.database),
    context: client.context,
    explain: (result) => explain(result, `The snapshot of ${client.target.database} could not be held`),
  });
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
