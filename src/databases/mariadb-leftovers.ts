import { HomeportError } from '../deployment/error.ts';
import { forgetFiles } from './backup-names.ts';
import type { DatabaseContext, DatabaseTarget } from './database.ts';
import { explain } from './explain.ts';
import { dropDatabaseSql, isScratch, scratchPrefix } from './mariadb-catalog.ts';
import { cleaner, type MariadbClient, mariadbClient, quoteLiteral, runSql } from './mariadb-client.ts';
import { endSessionsWhere } from './mariadb-end-sessions.ts';
import { serverOf } from './mariadb-server.ts';
import { anyRun, stopProcesses } from './marked-processes.ts';

/*
 * How sessions of ours are known on the server. An idle one ends with its client. One at work may go on: by the comment in
 * its statement, or, where the statement comes from a dump, by the database that nobody else is in.
 */
function ofRuns(markers: string, databases: readonly string[]): string {
  const marked = `INFO REGEXP ${quoteLiteral(`/[*] ${markers} [*]/`)}`;
  const filling = databases.map((name) => `DB = ${quoteLiteral(name)}`);
  const scratch = markers === anyRun ? [`DB REGEXP '^${scratchPrefix}[0-9a-f]{12}$'`] : [];
  return [marked, ...filling, ...scratch].join(' OR ');
}

/**
 * Leaves no process in the container and no session on the server of the runs whose markers match, nor any in the
 * databases, which are all ours. Throws `HomeportError`.
 */
export async function stopRuns(client: MariadbClient, markers: string, databases: readonly string[]): Promise<void> {
  const stopped = await stopProcesses(client.target, markers, client.context);
  if (stopped.outcome !== 'success') {
    throw explain(stopped, `What a backup left running in ${client.target.service} could not be stopped`);
  }
  await endSessionsWhere(client, ofRuns(markers, databases));
}

/** After a failure: the same for this run alone. Never throws, for the failure is what people must read. */
export async function stopLeftovers(client: MariadbClient): Promise<void> {
  const calm = cleaner(client);
  await stopProcesses(calm.target, client.marker, calm.context);
  // A server that is down has no sessions.
  await endSessionsWhere(calm, ofRuns(client.marker, [])).catch(() => {});
}

/** Never throws: after a failure the reason of the failure is what people must read; the next backup drops what stays. */
export async function dropQuietly(client: MariadbClient, database: string): Promise<void> {
  const calm = cleaner(client);
  try {
    await endSessionsWhere(calm, `DB = ${quoteLiteral(database)}`);
    await runSql(calm, null, dropDatabaseSql(database), 'dropping', { changes: true });
  } catch {
    // A server that is down keeps it until the next backup.
  }
}

/** See `DatabaseKind.forget`. */
export async function forgetMariadb(target: DatabaseTarget, folder: string, context: DatabaseContext): Promise<void> {
  await forgetFiles(context.host, folder, target);
  const client = mariadbClient(target, context);
  const { databases } = await serverOf(client).catch((error: unknown) => {
    throw new HomeportError(
      `What a killed backup may have left on the server of ${target.service} could not be looked for.`,
      {
        hint: 'Start it again: the next backup drops what is left.',
        cause: error,
        excerpt: error instanceof HomeportError ? (error.excerpt ?? error.message) : String(error),
      },
    );
  });
  await stopRuns(client, anyRun, []);
  for (const name of [...databases.keys()].filter(isScratch)) {
    context.say(`${target.service}: dropping ${name}, which a killed backup left behind`);
    const what = `${name}, which a killed backup left behind, could not be dropped`;
    await runSql(client, null, dropDatabaseSql(name), what, { changes: true });
  }
}
