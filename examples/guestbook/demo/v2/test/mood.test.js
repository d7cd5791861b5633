import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, test } from 'node:test';
import { migrate, migrations } from '../lib/migrations.js';
import { renderPage } from '../lib/page.js';
import { InvalidEntry, openStore } from '../lib/store.js';

let folder;
let path;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'guestbook-'));
  path = join(folder, 'guestbook.db');
});
afterEach(() => rmSync(folder, { recursive: true }));

test('a mood is kept and shown', () => {
  migrate(path);
  const store = openStore(path);
  store.add({ name: 'Ada', message: 'Hello', mood: 'curious' });
  assert.match(renderPage({ version: '2', rules: [], entries: store.list() }), /Ada<\/strong>, <em>curious/);
  store.close();
});

test('a mood that nobody offered is refused', () => {
  migrate(path);
  const store = openStore(path);
  assert.throws(() => store.add({ name: 'Ada', message: 'Hello', mood: '<b>' }), InvalidEntry);
  store.close();
});

test('entries of version 1 stay, and version 1 can still write after the migration', () => {
  const database = new DatabaseSync(path);
  database.exec(migrations[0]);
  database.exec(
    `CREATE TABLE schema_version (version INTEGER PRIMARY KEY, applied_at TEXT NOT NULL DEFAULT '') STRICT`,
  );
  database.exec('INSERT INTO schema_version (version) VALUES (1)');
  const signAsVersion1 = database.prepare('INSERT INTO entries (name, message) VALUES (?, ?)');
  signAsVersion1.run('Ada', 'before');
  assert.deepEqual(migrate(path), { before: 1, after: 2 });
  signAsVersion1.run('Ada', 'after');
  database.close();

  const store = openStore(path);
  assert.deepEqual(
    store.list().map(({ message, mood }) => [message, mood]),
    [
      ['after', ''],
      ['before', ''],
    ],
  );
  store.close();
});
