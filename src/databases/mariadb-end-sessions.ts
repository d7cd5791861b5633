import { isIP } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { HomeportError } from '../deployment/error.ts';
import type { DatabaseContext, DatabaseTarget } from './database.ts';
import { type MariadbClient, mariadbClient, quoteLiteral, runSql } from './mariadb-client.ts';
import { serverOf } from './mariadb-server.ts';
import { isDown, said } from './server-down.ts';

/** Milliseconds until a session that was told to end must be gone; one that rolls back a lot takes a while. */
const longestEnd = 20_000;

/** See `DatabaseKind.endSessions`. Without the privilege PROCESS only the user's own show. */
export async function endMariadbSessions(
  target: DatabaseTarget,
  addresses: readonly string[],
  context: DatabaseContext,
): Promise<number> {
  const known = [...new Set(addresses)].filter((address) => isIP(address) !== 0);
  if (known.length === 0) return 0;
  const client = mariadbClient(target, context);
  try {
    await serverOf(client);
    // A server that resolves names shows the name in its place, which nobody could tell: the images don't resolve.
    const literals = known.map((one) => quoteLiteral(one)).join(', ');
    return await endSessionsWhere(client, `LEFT(HOST, LENGTH(HOST) - LOCATE(':', REVERSE(HOST))) IN (${literals})`);
  } catch (error) {
    if (isDown(error)) return 0;
    throw error;
  }
}

/**
 * Ends the sessions for which a condition on the process list holds, waits until they are gone, and gives how many they
 * were. Throws `HomeportError` when some stay.
 */
export async function endSessionsWhere(client: MariadbClient, condition: string): Promise<number> {
  const what = `The sessions on the server of ${client.target.service} could not be ended`;
  const list = `SELECT ID FROM information_schema.PROCESSLIST
    WHERE ID <> CONNECTION_ID() AND COMMAND NOT IN ('Daemon', 'Binlog Dump') AND (${condition});`;
  const ended = new Set<string>();
  const begin = performance.now();
  for (;;) {
    const there = await runSql(client, null, list, what);
    if (there.length === 0) return ended.size;
    if (performance.now() - begin > longestEnd) {
      throw new HomeportError(
        `${what}: ${there.length} of ${ended.size} are still there after ${longestEnd / 1000} s.`,
        {
          hint: 'See with SHOW PROCESSLIST what they do.',
        },
      );
    }
    for (const id of there) {
      ended.add(id);
      // It may have ended by itself meanwhile.
      await runSql(client, null, `KILL ${Number(id)};`, what, { changes: true }).catch((error: unknown) => {
        if (!said(error, /\b1094\b|Unknown thread/i)) throw error;
      });
    }
    await sleep(100);
  }
}
