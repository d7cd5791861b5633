import { z } from 'zod';
import type { DatabaseSchema } from './database.ts';
import { type MigrationTable, migrationTables, type ToldVersion, versionText } from './migration-tables.ts';
import { type PostgresClient, quoteIdentifier, runSql } from './postgres-client.ts';
import { digestOf } from './schema.ts';

/** Runs statements in one session of the database and gives the lines that they print. */
export type Ask = (sql: string) => Promise<string[]>;

/** What the catalog shows depends on these, and a database or a role may have its own. */
const settings = `SET search_path = pg_catalog; SET DateStyle = ISO; SET TimeZone = 'UTC'; SET IntervalStyle = postgres;
  SET extra_float_digits = 3; SET bytea_output = hex; SET quote_all_identifiers = off; SET standard_conforming_strings = on;
  SET row_security = off;`;

const notOfExtensions = (catalog: string, oid: string) => `NOT EXISTS (SELECT 1 FROM pg_depend e
  WHERE e.classid = '${catalog}'::regclass AND e.objid = ${oid} AND e.deptype = 'e')`;

/*
 * One JSON array a line: the kind, an expression or null, then names and facts. Left out is what a dump doesn't carry or
 * what a restore may make anew under another name: the order of columns (of tables that inherit), constraints that follow
 * from those of a partitioned table, NOT NULL as a constraint (18), indexes that were never finished, and what an
 * extension brings.
 */
const describeSql = (version: number) => `WITH own AS (
  SELECT c.oid, c.relkind, c.relname, c.relpartbound, n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S', 'c') AND c.relpersistence <> 't'
  AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND ${notOfExtensions('pg_class', 'c.oid')} AND ${notOfExtensions('pg_type', 'c.reltype')}
), types AS (
  SELECT t.*, n.nspname FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
  WHERE t.typtype IN ('d', 'e', 'r') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
  AND ${notOfExtensions('pg_type', 't.oid')}
)
SELECT json_build_array('relation', concat_ws(' ', pg_get_expr(c.relpartbound, c.oid), pg_get_partkeydef(c.oid)),
    c.nspname, c.relname, c.relkind,
    (SELECT json_agg(i.inhparent::regclass::text ORDER BY i.inhparent::regclass::text) FROM pg_inherits i WHERE i.inhrelid = c.oid))
  FROM own c
UNION ALL
SELECT json_build_array('column', pg_get_expr(d.adbin, d.adrelid), c.nspname, c.relname, a.attname,
    format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, ${version >= 120000 ? 'a.attgenerated' : "''"},
    (SELECT k.collname FROM pg_collation k WHERE k.oid = a.attcollation))
  FROM own c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
  WHERE c.relkind <> 'S'
UNION ALL
SELECT json_build_array('constraint', pg_get_constraintdef(k.oid), coalesce(c.nspname, t.nspname),
    coalesce(c.relname, t.typname), k.conname, k.contype)
  FROM pg_constraint k LEFT JOIN own c ON c.oid = k.conrelid LEFT JOIN types t ON t.oid = k.contypid
  WHERE k.contype IN ('c', 'f', 'p', 'u', 'x') AND coalesce(c.oid, t.oid) IS NOT NULL
  ${version >= 110000 ? 'AND k.conparentid = 0' : ''}
UNION ALL
SELECT json_build_array('index', pg_get_indexdef(i.indexrelid), c.nspname, c.relname, x.relname)
  FROM own c JOIN pg_index i ON i.indrelid = c.oid JOIN pg_class x ON x.oid = i.indexrelid
  WHERE i.indisready AND (i.indisvalid OR c.relkind = 'p')
UNION ALL
SELECT json_build_array('type', pg_get_expr(t.typdefaultbin, 0), t.nspname, t.typname, t.typtype,
    format_type(coalesce(r.rngsubtype, nullif(t.typbasetype, 0)), t.typtypmod), t.typnotnull,
    (SELECT json_agg(l.enumlabel ORDER BY l.enumsortorder) FROM pg_enum l WHERE l.enumtypid = t.oid))
  FROM types t LEFT JOIN pg_range r ON r.rngtypid = t.oid;`;

/** Kind, expression, schema, name, and what else there is to say. */
const objectLine = z.tuple([z.string(), z.string().nullable(), z.string(), z.string()]).rest(z.json());
type DescribedObject = z.infer<typeof objectLine>;

const textLine = z.tuple([z.string().nullable()]);

/**
 * The schema of a database as a session sees it: with the session that holds the snapshot of a dump, at that moment.
 * `serverVersion` as in `ServerDescription`. Throws what `ask` throws.
 */
export async function describeSchema(ask: Ask, serverVersion: number): Promise<DatabaseSchema> {
  const lines = (await ask(`${settings}\n${describeSql(serverVersion)}`)).filter((line) => line.startsWith('['));
  const objects = lines.map((line) => objectLine.parse(JSON.parse(line)));
  const descriptions = objects.map(([kind, expression, ...facts]) =>
    JSON.stringify([kind, expression === null ? null : withoutCasts(expression), ...facts]),
  );
  const told: ToldVersion[] = [];
  for (const { schema, found } of migrationTablesOf(objects)) {
    const table = `${quoteIdentifier(schema)}.${quoteIdentifier(found.table)}`;
    const rows = await ask(`SELECT json_build_array(t.x) FROM (${found.sql.replaceAll('%s', () => table)}) AS t(x);`);
    told.push({
      table: schema === 'public' ? found.table : `${schema}.${found.table}`,
      rows: rows.filter((line) => line.startsWith('[')).map((line) => textLine.parse(JSON.parse(line))[0]),
    });
  }
  const dialect = `postgres ${Math.floor(serverVersion / 10_000)}`;
  return { digest: digestOf(descriptions), dialect, version: versionText(told) };
}

/** The schema of a database as it is now. Throws `HomeportError`. */
export async function schemaNow(client: PostgresClient, database: string, version: number): Promise<DatabaseSchema> {
  return await describeSchema(
    (sql) => runSql(client, database, sql, `The schema of ${database} could not be read`),
    version,
  );
}

function migrationTablesOf(objects: readonly DescribedObject[]): { schema: string; found: MigrationTable }[] {
  const known = new Set(migrationTables.map(({ table }) => table));
  return objects.flatMap(([kind, , schema, table, relationKind]) => {
    if (kind !== 'relation' || !known.has(table) || (relationKind !== 'r' && relationKind !== 'p')) return [];
    const columns = objects
      .filter(([of, , inSchema, ofTable]) => of === 'column' && inSchema === schema && ofTable === table)
      .map((column) => column[4]);
    const fits = (one: MigrationTable) => one.table === table && one.columns.every((name) => columns.includes(name));
    const found = migrationTables.find(fits);
    return found === undefined ? [] : [{ schema, found }];
  });
}

const castType = String.raw`(?:"(?:[^"]|"")*"|[A-Za-z_][\w$]*)`;
const cast = new RegExp(
  String.raw`::${castType}(?:\.${castType})?(?: varying| precision)?(?:\(\d+(?:,\s*-?\d+)?\))?(?: with(?:out)? time zone)?(?:\[\])*`,
  'g',
);

/**
 * An expression without its casts, parentheses and spaces. Once through dump and restore PostgreSQL may put a cast
 * elsewhere: `(ARRAY['a'::character varying])::text[]` comes back as `ARRAY[('a'::character varying)::text]`.
 */
export function withoutCasts(expression: string): string {
  return expression.replaceAll(cast, '').replaceAll(/[()\s]+/g, '');
}
