import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { migrate, migrations } from '../lib/migrations.js';
import { openStore } from '../lib/store.js';

let folder;
let path;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'guestbook-'));
  path = join(folder, 'guestbook.db');
});
afterEach(() => rmSync(folder, { recursive: true }));

test('a new file gets the newest schema', () => {
  assert.deepEqual(migrate(path), { before: 0, after: migrations.length });
});

test('migrating again changes nothing and loses nothing', () => {
  migrate(path);
  const store = openStore(path);
  store.add({ name: 'Ada', message: 'Hello' });
  assert.deepEqual(migrate(path), { before: migrations.length, after: migrations.length });
  assert.equal(store.count(), 1);
  store.close();
});

test('a file without the schema is refused, with the way out', () => {
  assert.throws(() => openStore(path), /schema 0.*run `node migrate\.js`/);
});
