import { createHash } from 'node:crypto';

/** The table in which a migration tool keeps how far it is. */
export interface MigrationTable {
  readonly table: string;
  /** Columns without which a table of that name is somebody else's. */
  readonly columns: readonly string[];
  /** One text or nothing, in the SQL that PostgreSQL and SQLite share; `%s` stands for the quoted table. */
  readonly sql: string;
}

/** The last of many by the order that the tool itself has, and how many there are. */
function lastOf(name: string, order: string, where = ''): string {
  const last = `SELECT ${name} FROM %s ${where} ORDER BY ${order} LIMIT 1`;
  const all = `SELECT count(*) FROM %s ${where}`;
  return `SELECT last || CASE WHEN n > 1 THEN ', the last of ' || n ELSE '' END
    FROM (SELECT (${last}) AS last, (${all}) AS n) AS both_of_them`;
}

const version = 'CAST(version AS text)';
/** Numbers of any length as well as dates: the longer one is the later one. */
const byVersion = `length(${version}) DESC, ${version} DESC`;
const isTrue = (column: string) => `CAST(${column} AS text) IN ('true', 't', '1')`;

/** Of several with the same table the first that fits counts. */
export const migrationTables: readonly MigrationTable[] = [
  {
    // Several heads are several rows.
    table: 'alembic_version',
    columns: ['version_num'],
    sql: 'SELECT CAST(version_num AS text) FROM %s ORDER BY 1',
  },
  {
    // golang-migrate: a migration that failed halfway is marked.
    table: 'schema_migrations',
    columns: ['version', 'dirty'],
    sql: `SELECT ${version} || CASE WHEN ${isTrue('dirty')} THEN ', dirty' ELSE '' END FROM %s ORDER BY ${byVersion} LIMIT 1`,
  },
  // Rails, dbmate, Ecto
  { table: 'schema_migrations', columns: ['version'], sql: lastOf(version, byVersion) },
  {
    // What is repeated at every change of its file has no version.
    table: 'flyway_schema_history',
    columns: ['installed_rank', 'version'],
    sql: `SELECT ${version} FROM %s WHERE version IS NOT NULL ORDER BY installed_rank DESC LIMIT 1`,
  },
  {
    table: 'django_migrations',
    columns: ['id', 'app', 'name'],
    sql: lastOf("CAST(app AS text) || '.' || CAST(name AS text)", 'id DESC'),
  },
  {
    table: '_prisma_migrations',
    columns: ['migration_name', 'started_at', 'finished_at', 'rolled_back_at'],
    sql: lastOf(
      'CAST(migration_name AS text)',
      'started_at DESC, migration_name DESC',
      'WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL',
    ),
  },
  { table: 'knex_migrations', columns: ['id', 'name'], sql: lastOf('CAST(name AS text)', 'id DESC') },
  {
    // Going down adds a row too: the last one about a version counts.
    table: 'goose_db_version',
    columns: ['id', 'version_id', 'is_applied'],
    sql: `SELECT CAST(max(version_id) AS text) FROM %s AS up WHERE ${isTrue('is_applied')}
      AND id = (SELECT max(id) FROM %s AS any_way WHERE any_way.version_id = up.version_id)`,
  },
];

/** What a migration table says: all rows of its query. */
export interface ToldVersion {
  /** As people know it: with its schema where that is not the usual one. */
  readonly table: string;
  readonly rows: readonly (string | null)[];
}

/** `27c6a30d7c24 (alembic_version)`; `null` when no table says anything. */
export function versionText(told: readonly ToldVersion[]): string | null {
  const texts = told
    .map(({ table, rows }) => ({ table, text: rows.filter((row) => row !== null).join(' and ') }))
    .filter(({ text }) => text !== '')
    .map(({ table, text }) => `${text} (${table})`)
    .sort();
  if (texts.length === 0) return null;
  if (texts.length <= 3) return texts.join(', ');
  // A schema for every tenant, say.
  const digest = createHash('sha256').update(texts.join('\n')).digest('hex').slice(0, 12);
  return `${texts.length} tables of migrations, digest ${digest}`;
}
