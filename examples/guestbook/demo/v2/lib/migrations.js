import { DatabaseSync } from 'node:sqlite';

/**
 * Each migration only adds, so that the version before it keeps working on the new schema: it may still be serving
 * while this runs, and it serves again after a rollback. What nobody uses any more is removed by a later release.
 */
export const migrations = [
  `CREATE TABLE entries (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    message TEXT NOT NULL,
    written_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
  ) STRICT`,
  `ALTER TABLE entries ADD COLUMN mood TEXT NOT NULL DEFAULT ''`,
];

/** Number of the last migration that a database has had; 0 for a new one. */
export function schemaVersion(database) {
  const known = database.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'schema_version'").get();
  if (!known) return 0;
  return database.prepare('SELECT coalesce(max(version), 0) AS version FROM schema_version').get().version;
}

/** Brings the file to the newest schema, all or nothing. Returns the versions before and after. */
export function migrate(path) {
  const database = new DatabaseSync(path, { timeout: 10_000 });
  try {
    database.exec('PRAGMA journal_mode = WAL');
    // The lock is taken before the version is read, so two at once can't both apply a step.
    database.exec('BEGIN IMMEDIATE');
    database.exec(`CREATE TABLE IF NOT EXISTS schema_version (
      version INTEGER PRIMARY KEY,
      applied_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))
    ) STRICT`);
    const before = schemaVersion(database);
    for (const [index, sql] of migrations.entries()) {
      const version = index + 1;
      if (version <= before) continue;
      database.exec(sql);
      database.prepare('INSERT INTO schema_version (version) VALUES (?)').run(version);
    }
    const after = schemaVersion(database);
    database.exec('COMMIT');
    return { before, after };
  } finally {
    database.close();
  }
}
