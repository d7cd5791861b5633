import { printable } from '../hosts/printable.ts';
import type { BackupRecord, DatabaseContext, DatabaseTarget, RestoreEnd, RestoreResult } from './database.ts';
import { anyRun } from './marked-processes.ts';
import {
  countRows,
  createDatabaseSql,
  derivedName,
  describe,
  dropDatabaseSql,
  type ServerDescription,
} from './postgres-catalog.ts';
import {
  cleaner,
  type PostgresClient,
  postgresClient,
  quoteIdentifier,
  quoteLiteral,
  runSql,
} from './postgres-client.ts';
import { stopRuns } from './postgres-leftovers.ts';
import { copyPropertiesSql } from './postgres-properties.ts';
import { createMissingRoles } from './postgres-roles.ts';
import { schemaNow } from './postgres-schema.ts';
import { pgRestore } from './postgres-scratch.ts';
import { serverOf } from './postgres-server.ts';
import { checkUntouched, compareRows, rowsInTables } from './record.ts';
import { compareSchema } from './schema.ts';
import { longestReturn } from './server-down.ts';

/** See `DatabaseKind.restore`. The database that is replaced stays on the server under another name. */
export async function restorePostgres(
  target: DatabaseTarget,
  record: BackupRecord,
  stamp: string,
  context: DatabaseContext,
): Promise<RestoreResult> {
  await checkUntouched(context.host, record);
  const client = postgresClient(target, context);
  const from = await serverOf(client, 'other', Math.min(context.timeout, longestReturn));
  const server = await describe(client, from, target.database);
  const place = { from, server, stamp, ...restoreNames(target.database, stamp) };
  const { fresh } = place;
  const kept = server.database === null ? null : place.kept;
  const removal = kept === null ? null : removeCommand(target, kept);
  let proven: Pick<RestoreResult, 'rows' | 'schemaVersion'> | null = null;
  try {
    await fill(client, place, record);
    const rows = await countRows(client, fresh);
    compareRows(record.rows, rows, `in the restored database ${fresh}`);
    const schema = await schemaNow(client, fresh, server.version);
    compareSchema(record.databaseSchema, schema, `in the restored database ${fresh}`);
    context.say(`${target.service}: ${rowsInTables(rows)} restored and counted, putting them in place`);
    proven = { rows, schemaVersion: schema.version };
    await swap(client, { from, fresh, kept });
  } catch (error) {
    // The swap may have been done though its answer never came.
    const end = await putRight(cleaner(client), stamp, client.marker).catch(() => null);
    if (proven === null || end !== 'finished') throw error;
  }
  return { kept, removeCommand: removal, ...proven };
}

/** See `DatabaseKind.recoverRestore`. */
export async function recoverPostgresRestore(
  target: DatabaseTarget,
  stamp: string,
  context: DatabaseContext,
): Promise<RestoreEnd> {
  return await putRight(postgresClient(target, context), stamp, anyRun);
}

/** What still runs of the runs is ended first: it may be just about to swap. Throws `HomeportError`. */
async function putRight(client: PostgresClient, stamp: string, markers: string): Promise<RestoreEnd> {
  const { target, context } = client;
  const from = await serverOf(client, 'other', Math.min(context.timeout, longestReturn));
  await stopRuns(client, from, markers);
  const { fresh, kept } = restoreNames(target.database, stamp);
  const { databases, version } = await describe(client, from, target.database);
  if (databases.includes(fresh)) {
    const what = `The database ${fresh} of a restore that was not finished could not be dropped`;
    await runSql(client, from, dropDatabaseSql(fresh, version), what, { changes: true });
    return 'undone';
  }
  if (databases.includes(kept)) return 'finished';
  const sql = `SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = ${quoteLiteral(target.database)};`;
  const comment = await runSql(client, from, sql, `PostgreSQL of ${target.service} could not be asked`);
  return comment[0] === madeBy(stamp) ? 'finished' : 'nothing';
}

