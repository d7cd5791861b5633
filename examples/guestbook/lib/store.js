import { DatabaseSync } from 'node:sqlite';
import { migrations, schemaVersion } from './migrations.js';

/** What the visitor sent can't be an entry; the message is for the visitor. */
export class InvalidEntry extends Error {}

/** The entries in the SQLite file at `path`. Throws when its schema is older than this version needs. */
export function openStore(path) {
  const database = new DatabaseSync(path, { timeout: 5000 });
  const schema = schemaVersion(database);
  // A newer schema is fine: that is what the version before a rollback leaves behind.
  if (schema < migrations.length) {
    database.close();
    throw new Error(`${path} has schema ${schema}, this version needs ${migrations.length}: run \`node migrate.js\``);
  }
  const insert = database.prepare('INSERT INTO entries (name, message) VALUES (?, ?) RETURNING *');
  const newest = database.prepare('SELECT id, name, message, written_at FROM entries ORDER BY id DESC LIMIT 100');
  const count = database.prepare('SELECT count(*) AS entries FROM entries');

  return {
    add(fields) {
      const entry = insert.get(required(fields, 'name', 60), required(fields, 'message', 500));
      return { ...entry };
    },
    list: () => newest.all(),
    count: () => count.get().entries,
    schema: () => schemaVersion(database),
    close: () => database.close(),
  };
}

function required(fields, name, maximum) {
  const text = String(fields[name] ?? '').trim();
  if (text === '') throw new InvalidEntry(`Please write your ${name}.`);
  if (text.length > maximum) throw new InvalidEntry(`Your ${name} is longer than ${maximum} characters.`);
  return text;
}
