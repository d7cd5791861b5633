import { createHash } from 'node:crypto';
import { z } from 'zod';
import { type MariadbClient, quoteIdentifier, quoteLiteral, runSql } from './mariadb-client.ts';

/** How a database is called that a backup is restored into once; twelve hex digits follow. */
export const scratchPrefix = 'homeport_verify_';

export function isScratch(database: string): boolean {
  return new RegExp(`^${scratchPrefix}[0-9a-f]{12}$`).test(database);
}

const systemDatabases = ['information_schema', 'mysql', 'performance_schema', 'sys'];

export interface DatabaseDefaults {
  readonly characterSet: string;
  readonly collation: string;
}

export interface ServerDescription {
  /** `10.11`, as the first two numbers of the version; decides what the catalog has. */
  readonly version: string;
  readonly isMariadb: boolean;
  /** Of the user, for the whole server, as the server spells them. */
  readonly privileges: ReadonlySet<string>;
  /** All but the server's own, with their defaults. */
  readonly databases: ReadonlyMap<string, DatabaseDefaults>;
}

const describeSql = `SELECT JSON_ARRAY('version', VERSION());
SELECT JSON_ARRAY('privilege', PRIVILEGE_TYPE) FROM information_schema.USER_PRIVILEGES
  WHERE GRANTEE = CONCAT('''', REPLACE(CURRENT_USER(), '@', '''@'''), '''');
SELECT JSON_ARRAY('database', SCHEMA_NAME, DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME)
  FROM information_schema.SCHEMATA;`;

const describedLine = z.union([
  z.tuple([z.literal('version'), z.string()]),
  z.tuple([z.literal('privilege'), z.string()]),
  z.tuple([z.literal('database'), z.string(), z.string(), z.string()]),
]);

/** What is known about the server. Throws `HomeportError`. */
export async function describe(client: MariadbClient): Promise<ServerDescription> {
  const what = `The server of ${client.target.service} could not be asked`;
  const lines = (await runSql(client, null, describeSql, what)).map((line) => describedLine.parse(JSON.parse(line)));
  const version = lines.find((line) => line[0] === 'version')?.[1] ?? '';
  const databases = lines.flatMap((line): [string, DatabaseDefaults][] =>
    line[0] === 'database' && !systemDatabases.includes(line[1].toLowerCase())
      ? [[line[1], { characterSet: line[2], collation: line[3] }]]
      : [],
  );
  return {
    version: /^\d+\.\d+/.exec(version)?.[0] ?? version,
    isMariadb: /mariadb/i.test(version),
    privileges: new Set(lines.flatMap((line) => (line[0] === 'privilege' ? [line[1]] : []))),
    databases: new Map(databases),
  };
}

/** `mariadb 10.11`, for `DatabaseSchema.dialect`. */
export function dialectOf(server: ServerDescription): string {
  return `${server.isMariadb ? 'mariadb' : 'mysql'} ${server.version}`;
}

/** Whether the user may keep statements of a session from the log that replicas read. */
export function mayLeaveBinlog(server: ServerDescription): boolean {
  return ['SUPER', 'BINLOG ADMIN', 'SYSTEM_VARIABLES_ADMIN'].some((one) => server.privileges.has(one));
}

export function createDatabaseSql(name: string, defaults: DatabaseDefaults | null): string {
  const like = defaults === null ? '' : ` CHARACTER SET ${defaults.characterSet} COLLATE ${defaults.collation}`;
  return `CREATE DATABASE ${quoteIdentifier(name)}${like};`;
}

export function dropDatabaseSql(name: string): string {
  return `DROP DATABASE IF EXISTS ${quoteIdentifier(name)};`;
}

export interface Table {
  readonly name: string;
  /** A snapshot holds it still. */
  readonly transactional: boolean;
}

const tableLine = z.tuple([z.string(), z.string(), z.number()]);

/** The tables of a database that have rows of their own: neither views nor sequences. */
export const tablesSql = (
  database: string,
) => `SELECT JSON_ARRAY('table', t.TABLE_NAME, COALESCE(e.TRANSACTIONS = 'YES', 0))
  FROM information_schema.TABLES t LEFT JOIN information_schema.ENGINES e ON e.ENGINE = t.ENGINE
  WHERE t.TABLE_SCHEMA = ${quoteLiteral(database)} AND t.TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED')
  ORDER BY t.TABLE_NAME;`;

export function parseTables(lines: readonly string[]): Table[] {
  return lines
    .filter((line) => line.startsWith('["table"'))
    .map((line) => tableLine.parse(JSON.parse(line)))
    .map(([, name, transactional]) => ({ name, transactional: transactional === 1 }));
}

const countLine = z.tuple([z.literal('count'), z.string(), z.number()]);

export function countSql(table: string): string {
  return `SELECT JSON_ARRAY('count', ${quoteLiteral(table)}, (SELECT COUNT(*) FROM ${quoteIdentifier(table)}));`;
}

/** Of the lines that `countSql` prints. */
export function parseCounts(lines: readonly string[]): Record<string, number> {
  const counts = lines.filter((line) => line.startsWith('["count"')).map((line) => countLine.parse(JSON.parse(line)));
  return Object.fromEntries(counts.map(([, table, rows]) => [table, rows]));
}

/** Exact row counts of all tables of a database as it is now. Throws `HomeportError`. */
export async function countRows(client: MariadbClient, database: string): Promise<Record<string, number>> {
  const what = `The tables of ${database} could not be counted`;
  const tables = parseTables(await runSql(client, null, tablesSql(database), what));
  if (tables.length === 0) return {};
  return parseCounts(await runSql(client, database, tables.map(({ name }) => countSql(name)).join('\n'), what));
}

/**
 * The longest name has 64 characters: the stem is cut, never in the middle of a character, and then tells by digits of
 * its hash which name it was.
 */
export function derivedName(database: string, suffix: string): string {
  if ([...(database + suffix)].length <= 64) return database + suffix;
  const end = `_${createHash('sha256').update(database).digest('hex').slice(0, 8)}${suffix}`;
  return [...database].slice(0, 64 - end.length).join('') + end;
}
