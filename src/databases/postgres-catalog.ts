import { createHash } from 'node:crypto';
import { z } from 'zod';
import { type PostgresClient, quoteIdentifier, quoteLiteral, runSql } from './postgres-client.ts';

/** How a database is called that a backup is restored into once; twelve hex digits follow. */
export const scratchPrefix = 'homeport_verify_';
const scratchPattern = `^${scratchPrefix}[0-9a-f]{12}$`;

export function isScratch(database: string): boolean {
  return new RegExp(scratchPattern).test(database);
}

const databaseRow = z.object({
  datname: z.string(),
  datconnlimit: z.number(),
  datcollate: z.string().nullish(),
  datctype: z.string().nullish(),
  /** PostgreSQL 15 and later: `c` libc, `i` ICU, `b` builtin (17). */
  datlocprovider: z.string().nullish(),
  /** 15 and 16 */
  daticulocale: z.string().nullish(),
  /** 17 and later, where it took the place of `daticulocale`. */
  datlocale: z.string().nullish(),
  /** 16 and later */
  daticurules: z.string().nullish(),
});

const description = z.object({
  /** `150018` for 15.18. */
  version: z.number(),
  superuser: z.boolean(),
  databases: z.array(z.string()),
  /** Scratch databases in which nobody is. */
  unusedScratch: z.array(z.string()),
  /** `null` when the server has no database of that name. */
  database: databaseRow
    .extend({ encoding: z.string(), owner: z.string(), tablespace: z.string(), bytes: z.number() })
    .nullable(),
});

export type ServerDescription = z.infer<typeof description>;
export type DatabaseProperties = NonNullable<ServerDescription['database']>;

const others = z.object({ mine: z.array(z.string()), foreign: z.array(z.string()) });

/** See `DatabaseKind.others`: not the server's own, nor what a restore of ours has kept. Throws `HomeportError`. */
export async function otherDatabases(client: PostgresClient): Promise<z.infer<typeof others>> {
  const { service, database } = client.target;
  const sql = `SELECT json_build_object(
    'mine', coalesce(json_agg(datname ORDER BY datname) FILTER (WHERE whole), '[]'),
    'foreign', coalesce(json_agg(datname ORDER BY datname) FILTER (WHERE NOT whole), '[]'))
    FROM (SELECT datname, rolsuper OR datdba = r.oid AS whole FROM pg_database, pg_roles r
      WHERE rolname = current_user AND NOT datistemplate AND datallowconn
      AND datname NOT IN ('postgres', ${quoteLiteral(database)}) AND datname !~ 'homeport_') d;`;
  const lines = await runSql(client, database, sql, `PostgreSQL of ${service} could not be asked`);
  return others.parse(JSON.parse(lines.join('')));
}

/** What is known about the server and about one database, asked from a session in `from`. Throws `HomeportError`. */
export async function describe(client: PostgresClient, from: string, database: string): Promise<ServerDescription> {
  const sql = `SELECT json_build_object(
    'version', current_setting('server_version_num')::int,
    'superuser', (SELECT rolsuper FROM pg_roles WHERE rolname = current_user),
    'databases', (SELECT json_agg(datname ORDER BY datname) FROM pg_database WHERE NOT datistemplate AND datallowconn),
    'unusedScratch', (
      SELECT coalesce(json_agg(datname), '[]') FROM pg_database d WHERE datname ~ '${scratchPattern}'
      AND NOT EXISTS (SELECT 1 FROM pg_stat_activity a WHERE a.datid = d.oid)),
    'database', (
      SELECT to_jsonb(d) - 'datacl' || jsonb_build_object('encoding', pg_encoding_to_char(encoding),
        'owner', pg_get_userbyid(datdba), 'bytes', pg_database_size(d.oid),
        'tablespace', (SELECT spcname FROM pg_tablespace t WHERE t.oid = d.dattablespace))
      FROM pg_database d WHERE datname = ${quoteLiteral(database)}));`;
  const lines = await runSql(client, from, sql, `PostgreSQL of ${client.target.service} could not be asked`);
  return description.parse(JSON.parse(lines.join('')));
}

/**
 * A new, empty database that sorts, compares and encodes as another one does. From `template0`, for `template1` may
 * hold what the dump brings along too.
 */
