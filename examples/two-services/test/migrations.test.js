import assert from 'node:assert/strict';
import { test } from 'node:test';
import { migrate, migrations } from '../lib/migrations.js';

/** What MariaDB answers while it migrates; `versions` are those that it has had. */
function connectionTo({ versions = [], locked = 1, fails } = {}) {
  const said = [];
  return {
    said,
    async query(sql, values = []) {
      said.push(sql);
      if (sql === fails) throw new Error('it fails');
      if (sql.includes('GET_LOCK')) return [[{ locked }]];
      if (sql.includes('MAX(version)')) return [[{ version: Math.max(0, ...versions) }]];
      if (sql.startsWith('INSERT INTO schema_version')) versions.push(...values);
      return [[]];
    },
  };
}

test('a new database gets every migration, in order', async () => {
  const connection = connectionTo();
  assert.deepEqual(await migrate(connection), { before: 0, after: migrations.length });
  assert.deepEqual(
    connection.said.filter((sql) => migrations.includes(sql)),
    migrations,
  );
});

test('one that has had them all is left alone', async () => {
  const connection = connectionTo({ versions: migrations.map((_, index) => index + 1) });
  assert.deepEqual(await migrate(connection), { before: migrations.length, after: migrations.length });
  assert.ok(!connection.said.some((sql) => migrations.includes(sql)));
});

test('a migration that fails is not noted as done, and the lock is given back', async () => {
  const versions = [];
  const connection = connectionTo({ versions, fails: migrations[1] });
  await assert.rejects(migrate(connection), /it fails/);
  assert.deepEqual(versions, [1]);
  assert.equal(connection.said.at(-1), "DO RELEASE_LOCK('migrate')");
});

test('two do not migrate at once', async () => {
  const connection = connectionTo({ locked: 0 });
  await assert.rejects(migrate(connection), /somebody else/);
  assert.equal(connection.said.length, 1);
});
