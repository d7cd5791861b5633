import { HomeportError } from '../deployment/error.ts';
import type { PartialFile } from '../hosts/host.ts';
import { formatSize } from '../request/units.ts';
import { newBackupPath } from './backup-names.ts';
import { isClientAlone } from './client-alone.ts';
import type {
  BackupOptions,
  BackupRecord,
  DatabaseContext,
  DatabaseKind,
  DatabaseSchema,
  DatabaseTarget,
} from './database.ts';
import { explain, explainFullDisk } from './explain.ts';
import { type DatabaseProperties, describe, otherDatabases, type ServerDescription } from './postgres-catalog.ts';
import {
  clientArgv,
  connection,
  type PostgresClient,
  postgresClient,
  quoteLiteral,
  runSql,
} from './postgres-client.ts';
import { endPostgresSessions } from './postgres-end-sessions.ts';
import { forgetPostgres, stopLeftovers } from './postgres-leftovers.ts';
import { recoverPostgresRestore, restorePostgres } from './postgres-restore.ts';
import { dumpRoles } from './postgres-roles.ts';
import { dropLeftovers, verifyDump } from './postgres-scratch.ts';
import { lockWaitSeconds, openSnapshot } from './postgres-session.ts';
import { firstBytes, recordBackup, recordPath, rowsInTables } from './record.ts';

/** PostgreSQL 10 and later, through the client programs in the server's own container. */
export const postgres: DatabaseKind = {
  kind: 'postgres',
  isServer: true,
  counted: rowsInTables,
  backup,
  isClientAlone: async (target, context) =>
    await isClientAlone(target, /^(postgres|postmaster)$/, ['PGHOST', 'PGHOSTADDR'], context),
  forget: forgetPostgres,
  restore: restorePostgres,
  recoverRestore: recoverPostgresRestore,
  endSessions: endPostgresSessions,
  query: async (target, context) => {
    const client = postgresClient(target, context);
    const what = `PostgreSQL of ${target.service} did not answer`;
    const lines = await runSql(client, target.database, "SELECT 'answer';", what);
    if (lines[0] !== 'answer') throw new HomeportError(`${what} a query.`, { hint: 'Look at its log.' });
  },
  others: async (target, context) => await otherDatabases(postgresClient(target, context)),
  size: async (target, context) => {
    const client = postgresClient(target, context);
    const sql = `SELECT pg_database_size(${quoteLiteral(target.database)});`;
    const lines = await runSql(client, target.database, sql, `The size of ${target.database} could not be asked`);
    return Number(lines[0]);
  },
};

type Described = ServerDescription & { readonly database: DatabaseProperties };

interface Dump {
  readonly partial: PartialFile;
  readonly bytes: number;
  readonly sha256: string;
  readonly rows: Record<string, number>;
  readonly schema: DatabaseSchema;
}

async function backup(target: DatabaseTarget, options: BackupOptions, context: DatabaseContext): Promise<BackupRecord> {
  const begin = performance.now();
  const client = postgresClient(target, context);
  const server = await describeExisting(client);
  await dropLeftovers(client, server.unusedScratch);
  const stem = await newBackupPath(context.host, options.folder, { ...target, at: options.at });
  const file = `${stem}.dump`;
  const rolesFile = `${stem}.roles.sql`;

  let dump: Dump | null = null;
  let roles: PartialFile | null = null;
  try {
    context.say(`${target.service}: dumping ${target.database}, which takes ${formatSize(server.database.bytes)}`);
    dump = await dumpWhenQuiet(client, file, server.version);
    context.say(`${target.service}: ${rowsInTables(dump.rows)}, ${formatSize(dump.bytes)}`);
    await verifyDump(client, server, { ...dump, path: dump.partial.partialPath }, options.verify);
    roles = await dumpRoles(client, rolesFile, server.superuser);
    await roles.keep();
    await dump.partial.keep();
    const found = {
      kind: 'postgres',
      file,
      bytes: dump.bytes,
      sha256: dump.sha256,
      verified: options.verify,
      rows: dump.rows,
      databaseSchema: dump.schema,
      roles: rolesFile,
    } as const;
    return await recordBackup(context.host, target, options, found, begin);
  } catch (error) {
    await dump?.partial.discard();
    await roles?.discard();
    for (const path of [file, rolesFile, recordPath(file)]) await context.host.files.remove(path).catch(() => {});
    await stopLeftovers(client);
    throw explainFullDisk(error, options.folder);
  }
}

async function describeExisting(client: PostgresClient): Promise<Described> {
  const { target } = client;
  const { database, ...server } = await describe(client, target.database, target.database);
  if (database === null) throw new Error('unreachable: the session is in that database');
  return { ...server, database };
}

/** Whoever truncates or alters a table just now is let through, and the dump starts over. */
async function dumpWhenQuiet(client: PostgresClient, file: string, serverVersion: number): Promise<Dump> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await dumpOnce(client, file, serverVersion);
    } catch (error) {
      const inTheWay =
        error instanceof HomeportError && /lock timeout|LOCK TABLE|does not exist/.test(error.excerpt ?? '');
      if (!inTheWay || attempt === 3) throw error;
      client.context.say(`${client.target.service}: a table was just being changed, starting the dump again`);
    }
  }
}

async function dumpOnce(client: PostgresClient, file: string, serverVersion: number): Promise<Dump> {
  const { target, context } = client;
  const snapshot = await openSnapshot(client);
  let partial: PartialFile | null = null;
  try {
    partial = await context.host.files.createPartial(file, 0o600);
    const command = [
      'pg_dump',
      '--format=custom',
      // The fastest level: a deployment waits for it, and more would save a tenth.
      '--compress=1',
      `--snapshot=${snapshot.id}`,
      `--lock-wait-timeout=${lockWaitSeconds}s`,
      '-w',
      '-d',
      connection(client, target.database),
    ];
    const { timeout, signal } = context;
    const dumping = context.host.exec(clientArgv(client, command), {
      output: partial.stream,
      timeout,
      signal,
      changes: true,
    });
    const looking = async () => ({ rows: await snapshot.count(), schema: await snapshot.describe(serverVersion) });
    const [dumped, seen] = await Promise.allSettled([dumping, looking()]);
    if (dumped.status === 'rejected') throw dumped.reason;
    if (dumped.value.outcome !== 'success') throw explain(dumped.value, `${target.database} could not be dumped`);
    if (seen.status === 'rejected') throw seen.reason;
    await snapshot.end();
    const written = await partial.finish();
    await checkHeader(client, partial.partialPath);
    return { partial, ...written, ...seen.value };
  } catch (error) {
    await partial?.discard();
    // First what holds the session: psql may be in the middle of a count.
    await stopLeftovers(client);
    await snapshot.abandon();
    throw error;
  }
}

async function checkHeader(client: PostgresClient, path: string): Promise<void> {
  const head = await firstBytes(client.context.host, path, 5);
  if (head.toString('latin1') === 'PGDMP') return;
  throw new HomeportError(`pg_dump of ${client.target.database} ended well but wrote no archive.`, {
    hint: `See what \`docker exec ${client.target.container} pg_dump --version\` says.`,
  });
}