/** The swap turns the one into the database and the database into the other, which so tell how far a restore came. */
function restoreNames(database: string, stamp: string): { fresh: string; kept: string } {
  return {
    fresh: derivedName(database, `_homeport_restore_${stamp}`),
    kept: derivedName(database, `_homeport_before_${stamp}`),
  };
}

/** The comment on a database that is made where there was none: no database before it tells of its restore. */
function madeBy(stamp: string): string {
  return `restored by Homeport, ${stamp}`;
}

async function fill(
  client: PostgresClient,
  place: { readonly from: string; readonly fresh: string; readonly server: ServerDescription; readonly stamp: string },
  record: BackupRecord,
): Promise<void> {
  const { from, fresh, server, stamp } = place;
  if (record.roles !== undefined) await createMissingRoles(client, from, record.roles);
  client.context.say(`${client.target.service}: restoring into the new database ${fresh}`);
  const create = createDatabaseSql(fresh, server.database);
  await runSql(client, from, create, `The database ${fresh} could not be created`, { changes: true });
  await pgRestore(client, fresh, record.file, server.superuser ? [] : ['--no-owner', '--no-comments']);
  if (server.database !== null) {
    const properties = await copyPropertiesSql(client, from, fresh);
    await runSql(client, from, properties, `The settings of ${client.target.database} could not be copied`, {
      changes: true,
    });
  } else {
    const comment = `COMMENT ON DATABASE ${quoteIdentifier(fresh)} IS ${quoteLiteral(madeBy(stamp))};`;
    await runSql(client, from, comment, `${fresh} could not be given its comment`, { changes: true });
  }
  // Without statistics the first queries after a restore would read whole tables.
  await runSql(client, fresh, 'ANALYZE;', `${fresh} could not be analysed`, { changes: true });
}

/**
 * Both renames in one transaction of one session, so that no moment and no kill can leave the server without the
 * database. RENAME locks the database against new sessions before it looks for old ones; whoever had slipped in
 * between is ended and it tries again.
 */
async function swap(
  client: PostgresClient,
  names: { readonly from: string; readonly fresh: string; readonly kept: string | null },
): Promise<void> {
  const { database } = client.target;
  const replaced = names.kept === null ? '' : renameSql(database, names.kept);
  const both = quoteBody(`BEGIN ${replaced} ${renameSql(names.fresh, database)} END`);
  // Our sessions don't wait for the disk elsewhere; this one does, and takes everything before it along.
  const sql = `SET synchronous_commit = on; DO ${both};`;
  const what = `${database} could not be replaced, and was left as it is`;
  // No longer to be cancelled: it takes a moment, and its outcome must be known.
  const calm = { ...cleaner(client), marker: client.marker };
  await runSql(calm, names.from, sql, what, { changes: true });
}

function renameSql(name: string, to: string): string {
  const busy = 'Sessions of others hold the database (prepared transactions, or users whom ours may not end).';
  return `FOR attempt IN 1..6 LOOP
    PERFORM pg_stat_clear_snapshot();
    PERFORM pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = ${quoteLiteral(name)};
    BEGIN
      ALTER DATABASE ${quoteIdentifier(name)} RENAME TO ${quoteIdentifier(to)};
      EXIT;
    EXCEPTION WHEN object_in_use THEN
      IF attempt = 6 THEN RAISE EXCEPTION '%', ${quoteLiteral(busy)}; END IF;
    END;
  END LOOP;`;
}

function quoteBody(body: string): string {
  let tag = 'homeport';
  while (body.includes(`$${tag}$`)) tag += '_';
  return `$${tag}$ ${body} $${tag}$`;
}

function removeCommand(target: DatabaseTarget, database: string): string {
  const words = ['docker', 'exec', target.container, 'dropdb', '-U', target.user ?? 'postgres', '--', database];
  return printable(words);
}
