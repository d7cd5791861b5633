import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createApp } from '../lib/app.js';
import { migrate, migrations } from '../lib/migrations.js';
import { openStore } from '../lib/store.js';

const released = readFileSync(new URL('../VERSION', import.meta.url), 'utf8').trim();
let folder;
let store;
let server;
let base;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'guestbook-'));
  const path = join(folder, 'guestbook.db');
  migrate(path);
  store = openStore(path);
  server = createApp(store).listen(0, '127.0.0.1');
  await once(server, 'listening');
  base = `http://127.0.0.1:${server.address().port}`;
});

after(() => {
  server.closeAllConnections();
  server.close();
  store.close();
  rmSync(folder, { recursive: true });
});

function sign(fields) {
  return fetch(`${base}/entries`, { method: 'POST', body: new URLSearchParams(fields), redirect: 'manual' });
}

test('an empty guestbook invites to sign', async () => {
  assert.match(await (await fetch(base)).text(), /Be the first/);
});

test('who signs is sent back to the page and is on it', async () => {
  const response = await sign({ name: 'Grace', message: 'A fine house' });
  assert.equal(response.status, 303);
  assert.equal(response.headers.get('location'), '/');
  assert.match(await (await fetch(base)).text(), /Grace[\s\S]*A fine house/);
});

test('what visitors write is shown as text', async () => {
  await sign({ name: 'Mallory', message: '<script>alert("hi")</script>' });
  const page = await (await fetch(base)).text();
  assert.ok(!page.includes('<script>'));
  assert.match(page, /&lt;script&gt;/);
});

test('programs sign with JSON and read the list', async () => {
  const response = await fetch(`${base}/entries`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'Robot', message: 'Beep' }),
  });
  assert.equal(response.status, 201);
  const { id } = await response.json();
  const entries = await (await fetch(`${base}/entries`)).json();
  assert.equal(entries.find((entry) => entry.id === id).message, 'Beep');
});

for (const [why, fields] of [
  ['without a name', { message: 'Hi' }],
  ['with a blank message', { name: 'Ada', message: '   ' }],
  ['with a message that is too long', { name: 'Ada', message: 'x'.repeat(501) }],
  ['with a body that is far too long', { name: 'Ada', message: 'x'.repeat(2_000_000) }],
]) {
  test(`an entry ${why} is refused`, async () => {
    const entriesBefore = store.count();
    assert.equal((await sign(fields)).status, 400);
    assert.equal(store.count(), entriesBefore);
  });
}

test('broken JSON is refused', async () => {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${base}/entries`, { method: 'POST', headers, body: '{' });
  assert.equal(response.status, 400);
});

test('health tells version, schema and number of entries', async () => {
  const response = await fetch(`${base}/health`);
  assert.equal(response.status, 200);
  assert.deepEqual(await response.json(), {
    status: 'ok',
    version: released,
    schema: migrations.length,
    entries: store.count(),
  });
});

test('the version is told and shown', async () => {
  assert.deepEqual(await (await fetch(`${base}/version`)).json(), { version: released });
  assert.match(await (await fetch(base)).text(), new RegExp(`version ${released}`));
});

test('anything else is not found', async () => {
  assert.equal((await fetch(`${base}/admin`)).status, 404);
});