export function createDatabaseSql(name: string, like: DatabaseProperties | null): string {
  const parts = [`CREATE DATABASE ${quoteIdentifier(name)} TEMPLATE template0`];
  if (like !== null) {
    parts.push(`ENCODING ${quoteLiteral(like.encoding)}`);
    if (like.datcollate) parts.push(`LC_COLLATE ${quoteLiteral(like.datcollate)}`);
    if (like.datctype) parts.push(`LC_CTYPE ${quoteLiteral(like.datctype)}`);
    const locale = like.datlocale ?? like.daticulocale;
    if (like.datlocprovider === 'i') parts.push('LOCALE_PROVIDER icu');
    if (like.datlocprovider === 'i' && locale) parts.push(`ICU_LOCALE ${quoteLiteral(locale)}`);
    if (like.datlocprovider === 'i' && like.daticurules) parts.push(`ICU_RULES ${quoteLiteral(like.daticurules)}`);
    if (like.datlocprovider === 'b') parts.push('LOCALE_PROVIDER builtin');
    if (like.datlocprovider === 'b' && locale) parts.push(`BUILTIN_LOCALE ${quoteLiteral(locale)}`);
  }
  return `${parts.join(' ')};`;
}

/** Also while somebody is connected. */
export function dropDatabaseSql(name: string, version: number): string {
  const drop = `DROP DATABASE IF EXISTS ${quoteIdentifier(name)}`;
  if (version >= 130000) return `${drop} WITH (FORCE);`;
  return `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = ${quoteLiteral(name)};\n${drop};`;
}

/*
 * The tables whose rows a dump carries: ordinary ones and the leaves of partitioned ones. Foreign tables hold nothing
 * here, temporary ones belong to their session, and what an extension brings comes back with the extension.
 */
const dumpedTables = `FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d
    WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.deptype = 'e')
  ORDER BY c.oid`;

/** Names that would need quotes are quoted, so that no two tables share a key. */
const tableKey = `CASE WHEN n.nspname ~ '[."]' OR c.relname ~ '[."]' THEN format('%I.%I', n.nspname, c.relname)
  ELSE n.nspname || '.' || c.relname END`;

/** Prints one JSON pair a table: its key and its exact number of rows. Generated and run in the container by psql. */
export const countRowsSql = `SET row_security = off;
SELECT format('SELECT json_build_array(%L, (SELECT count(*) FROM ONLY %I.%I));', ${tableKey}, n.nspname, c.relname)
  ${dumpedTables} \\gexec
SELECT json_build_array('pg_catalog.pg_largeobject_metadata', count(*))
  FROM pg_catalog.pg_largeobject_metadata HAVING count(*) > 0;`;

/** Nothing can be truncated or altered between the moment of the snapshot and its dump once these are held. */
export const lockTablesSql = `SELECT format('LOCK TABLE ONLY %I.%I IN ACCESS SHARE MODE;', n.nspname, c.relname)
  ${dumpedTables} \\gexec`;

const countLine = z.tuple([z.string(), z.number()]);

/** Of the lines that `countRowsSql` prints. */
export function parseCounts(lines: readonly string[]): Record<string, number> {
  return Object.fromEntries(
    lines.filter((line) => line.startsWith('[')).map((line) => countLine.parse(JSON.parse(line))),
  );
}

/** Exact row counts of all tables of a database as it is now. Throws `HomeportError`. */
export async function countRows(client: PostgresClient, database: string): Promise<Record<string, number>> {
  const lines = await runSql(client, database, countRowsSql, `The tables of ${database} could not be counted`);
  return parseCounts(lines);
}

/**
 * The longest name is 63 bytes: the stem is cut, never in the middle of a character, and then tells by digits of its hash
 * which name it was.
 */
export function derivedName(database: string, suffix: string): string {
  if (Buffer.byteLength(database + suffix) <= 63) return database + suffix;
  const end = `_${createHash('sha256').update(database).digest('hex').slice(0, 8)}${suffix}`;
  let stem = database;
  while (Buffer.byteLength(stem + end) > 63) stem = [...stem].slice(0, -1).join('');
  return stem + end;
}
