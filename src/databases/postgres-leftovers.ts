import { HomeportError } from '../deployment/error.ts';
import type { ExecResult } from '../hosts/host.ts';
import { forgetFiles } from './backup-names.ts';
import type { DatabaseContext, DatabaseTarget } from './database.ts';
import { explain } from './explain.ts';
import { describe, dropDatabaseSql, isScratch } from './postgres-catalog.ts';
import { cleaner, type PostgresClient, postgresClient, quoteLiteral, runSql } from './postgres-client.ts';
import { endSessionsWhere } from './postgres-end-sessions.ts';
import { longestReturn, serverOf } from './postgres-server.ts';

/** The markers of all runs, see `PostgresClient.marker`: as long as the project's lock is ours none of them is alive. */
export const anyRun = 'homeport_[0-9a-f]{16}';

/*
 * A `docker exec` whose client went away may go on in the container. $1 marks the processes; one that already ended, or
 * belongs to somebody else, is passed over.
 */
export const stopMarked = [
  'for d in /proc/[0-9]*; do',
  'if tr "\\0" "\\n" < "$d/environ" 2>/dev/null | grep -Eqx "HOMEPORT_RUN=$1"; then kill -KILL "${d#/proc/}" 2>/dev/null; fi',
  'done; exit 0',
].join('\n');

/**
 * Leaves no process in the container and no session on the server of the runs whose markers match, and waits until they
 * are gone. Throws `HomeportError`.
 */
export async function stopRuns(client: PostgresClient, from: string, markers: string): Promise<void> {
  const stopped = await stopProcesses(client, markers);
  if (stopped.outcome !== 'success') {
    throw explain(stopped, `What a backup left running in ${client.target.service} could not be stopped`);
  }
  await endSessionsWhere(client, from, ofRuns(markers));
}

/** After a failure: the same for this run alone. Never throws, for the failure is what people must read. */
export async function stopLeftovers(client: PostgresClient): Promise<void> {
  const calm = cleaner(client);
  await stopProcesses(calm, client.marker);
  try {
    await endSessionsWhere(calm, await serverOf(calm, 'any', 0), ofRuns(client.marker));
  } catch {
    // A server that is down has no sessions.
  }
}

async function stopProcesses(client: PostgresClient, markers: string): Promise<ExecResult> {
  const { host, signal } = client.context;
  const stop = ['docker', 'exec', client.target.container, 'sh', '-c', stopMarked, 'homeport', markers] as const;
  return await host.exec(stop, { timeout: 20_000, signal, changes: true, record: false });
}

function ofRuns(markers: string): string {
  return `application_name ~ ${quoteLiteral(`^${markers}$`)}`;
}

/** See `DatabaseKind.forget`. */
export async function forgetPostgres(target: DatabaseTarget, folder: string, context: DatabaseContext): Promise<void> {
  await forgetFiles(context.host, folder, target);
  const client = postgresClient(target, context);
  const from = await serverOf(client, 'any', Math.min(context.timeout, longestReturn)).catch((error: unknown) => {
    throw new HomeportError(
      `What a killed backup may have left in PostgreSQL of ${target.service} could not be looked for.`,
      {
        hint: 'Start it again: the next backup drops what is left.',
        cause: error,
        excerpt: error instanceof HomeportError ? (error.excerpt ?? error.message) : String(error),
      },
    );
  });
  await stopRuns(client, from, anyRun);
  const server = await describe(client, from, target.database);
  for (const name of server.databases.filter(isScratch)) {
    context.say(`${target.service}: dropping ${name}, which a killed backup left behind`);
    const drop = dropDatabaseSql(name, server.version);
    await runSql(client, from, drop, `${name}, which a killed backup left behind, could not be dropped`, {
      changes: true,
    });
  }
}
