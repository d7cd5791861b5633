import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

function run(file, env) {
  return spawn(process.execPath, [file], { cwd: root, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 2] });
}

test('migrate, serve, check, and stop cleanly on SIGTERM', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'guestbook-'));
  context.after(() => rmSync(folder, { recursive: true }));
  const env = { DATABASE: join(folder, 'guestbook.db'), PORT: '0' };
  assert.deepEqual(await once(run('migrate.js', env), 'exit'), [0, null]);

  const server = run('server.js', env);
  context.after(() => server.kill('SIGKILL'));
  const [line] = await once(createInterface(server.stdout), 'line');
  const port = /port (\d+)/.exec(line)[1];
  assert.equal((await fetch(`http://127.0.0.1:${port}/health`)).status, 200);
  assert.deepEqual(await once(run('check.js', env), 'exit'), [0, null]);

  server.kill('SIGTERM');
  assert.deepEqual(await once(server, 'exit'), [0, null]);
});
