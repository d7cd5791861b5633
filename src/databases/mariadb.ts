import { HomeportError } from '../deployment/error.ts';
import { formatSize } from '../request/units.ts';
import { newBackupPath } from './backup-names.ts';
import { isClientAlone } from './client-alone.ts';
import type { BackupOptions, BackupRecord, DatabaseContext, DatabaseKind, DatabaseTarget } from './database.ts';
import { explainFullDisk } from './explain.ts';
import { type DatabaseDefaults, isScratch, type ServerDescription } from './mariadb-catalog.ts';
import { type MariadbClient, mariadbClient, quoteLiteral, runSql } from './mariadb-client.ts';
import { type Dump, dumpWhenQuiet } from './mariadb-dump.ts';
import { endMariadbSessions } from './mariadb-end-sessions.ts';
import { forgetMariadb, stopLeftovers } from './mariadb-leftovers.ts';
import { recoverMariadbRestore, restoreMariadb } from './mariadb-restore.ts';
import { dropLeftovers, verifyDump } from './mariadb-scratch.ts';
import { serverOf } from './mariadb-server.ts';
import { recordBackup, recordPath, rowsInTables } from './record.ts';

/** MariaDB 10.3 and later, and MySQL 5.7 and later, through the client programs in the server's own container. */
export const mariadb: DatabaseKind = {
  kind: 'mariadb',
  isServer: true,
  counted: rowsInTables,
  backup,
  isClientAlone: async (target, context) =>
    await isClientAlone(target, /^(mariadbd|mysqld)$/, ['MARIADB_HOST', 'MYSQL_HOST'], context),
  forget: forgetMariadb,
  restore: restoreMariadb,
  recoverRestore: recoverMariadbRestore,
  endSessions: endMariadbSessions,
  query: async (target, context) => {
    const what = `The server of ${target.service} did not answer`;
    const database = target.database === '' ? null : target.database;
    const lines = await runSql(mariadbClient(target, context), database, "SELECT 'answer';", what);
    if (lines[0] !== 'answer') throw new HomeportError(`${what} a query.`, { hint: 'Look at its log.' });
  },
  others,
  size: async (target, context) => await sizeOf(mariadbClient(target, context)),
};

async function backup(target: DatabaseTarget, options: BackupOptions, context: DatabaseContext): Promise<BackupRecord> {
  const begin = performance.now();
  const client = mariadbClient(target, context);
  const server = await serverOf(client);
  const defaults = existing(client, server);
  await dropLeftovers(client, server);
  const stem = await newBackupPath(context.host, options.folder, { ...target, at: options.at });
  const file = `${stem}.sql`;

  let dump: Dump | null = null;
  try {
    const size = formatSize(await sizeOf(client));
    context.say(`${target.service}: dumping ${target.database}, which takes ${size}`);
    dump = await dumpWhenQuiet(client, file, server, defaults);
    context.say(`${target.service}: ${rowsInTables(dump.rows)}, ${formatSize(dump.bytes)}`);
    const underTest = { ...dump, path: dump.partial.partialPath, defaults };
    const verified = await verifyDump(client, server, underTest, options.verify);
    await dump.partial.keep();
    const found = {
      kind: 'mariadb',
      file,
      bytes: dump.bytes,
      sha256: dump.sha256,
      verified,
      rows: dump.rows,
      databaseSchema: dump.schema,
    } as const;
    return await recordBackup(context.host, target, options, found, begin);
  } catch (error) {
    await dump?.partial.discard();
    for (const path of [file, recordPath(file)]) await context.host.files.remove(path).catch(() => {});
    await stopLeftovers(client);
    throw explainFullDisk(error, options.folder);
  }
}

/** Throws `HomeportError` unless the server has the database. */
function existing({ target }: MariadbClient, server: ServerDescription): DatabaseDefaults {
  const defaults = server.databases.get(target.database);
  if (defaults !== undefined) return defaults;
  const names = [...server.databases.keys()].filter((name) => !isOurs(name));
  const there = names.length === 0 ? 'It has none yet.' : `Those there are: ${names.join(', ')}.`;
  if (target.database === '') {
    throw new HomeportError(
      `The settings of ${target.service} name no database, so it is not known which to back up.`,
      {
        hint: `List the databases under \`backup:\`, such as \`{service: ${target.service}, kind: mariadb, database: shop}\`. ${there}`,
      },
    );
  }
  throw new HomeportError(`The server of ${target.service} has no database ${target.database}.`, {
    hint: `Name another one under \`backup:\`. ${there}`,
  });
}

/** See `DatabaseKind.others`: who may read everything may dump everything. Throws `HomeportError`. */
async function others(
  target: DatabaseTarget,
  context: DatabaseContext,
): Promise<{ mine: readonly string[]; foreign: readonly string[] }> {
  const { databases, privileges } = await serverOf(mariadbClient(target, context));
  const names = [...databases.keys()].filter((name) => name !== target.database && !isOurs(name)).sort();
  return privileges.has('SELECT') ? { mine: names, foreign: [] } : { mine: [], foreign: names };
}

function isOurs(name: string): boolean {
  return isScratch(name) || /_homeport_(restore|before)_\d{8}T\d{6}Z$/.test(name);
}

async function sizeOf(client: MariadbClient): Promise<number> {
  const { database } = client.target;
  const where = database === '' ? '' : `WHERE TABLE_SCHEMA = ${quoteLiteral(database)}`;
  const sql = `SELECT COALESCE(SUM(DATA_LENGTH + INDEX_LENGTH), 0) FROM information_schema.TABLES ${where};`;
  const lines = await runSql(client, null, sql, `The size of ${database} could not be asked`);
  return Number(lines[0]);
}
