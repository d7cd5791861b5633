import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { isOnLink } from '../../src/checks/reach.ts';
import { runChecks, titleOf } from '../../src/checks/run-checks.ts';
import type { DatabaseKind, DatabaseTarget } from '../../src/databases/database.ts';
import { HomeportError } from '../../src/deployment/error.ts';
import { container, contextOf, freePort, httpCheck, quick, serve } from './support.ts';

const target: DatabaseTarget = { kind: 'postgres', service: 'db', container: 'c', imageId: 'i', database: 'app' };

function kindThat(query: DatabaseKind['query']): DatabaseKind {
  const unused = () => Promise.reject(new Error('a check only queries'));
  const rest = { isServer: true, counted: String, forget: unused, recoverRestore: unused, endSessions: unused };
  return { kind: 'postgres', backup: unused, restore: unused, size: unused, query, ...rest };
}

describe('a run check', () => {
  it('runs on the host in the working directory, with the environment of the release', async () => {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), 'homeport-run-')));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const context = contextOf({ workingDirectory: folder, env: { HOMEPORT_RELEASE: 'r1' } });
    const run = `test "$PWD" = ${folder} && test "$HOMEPORT_RELEASE" = r1`;
    expect(await runChecks([{ run, ...quick }], context)).toMatchObject([{ ok: true, seen: '', service: null }]);
  });

  it.each([
    ['an exit code', 'echo not yet; exit 7', 'exit code 7\nnot yet'],
    ['a pipe of which one part fails', 'false | cat', 'exit code 1, no output'],
    ['a variable that is not set', 'echo "$NO_SUCH_NAME"', /exit code \d+\n.*NO_SUCH_NAME: unbound variable/],
    ['silence', 'exit 3', 'exit code 3, no output'],
  ])('fails by %s', async (_what, run, seen) => {
    const [result] = await runChecks([{ run, ...quick }], contextOf());
    expect(result?.ok).toBe(false);
    expect(result?.seen).toMatch(seen);
  });

  it('shows the last 500 bytes of the output', async () => {
    const [result] = await runChecks([{ run: 'seq 1 1000; exit 1', ...quick }], contextOf());
    expect(result?.seen).toMatch(/^exit code 1\n….*999\n1000$/s);
    expect(Buffer.byteLength(result?.seen ?? '')).toBeLessThan(530);
  });

  it('ends at its time limit', async () => {
    const [result] = await runChecks([{ run: 'echo waiting; sleep 60', ...quick, timeout: 300 }], contextOf());
    expect(result?.seen).toBe('still running after 0.3s\nwaiting');
    expect(result?.durationMs).toBeLessThan(5000);
  });
});

describe('a database check', () => {
  it('passes when the query does', async () => {
    let asked = '';
    const kind = kindThat(async ({ database }, { timeout }) => {
      asked = `${database} within ${timeout}`;
    });
    const context = contextOf({ databaseOf: () => ({ kind, target }) });
    expect(await runChecks([{ database: 'db', ...quick }], context)).toMatchObject([{ ok: true, service: 'db' }]);
    expect(asked).toBe('app within 5000');
  });

  it('shows what the client said', async () => {
    const kind = kindThat(async () => {
      throw new HomeportError('psql failed', { hint: 'look', excerpt: 'FATAL: the database system is starting up' });
    });
    const [result] = await runChecks(
      [{ database: 'db', ...quick }],
      contextOf({ databaseOf: () => ({ kind, target }) }),
    );
    expect(result).toMatchObject({ ok: false, seen: 'psql failed\nFATAL: the database system is starting up' });
  });

  it.each([
    ['db', 'no database that Homeport knows was found in the service `db`'],
    ['dbb', 'there is no running service `dbb`; there are: db'],
  ])('says that %s has none, once', async (database, seen) => {
    const context = contextOf({ containers: [container('db')] });
    const [result] = await runChecks([{ database, ...quick, retries: 3 }], context);
    expect(result).toMatchObject({ ok: false, attempts: 1 });
    expect(result?.seen).toContain(seen);
  });
});

describe('running checks', () => {
  it('runs them side by side and tells them in their order', async () => {
    const bothAsked = Promise.withResolvers<void>();
    let asked = 0;
    const port = await serve(async (_request, response) => {
      asked += 1;
      if (asked === 2) bothAsked.resolve();
      await bothAsked.promise;
      response.end();
    });
    const nothing = `http://127.0.0.1:${await freePort()}/`;
    const url = `http://127.0.0.1:${port}/`;
    const results = await runChecks([httpCheck(url), httpCheck(nothing), httpCheck(url)], contextOf());
    expect(results.map(({ ok }) => ok)).toEqual([true, false, true]);
    expect(results[1]?.check).toMatchObject({ http: nothing });
  });

  it('stops at once when the deployment is cancelled: in an attempt, in a pause, and before the first', async () => {
    const abort = new AbortController();
    const context = contextOf({ signal: abort.signal });
    const waiting = Promise.withResolvers<void>();
    const hanging = await serve(() => waiting.resolve());
    const refusing = await freePort();
    const running = runChecks(
      [
        httpCheck(`http://127.0.0.1:${hanging}/`, { timeout: 60_000 }),
        httpCheck(`http://127.0.0.1:${refusing}/`, { retries: 3, interval: 60_000 }),
        { run: 'sleep 60', ...quick, timeout: 60_000 },
      ],
      context,
    );
    await waiting.promise;
    abort.abort();
    const results = await running;
    expect(results.map(({ ok, seen }) => [ok, seen])).toEqual(Array(3).fill([false, 'cancelled']));
    for (const { durationMs } of results) expect(durationMs).toBeLessThan(5000);
    expect(await runChecks([{ run: 'true', ...quick }], context)).toMatchObject([
      { ok: false, attempts: 0, seen: 'cancelled' },
    ]);
  });

  it('never rejects', async () => {
    const context = contextOf({
      databaseOf: () => {
        throw new Error('broken');
      },
    });
    expect(await runChecks([{ database: 'db', ...quick }], context)).toMatchObject([{ ok: false, seen: 'broken' }]);
  });

  it('says little', async () => {
    const context = contextOf();
    await runChecks([{ run: 'head -c 3000 /dev/zero | tr "\\0" x; exit 1', ...quick }], context);
    expect(context.said).toHaveLength(1);
    expect(context.said[0]?.length).toBeLessThan(300);
  });
});

describe('the title of a check', () => {
  it.each([
    [httpCheck('https://user:pass@example.org/x'), 'http https://example.org/x'],
    [{ exec: { service: 'app', command: ['python', '-m', 'app.check'] }, ...quick }, 'exec app: python -m app.check'],
    [{ exec: { service: 'app', command: 'python -m app.check' }, ...quick }, 'exec app: python -m app.check'],
    [{ run: './smoke.sh\nexit 0', ...quick }, 'run ./smoke.sh'],
    [{ tcp: 'db:5432', ...quick }, 'tcp db:5432'],
    [{ database: 'db', ...quick }, 'database db'],
  ])('%#', (check, title) => {
    expect(titleOf(check)).toBe(title);
  });
});

describe('an address on the link', () => {
  it.each([
    ['127.0.0.1', true],
    ['240.0.0.1', false],
    ['2001:db8::1', false],
    ['', false],
  ])('%s: %s', (address, expected) => {
    expect(isOnLink(address)).toBe(expected);
  });
});
