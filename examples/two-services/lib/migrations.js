/**
 * Each migration only adds, so that the version before it keeps working on the new schema: it may still be serving
 * while this runs, and it serves again after a rollback. MariaDB can't undo a change of the schema, so each is one
 * statement that does no harm when it runs a second time.
 */
export const migrations = [
  `CREATE TABLE IF NOT EXISTS orders (
    id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
    item VARCHAR(60) NOT NULL,
    quantity INT UNSIGNED NOT NULL,
    state ENUM('waiting', 'priced', 'refused') NOT NULL DEFAULT 'waiting',
    total_cents INT UNSIGNED NULL,
    ordered_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
  )`,
  'CREATE INDEX IF NOT EXISTS orders_by_state ON orders (state, ordered_at)',
];

/** Number of the last migration that the database has had. */
export async function schemaVersion(database) {
  const [[row]] = await database.query('SELECT COALESCE(MAX(version), 0) AS version FROM schema_version');
  return Number(row.version);
}

/** Brings the database to the newest schema over one connection. Gives the versions before and after. */
export async function migrate(connection) {
  // Two at once would both apply a step.
  const [[{ locked }]] = await connection.query("SELECT GET_LOCK('migrate', 60) AS locked");
  if (locked !== 1) throw new Error('somebody else has been migrating for a minute');
  try {
    await connection.query(`CREATE TABLE IF NOT EXISTS schema_version (
      version INT UNSIGNED PRIMARY KEY,
      applied_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
    )`);
    const before = await schemaVersion(connection);
    for (const [index, sql] of migrations.entries()) {
      const version = index + 1;
      if (version <= before) continue;
      await connection.query(sql);
      await connection.query('INSERT INTO schema_version (version) VALUES (?)', [version]);
    }
    return { before, after: await schemaVersion(connection) };
  } finally {
    await connection.query("DO RELEASE_LOCK('migrate')");
  }
}
