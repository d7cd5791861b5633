import { HomeportError } from '../deployment/error.ts';
import { printable } from '../hosts/printable.ts';
import type { BackupRecord, DatabaseContext, DatabaseTarget, RestoreEnd, RestoreResult } from './database.ts';
import { countRows, createDatabaseSql, derivedName, dropDatabaseSql } from './mariadb-catalog.ts';
import { cleaner, type MariadbClient, mariadbClient, quoteIdentifier, runSql } from './mariadb-client.ts';
import { readHeader } from './mariadb-dump-text.ts';
import { stopRuns } from './mariadb-leftovers.ts';
import { schemaNow } from './mariadb-schema.ts';
import { restoreInto } from './mariadb-scratch.ts';
import { serverOf } from './mariadb-server.ts';
import { finishSwap, readPlan, writePlan } from './mariadb-swap.ts';
import { anyRun } from './marked-processes.ts';
import { checkUntouched, compareRows, firstBytes, rowsInTables } from './record.ts';
import { compareSchema } from './schema.ts';
import { said } from './server-down.ts';

/** See `DatabaseKind.restore`. The database that is replaced stays on the server under another name. */
export async function restoreMariadb(
  target: DatabaseTarget,
  record: BackupRecord,
  stamp: string,
  context: DatabaseContext,
): Promise<RestoreResult> {
  await checkUntouched(context.host, record);
  const client = mariadbClient(target, context);
  const server = await serverOf(client);
  const { fresh, kept: name } = restoreNames(target.database, stamp);
  const before = server.databases.get(target.database) ?? null;
  const kept = before === null ? null : name;
  let proven: Pick<RestoreResult, 'rows' | 'schemaVersion'> | null = null;
  try {
    const defaults = before ?? (await defaultsIn(client, record));
    const events = await fill(client, fresh, createDatabaseSql(fresh, defaults), record);
    const rows = await countRows(client, fresh);
    compareRows(record.rows, rows, `in the restored database ${fresh}`);
    const schema = await schemaNow(client, fresh, server);
    compareSchema(record.databaseSchema, schema, `in the restored database ${fresh}`);
    context.say(`${target.service}: ${rowsInTables(rows)} restored and counted, putting them in place`);
    proven = { rows, schemaVersion: schema.version };
    // No longer to be cancelled: it takes a moment, and its outcome must be known.
    const calm = { ...cleaner(client), marker: client.marker };
    await writePlan(calm, { database: target.database, fresh, kept, defaults, events });
    await finish(calm, fresh);
  } catch (error) {
    // The swap may have been done though its answer never came.
    const end = await putRight(cleaner(client), stamp, client.marker).catch(() => null);
    if (proven === null || end !== 'finished') throw error;
  }
  return { kept, removeCommand: kept === null ? null : removeCommand(target, kept), ...proven };
}

/** See `DatabaseKind.recoverRestore`. */
export async function recoverMariadbRestore(
  target: DatabaseTarget,
  stamp: string,
  context: DatabaseContext,
): Promise<RestoreEnd> {
  return await putRight(mariadbClient(target, context), stamp, anyRun);
}

/** What still runs of the runs is ended first: it may be just about to swap. Throws `HomeportError`. */
async function putRight(client: MariadbClient, stamp: string, markers: string): Promise<RestoreEnd> {
  await serverOf(client);
  const { fresh, kept } = restoreNames(client.target.database, stamp);
  await stopRuns(client, markers, [fresh]);
  const { databases } = await serverOf(client);
  if (!databases.has(fresh)) return databases.has(kept) ? 'finished' : 'nothing';
  if (await finish(client, fresh)) return 'finished';
  const what = `The database ${fresh} of a restore that was not finished could not be dropped`;
  await runSql(client, null, dropDatabaseSql(fresh), what, { changes: true });
  return 'undone';
}

/** `false` when the swap was not to be finished: nothing of it was begun. */
async function finish(client: MariadbClient, fresh: string): Promise<boolean> {
  const plan = await readPlan(client, fresh);
  if (plan === null) return false;
  await finishSwap(client, { database: client.target.database, fresh }, plan);
  return true;
}

function restoreNames(database: string, stamp: string): { fresh: string; kept: string } {
  return {
    fresh: derivedName(database, `_homeport_restore_${stamp}`),
    kept: derivedName(database, `_homeport_before_${stamp}`),
  };
}

async function defaultsIn(client: MariadbClient, record: BackupRecord) {
  const head = await firstBytes(client.context.host, record.file, 400);
  const defaults = readHeader(head.toString('latin1'));
  if (defaults !== null) return defaults;
  throw new HomeportError(`${record.file} is no backup of MariaDB or MySQL that Homeport made.`, {
    hint: 'Choose another backup; `homeport status` lists them.',
  });
}

async function fill(
  client: MariadbClient,
  fresh: string,
  create: string,
  record: BackupRecord,
): Promise<readonly string[]> {
  const { target, context } = client;
  context.say(
    `${target.service}: restoring into the new database ${fresh}, its events switched off until it is in place`,
  );
  try {
    await runSql(client, null, create, `The database ${fresh} could not be created`, { changes: true });
  } catch (error) {
    if (!(error instanceof HomeportError) || !said(error, /\b1044\b/)) throw error;
    throw new HomeportError(error.message, {
      hint: `A restore needs a user who may create databases: name one as \`user\` under \`backup:\` whose password ${target.service} has in its environment (root, say).`,
      cause: error,
    });
  }
  return await restoreInto(client, fresh, record.file, []);
}

/** The password is taken inside the container: it stands on no command line. */
const dropInContainer = [
  'f=${MARIADB_ROOT_PASSWORD_FILE:-${MYSQL_ROOT_PASSWORD_FILE:-/dev/null}}',
  'export MYSQL_PWD="${MARIADB_ROOT_PASSWORD:-${MYSQL_ROOT_PASSWORD:-$(cat "$f")}}"',
  'c=mariadb; command -v $c >/dev/null || c=mysql; exec $c -u "$1" -e "$2"',
].join('; ');

function removeCommand(target: DatabaseTarget, database: string): string {
  const words = [target.user ?? 'root', `DROP DATABASE ${quoteIdentifier(database)}`];
  return printable(['docker', 'exec', target.container, 'sh', '-c', dropInContainer, 'remove', ...words]);
}
