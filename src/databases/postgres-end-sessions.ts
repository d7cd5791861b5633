import { isIP } from 'node:net';
import { HomeportError } from '../deployment/error.ts';
import type { DatabaseContext, DatabaseTarget } from './database.ts';
import { type PostgresClient, postgresClient, quoteLiteral, runSql } from './postgres-client.ts';
import { serverOf } from './postgres-server.ts';
import { isDown, longestReturn } from './server-down.ts';

/** Seconds until a session that was told to end must be gone; one that rolls back a lot takes a while. */
const longestEnd = 20;

/** See `DatabaseKind.endSessions`. */
export async function endPostgresSessions(
  target: DatabaseTarget,
  addresses: readonly string[],
  context: DatabaseContext,
): Promise<number> {
  const known = [...new Set(addresses)].filter((address) => isIP(address) !== 0);
  if (known.length === 0) return 0;
  const client = postgresClient(target, context);
  try {
    const from = await serverOf(client, 'any', Math.min(context.timeout, longestReturn));
    return await endSessionsWhere(client, from, `client_addr IN (${known.map((one) => `inet ${quoteLiteral(one)}`)})`);
  } catch (error) {
    if (isDown(error)) return 0;
    throw error;
  }
}

/**
 * Ends the sessions for which a condition on `pg_stat_activity` holds, waits until they are gone, and gives how many they
 * were. Throws `HomeportError` when some stay.
 */
export async function endSessionsWhere(client: PostgresClient, from: string, condition: string): Promise<number> {
  const those = `FROM pg_stat_activity WHERE ${condition} AND pid <> pg_backend_pid()`;
  const sql = `SELECT count(*) ${those};
    DO $homeport$
    DECLARE session int;
    BEGIN
      FOR attempt IN 1..${longestEnd * 20} LOOP
        PERFORM pg_stat_clear_snapshot();
        EXIT WHEN NOT EXISTS (SELECT ${those});
        FOR session IN SELECT pid ${those} LOOP
          BEGIN
            PERFORM pg_terminate_backend(session);
          EXCEPTION WHEN insufficient_privilege THEN
            NULL;
          END;
        END LOOP;
        PERFORM pg_sleep(0.05);
      END LOOP;
    END $homeport$;
    SELECT count(*) ${those};`;
  const what = `The sessions on PostgreSQL of ${client.target.service} could not be ended`;
  const [ended = 0, left = 0] = (await runSql(client, from, sql, what, { changes: true })).map(Number);
  if (left === 0) return ended;
  throw new HomeportError(`${what}: ${left} of ${ended} are still there after ${longestEnd} s.`, {
    hint: 'See in pg_stat_activity what they do; only a superuser may end the sessions of one.',
  });
}
