import { randomBytes } from 'node:crypto';
import { HomeportError } from '../deployment/error.ts';
import type { DatabaseSchema, Verification } from './database.ts';
import { explain } from './explain.ts';
import {
  countRows,
  createDatabaseSql,
  type DatabaseProperties,
  dropDatabaseSql,
  type ServerDescription,
  scratchPrefix,
} from './postgres-catalog.ts';
import { cleaner, clientArgv, connection, type PostgresClient, quoteIdentifier, runSql } from './postgres-client.ts';
import { schemaNow } from './postgres-schema.ts';
import { compareRows } from './record.ts';
import { compareSchema } from './schema.ts';

/** Scratch databases of this process: of two backups that run side by side none takes the other's for a leftover. */
const inUse = new Set<string>();

export interface DumpUnderTest {
  readonly path: string;
  /** Both of the dump's own snapshot. */
  readonly rows: Readonly<Record<string, number>>;
  readonly schema: DatabaseSchema;
}

/** Proves that a dump can be restored, or at least read, before it is called a backup. Throws `HomeportError`. */
export async function verifyDump(
  client: PostgresClient,
  server: ServerDescription & { readonly database: DatabaseProperties },
  dump: DumpUnderTest,
  verify: Verification,
): Promise<void> {
  if (verify === 'restore') await restoreIntoScratch(client, server, dump);
  if (verify === 'read') await readThrough(client, dump);
}

async function restoreIntoScratch(
  client: PostgresClient,
  server: ServerDescription & { readonly database: DatabaseProperties },
  dump: DumpUnderTest,
): Promise<void> {
  const { target, context } = client;
  const scratch = `${scratchPrefix}${randomBytes(6).toString('hex')}`;
  inUse.add(scratch);
  try {
    const create = createDatabaseSql(scratch, server.database);
    await runSql(client, target.database, create, 'The scratch database could not be created', { changes: true });
    // Who is no superuser may not give tables away, which says nothing about the dump.
    const owner = server.superuser ? [] : ['--no-owner', '--no-privileges', '--no-comments'];
    // A subscription would make the scratch database a subscriber, and could not be dropped.
    await pgRestore(client, scratch, dump.path, ['--no-publications', '--no-subscriptions', ...owner]);
    const where = 'after the backup was restored into a scratch database';
    compareRows(dump.rows, await countRows(client, scratch), where);
    compareSchema(dump.schema, await schemaNow(client, scratch, server.version), where);
  } finally {
    inUse.delete(scratch);
    // Not worth a second error: the next backup drops what stays.
    await dropQuietly(client, scratch, server.version);
  }
  const tables = Object.keys(dump.rows).length;
  context.say(
    `${target.service}: restored once into a scratch database, all ${tables} tables have the same rows and schema`,
  );
}

/** Restores an archive into an existing empty database, at the first error no further. Throws `HomeportError`. */
export async function pgRestore(
  client: PostgresClient,
  database: string,
  path: string,
  flags: readonly string[],
): Promise<void> {
  const { host, signal, timeout } = client.context;
  const command = ['pg_restore', '--exit-on-error', '-w', ...flags, '-d', connection(client, database)];
  const result = await host.exec(clientArgv(client, command), {
    input: { file: path },
    timeout,
    signal,
    changes: true,
  });
  if (result.outcome !== 'success') {
    throw explain(
      result,
      `The backup of ${client.target.database} could not be restored`,
      'If the dump needs something that a second database cannot have (the extension pg_cron, say), `backup-verify: read` checks the archive without restoring it.',
    );
  }
}

/** Every byte is read and decompressed, and the archive must hold the data of every table that has rows. */
async function readThrough(client: PostgresClient, dump: DumpUnderTest): Promise<void> {
  const { host, signal, timeout, say } = client.context;
  const read = async (flags: readonly string[]) => {
    const argv = clientArgv(client, ['pg_restore', ...flags]);
    const result = await host.exec(argv, { input: { file: dump.path }, timeout, signal });
    if (result.outcome !== 'success') throw explain(result, `The backup of ${client.target.database} cannot be read`);
    return result.stdout;
  };
  const listed = await read(['--list']);
  await read(['-f', '/dev/null']);
  for (const [table, rows] of Object.entries(dump.rows)) {
    if (rows > 0 && !listed.includes(` ${listedName(table)} `)) {
      throw new HomeportError(`The backup of ${client.target.database} lacks the data of the table ${table}.`, {
        hint: 'Run `homeport backup` again; if it stays so, look at the log of the database.',
      });
    }
  }
  say(`${client.target.service}: the archive was read to its end, no table is missing`);
}

/** As `pg_restore --list` names what a row count belongs to: unquoted, with spaces for line breaks. */
function listedName(table: string): string {
  if (table === 'pg_catalog.pg_largeobject_metadata') return 'BLOBS';
  const quoted = /^("(?:[^"]|"")*"|[^."]+)\.("(?:[^"]|"")*"|[^"]+)$/.exec(table);
  const [schema = '', name = ''] = (quoted?.slice(1) ?? []).map((part) =>
    part.startsWith('"') ? part.slice(1, -1).replaceAll('""', '"') : part,
  );
  return `TABLE DATA ${schema} ${name}`.replaceAll(/[\r\n]/g, ' ');
}

/** Drops the scratch databases that killed runs left behind. Safe at any time; what can't be dropped stays. */
export async function dropLeftovers(client: PostgresClient, unused: readonly string[]): Promise<void> {
  const { target, context } = client;
  for (const name of unused.filter((one) => !inUse.has(one))) {
    context.say(`${target.service}: dropping ${name}, which an interrupted backup left behind`);
    // Without FORCE: somebody who connected meanwhile keeps it.
    const drop = `DROP DATABASE IF EXISTS ${quoteIdentifier(name)};`;
    await runSql(client, target.database, drop, 'dropping', { changes: true }).catch(() => {});
  }
}

/** Never throws: after a failure the reason of the failure is what people must read. */
export async function dropQuietly(client: PostgresClient, database: string, version: number): Promise<void> {
  const calm = cleaner(client);
  for (const from of [client.target.database, 'postgres', 'template1']) {
    if (from === database) continue;
    try {
      await runSql(calm, from, dropDatabaseSql(database, version), 'dropping', { changes: true });
      return;
    } catch {
      // The next one; a server that is down keeps it until the next backup.
    }
  }
}
