import { randomBytes } from 'node:crypto';
import { pipeline } from 'node:stream';
import { HomeportError } from '../deployment/error.ts';
import type { DatabaseSchema, Verification } from './database.ts';
import {
  countRows,
  createDatabaseSql,
  type DatabaseDefaults,
  isScratch,
  mayLeaveBinlog,
  type ServerDescription,
  scratchPrefix,
} from './mariadb-catalog.ts';
import { feed, type MariadbClient, quoteLiteral, runSql } from './mariadb-client.ts';
import { DumpReader, type Rewriting } from './mariadb-dump-text.ts';
import { dropQuietly } from './mariadb-leftovers.ts';
import { schemaNow } from './mariadb-schema.ts';
import { compareRows } from './record.ts';
import { compareSchema } from './schema.ts';
import { said } from './server-down.ts';

/** Scratch databases of this process: of two backups that run side by side none takes the other's for a leftover. */
const inUse = new Set<string>();

export interface DumpUnderTest {
  readonly path: string;
  readonly defaults: DatabaseDefaults;
  readonly rows: Readonly<Record<string, number>>;
  readonly schema: DatabaseSchema;
}

/**
 * Proves that a dump can be restored, or at least read, before it is called a backup, and gives what it came to: a user
 * who may not create databases can only have it read. Throws `HomeportError`.
 */
export async function verifyDump(
  client: MariadbClient,
  server: ServerDescription,
  dump: DumpUnderTest,
  verify: Verification,
): Promise<Verification> {
  const { target, context } = client;
  if (verify === 'none') return 'none';
  if (verify === 'restore') {
    if (await tryRestoreIntoScratch(client, server, dump)) return 'restore';
    context.say(
      `${target.service}: WARNING: ${target.user ?? 'the user'} may not create a database to restore into, so this backup is only read, not restored. Give the server a known root password, or that user the right to create databases.`,
    );
  }
  compareRows(dump.rows, await readRows(client, dump.path), 'in the backup');
  context.say(`${target.service}: the backup was read to its end, no row is missing`);
  return 'read';
}

async function tryRestoreIntoScratch(
  client: MariadbClient,
  server: ServerDescription,
  dump: DumpUnderTest,
): Promise<boolean> {
  const { target, context } = client;
  const scratch = `${scratchPrefix}${randomBytes(6).toString('hex')}`;
  inUse.add(scratch);
  try {
    try {
      const what = 'The scratch database could not be created';
      await runSql(client, null, createDatabaseSql(scratch, dump.defaults), what, { changes: true });
    } catch (error) {
      if (said(error, /\b(1044|1142|1227)\b|access denied/i)) return false;
      throw error;
    }
    // A replica has no use for it.
    const settings = mayLeaveBinlog(server) ? ['sql_log_bin = 0'] : [];
    await restoreInto(client, scratch, dump.path, settings);
    const where = 'after the backup was restored into a scratch database';
    compareRows(dump.rows, await countRows(client, scratch), where);
    compareSchema(dump.schema, await schemaNow(client, scratch, server), where);
  } finally {
    inUse.delete(scratch);
    await dropQuietly(client, scratch);
  }
  const tables = Object.keys(dump.rows).length;
  context.say(
    `${target.service}: restored once into a scratch database, all ${tables} tables have the same rows and schema`,
  );
  return true;
}

/** Restores a backup into an existing empty database, and gives the events that are on in it; here they are off. Throws `HomeportError`. */
export async function restoreInto(
  client: MariadbClient,
  database: string,
  path: string,
  settings: readonly string[],
): Promise<readonly string[]> {
  const { reader, source } = openDump(client, path, { from: client.target.database, to: database, events: false });
  const what = `The backup of ${client.target.database} could not be restored`;
  await feed(client, database, source, what, settings);
  checkComplete(client, reader);
  return reader.switchedOff;
}

/** The rows of each table that a backup holds, of which every byte is read. Throws `HomeportError` when it has no end. */
export async function readRows(client: MariadbClient, path: string): Promise<Record<string, number>> {
  const { reader, source } = openDump(client, path, null);
  try {
    for await (const _ of source);
  } catch (error) {
    throw new HomeportError(`The backup of ${client.target.database} cannot be read: ${String(error)}`, {
      hint: 'Run `homeport backup` again; if it stays so, look at the log of the database.',
      cause: error,
    });
  }
  checkComplete(client, reader);
  return reader.rows;
}

function openDump(client: MariadbClient, path: string, rewriting: Rewriting | null) {
  const reader = new DumpReader(rewriting);
  const source = pipeline(client.context.host.files.openRead(path), reader, () => {});
  return { reader, source };
}

function checkComplete(client: MariadbClient, reader: DumpReader): void {
  if (reader.complete) return;
  throw new HomeportError(`The backup of ${client.target.database} ends before its end: it cannot be restored whole.`, {
    hint: 'Run `homeport backup` again; if it stays so, look at the log of the database.',
  });
}

/** Drops the scratch databases that killed runs left behind and nobody is in; what can't be dropped stays. */
export async function dropLeftovers(client: MariadbClient, server: ServerDescription): Promise<void> {
  for (const name of [...server.databases.keys()].filter((one) => isScratch(one) && !inUse.has(one))) {
    const users = `SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE DB = ${quoteLiteral(name)};`;
    const [count] = await runSql(client, null, users, 'looking').catch(() => ['1']);
    if (count !== '0') continue;
    client.context.say(`${client.target.service}: dropping ${name}, which an interrupted backup left behind`);
    await dropQuietly(client, name);
  }
}
