import { z } from 'zod';
import type { DatabaseSchema } from './database.ts';
import { dialectOf, type ServerDescription } from './mariadb-catalog.ts';
import { type MariadbClient, plainSession, quoteIdentifier, quoteLiteral, runSql } from './mariadb-client.ts';
import { migrationTables, type ToldVersion, versionText } from './migration-tables.ts';
import { digestOf } from './schema.ts';

/** Runs statements in one session of the database and gives the lines that they print. */
export type Ask = (sql: string) => Promise<string[]>;

/*
 * One JSON array a line. Left out is what a dump does not carry or a restore makes anew: counters, statistics, whether
 * events are on (a copy's are off), events that happen once, as one whose time has passed is not made again. Names of the
 * database itself stand in definitions of views; they are taken out.
 */
const describeSql = (database: string, hasChecks: boolean) => {
  const own = quoteLiteral(database);
  const named = quoteLiteral(`${quoteIdentifier(database)}.`);
  return `SELECT JSON_ARRAY('relation', TABLE_NAME, TABLE_TYPE, ENGINE, TABLE_COLLATION, TABLE_COMMENT)
  FROM information_schema.TABLES WHERE TABLE_SCHEMA = ${own} AND TABLE_TYPE <> 'VIEW';
SELECT JSON_ARRAY('column', TABLE_NAME, COLUMN_NAME, ORDINAL_POSITION, COLUMN_TYPE, IS_NULLABLE, COLUMN_DEFAULT,
  CHARACTER_SET_NAME, COLLATION_NAME, EXTRA, GENERATION_EXPRESSION, COLUMN_COMMENT)
  FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = ${own};
SELECT JSON_ARRAY('index', TABLE_NAME, INDEX_NAME, NON_UNIQUE, SEQ_IN_INDEX, COLUMN_NAME, SUB_PART, INDEX_TYPE)
  FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = ${own};
SELECT JSON_ARRAY('key', k.TABLE_NAME, k.CONSTRAINT_NAME, k.ORDINAL_POSITION, k.COLUMN_NAME,
  NULLIF(k.REFERENCED_TABLE_SCHEMA, ${own}), k.REFERENCED_TABLE_NAME, k.REFERENCED_COLUMN_NAME, r.UPDATE_RULE, r.DELETE_RULE)
  FROM information_schema.KEY_COLUMN_USAGE k LEFT JOIN information_schema.REFERENTIAL_CONSTRAINTS r
  ON r.CONSTRAINT_SCHEMA = k.CONSTRAINT_SCHEMA AND r.TABLE_NAME = k.TABLE_NAME AND r.CONSTRAINT_NAME = k.CONSTRAINT_NAME
  WHERE k.TABLE_SCHEMA = ${own};
${hasChecks ? `SELECT JSON_ARRAY('check', CONSTRAINT_NAME, CHECK_CLAUSE) FROM information_schema.CHECK_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = ${own};` : ''}
SELECT JSON_ARRAY('partition', TABLE_NAME, PARTITION_NAME, SUBPARTITION_NAME, PARTITION_METHOD, PARTITION_EXPRESSION,
  PARTITION_DESCRIPTION) FROM information_schema.PARTITIONS WHERE TABLE_SCHEMA = ${own} AND PARTITION_NAME IS NOT NULL;
SELECT JSON_ARRAY('view', TABLE_NAME, REPLACE(VIEW_DEFINITION, ${named}, ''), CHECK_OPTION, SECURITY_TYPE, DEFINER)
  FROM information_schema.VIEWS WHERE TABLE_SCHEMA = ${own};
SELECT JSON_ARRAY('routine', ROUTINE_NAME, ROUTINE_TYPE, DTD_IDENTIFIER, ROUTINE_DEFINITION, IS_DETERMINISTIC,
  SQL_DATA_ACCESS, SECURITY_TYPE, SQL_MODE, DEFINER) FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = ${own};
SELECT JSON_ARRAY('parameter', SPECIFIC_NAME, ROUTINE_TYPE, ORDINAL_POSITION, PARAMETER_MODE, PARAMETER_NAME, DTD_IDENTIFIER)
  FROM information_schema.PARAMETERS WHERE SPECIFIC_SCHEMA = ${own};
SELECT JSON_ARRAY('trigger', TRIGGER_NAME, EVENT_OBJECT_TABLE, EVENT_MANIPULATION, ACTION_TIMING, ACTION_ORDER,
  ACTION_STATEMENT, SQL_MODE, DEFINER) FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = ${own};
SELECT JSON_ARRAY('event', EVENT_NAME, EVENT_DEFINITION, INTERVAL_VALUE, INTERVAL_FIELD, ON_COMPLETION, SQL_MODE, DEFINER)
  FROM information_schema.EVENTS WHERE EVENT_SCHEMA = ${own} AND EVENT_TYPE = 'RECURRING';`;
};

const objectLine = z.tuple([z.string(), z.string()]).rest(z.json());

/**
 * The schema of a database as a session sees it. The versions of migration tools come from the session's own snapshot
 * where it holds one; the catalog has none. Throws what `ask` throws.
 */
export async function describeSchema(ask: Ask, server: ServerDescription, database: string): Promise<DatabaseSchema> {
  // MySQL 5.7 has no such constraints and no table that tells of them.
  const hasChecks = server.isMariadb || Number(server.version.split('.')[0]) >= 8;
  const lines = (await ask(describeSql(database, hasChecks))).filter((line) => line.startsWith('['));
  const objects = lines.map((line) => objectLine.parse(JSON.parse(line)));
  const told: ToldVersion[] = [];
  for (const [kind, table] of objects) {
    if (kind !== 'relation') continue;
    const columns = objects.flatMap((one) => (one[0] === 'column' && one[1] === table ? [one[2]] : []));
    const found = migrationTables.find(
      (one) => one.table === table && one.columns.every((name) => columns.includes(name)),
    );
    if (found === undefined) continue;
    const sql = inThisDialect(found.sql.replaceAll('%s', () => quoteIdentifier(table)));
    const lines = await ask(
      `SET SESSION sql_mode = 'PIPES_AS_CONCAT'; SELECT 'homeport version'; ${sql}; ${plainSession}`,
    );
    const rows = lines.slice(lines.indexOf('homeport version') + 1);
    told.push({ table, rows: rows.map((row) => (row === 'NULL' ? null : row)) });
  }
  const digest = digestOf(objects.map((facts) => JSON.stringify(facts)));
  return { digest, dialect: dialectOf(server), version: versionText(told) };
}

/** A text is CHAR here. */
function inThisDialect(sql: string): string {
  return sql.replaceAll(/\bAS text\)/g, 'AS CHAR)');
}

/** The schema of a database as it is now. Throws `HomeportError`. */
export async function schemaNow(
  client: MariadbClient,
  database: string,
  server: ServerDescription,
): Promise<DatabaseSchema> {
  const what = `The schema of ${database} could not be read`;
  return await describeSchema((sql) => runSql(client, database, sql, what), server, database);
}
