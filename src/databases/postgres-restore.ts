import { utcStamp } from '../deployment/ids.ts';
import { printable } from '../hosts/printable.ts';
import type { BackupRecord, DatabaseContext, DatabaseTarget, RestoreResult } from './database.ts';
import {
  countRows,
  createDatabaseSql,
  derivedName,
  describe,
  maintenanceDatabase,
  type ServerDescription,
} from './postgres-catalog.ts';
import {
  cleaner,
  type PostgresClient,
  postgresClient,
  quoteIdentifier,
  quoteLiteral,
  runSql,
  stopLeftovers,
} from './postgres-client.ts';
import { copyPropertiesSql } from './postgres-properties.ts';
import { createMissingRoles } from './postgres-roles.ts';
import { dropQuietly, pgRestore } from './postgres-scratch.ts';
import { checkUntouched, compareRows, totalRows } from './record.ts';

/** See `DatabaseKind.restore`. The database that is replaced stays on the server under another name. */
export async function restorePostgres(
  target: DatabaseTarget,
  record: BackupRecord,
  context: DatabaseContext,
): Promise<RestoreResult> {
  await checkUntouched(context.host, record);
  const client = postgresClient(target, context);
  const from = await maintenanceDatabase(client, target.database);
  const server = await describe(client, from, target.database);
  const stamp = utcStamp(new Date());
  const fresh = derivedName(target.database, `_homeport_restore_${stamp}`);
  const kept = server.database === null ? null : derivedName(target.database, `_homeport_before_${stamp}`);
  try {
    await fill(client, { from, fresh, server }, record);
    const rows = await countRows(client, fresh);
    compareRows(record.rows, rows, `in the restored database ${fresh}`);
    context.say(`${target.service}: ${totalRows(rows)} rows restored and counted, putting them in place`);
    await swap(client, { from, fresh, kept });
    return { kept, removeCommand: kept === null ? null : removeCommand(target, kept), rows };
  } catch (error) {
    await stopLeftovers(client);
    await dropQuietly(client, fresh, server.version);
    throw error;
  }
}

async function fill(
  client: PostgresClient,
  place: { readonly from: string; readonly fresh: string; readonly server: ServerDescription },
  record: BackupRecord,
): Promise<void> {
  const { from, fresh, server } = place;
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
  await runSql(cleaner(client), names.from, sql, what, { changes: true });
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
