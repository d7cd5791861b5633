import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { chown, mkdir, readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { DatabaseTarget } from '../../src/databases/database.ts';
import { readRecord } from '../../src/databases/record.ts';
import { sqlite } from '../../src/databases/sqlite.ts';
import { utcStamp } from '../../src/deployment/ids.ts';
import type { Host } from '../../src/hosts/host.ts';
import { DatabaseLab, failure, until } from '../support/databases.ts';
import { hostWith } from '../support/faulty-host.ts';

const lab = new DatabaseLab();
/** Of an application that writes to a named volume, and of one with Python only. */
let app: DatabaseTarget;
let python: DatabaseTarget;

beforeAll(async () => {
  await lab.prepare();
  app = await service('node:24-slim', '/data', await lab.volume());
  python = await service('python:3.11-slim', '/data', await lab.volume());
});
afterAll(async () => await lab.remove());
afterEach(async () => {
  for (const name of await readdir(lab.folder)) rmSync(join(lab.folder, name), { recursive: true });
});

/** `--init` passes a stop on to `sleep` at once. */
async function service(
  image: string,
  mount: string,
  volume: string,
  flags: readonly string[] = [],
): Promise<DatabaseTarget> {
  const labels = ['--label', `com.docker.compose.project=${lab.name}`];
  const container = await lab.start(
    image,
    ['--init', '-v', `${volume}:${mount}`, ...labels, ...flags],
    ['sleep', '1000'],
  );
  const imageId = await lab.imageOf(container);
  return { kind: 'sqlite', service: 'app', container, imageId, database: 'app.db', path: `${mount}/app.db` };
}

async function node(target: DatabaseTarget, code: string, ...args: string[]): Promise<string> {
  const program = `const { DatabaseSync } = require('node:sqlite'); const db = new DatabaseSync('/data/app.db', { timeout: 60000 });${code}`;
  const result = await lab.exec(target.container, ['node', '--no-warnings', '-e', program, ...args]);
  if (result.outcome !== 'success') throw new Error(result.tail);
  return result.stdout.trim();
}

/** A fresh database: orders and their ledger are always written together. */
async function reset(target: DatabaseTarget, journal: 'wal' | 'delete', bulk: number): Promise<void> {
  await lab.exec(target.container, ['sh', '-c', 'rm -f /data/app.db* /data/stop']);
  await node(
    target,
    `db.exec(\`PRAGMA journal_mode=${journal}; CREATE TABLE orders (id INTEGER PRIMARY KEY, note TEXT);
      CREATE TABLE ledger (id INTEGER PRIMARY KEY, note TEXT); CREATE TABLE bulk (id INTEGER PRIMARY KEY, noise BLOB);
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${bulk})
      INSERT INTO bulk SELECT i, randomblob(1000) FROM n;\`);`,
  );
}

const stamp = () => utcStamp(new Date());

function inFile<T>(file: string, sql: string): T {
  const url = pathToFileURL(file);
  // Looking at a file must not make logs beside it.
  url.search = 'immutable=1';
  const db = new DatabaseSync(url, { readOnly: true });
  try {
    return db.prepare(sql).get() as T;
  } finally {
    db.close();
  }
}

/** As it is for a user who may use Docker but not look into its folders. */
function withoutAccess(host: Host): Host {
  return hostWith(host, process.execPath, (argv) => ({
    argv: argv.includes('look') ? ['setpriv', '--reuid=54321', '--regid=54321', '--clear-groups', ...argv] : argv,
  }));
}

describe('a backup of SQLite', () => {
  it.each(['wal', 'delete'] as const)('holds one moment while others write, with journal mode %s', async (journal) => {
    await reset(app, journal, 20_000);
    // Until it is told to stop, so that the backup surely falls into the writing; the bound is for a test that broke.
    const writer = `const { existsSync } = require('node:fs'); const end = Date.now() + 120_000; let acknowledged = 0;
      const insert = (t) => db.prepare('INSERT INTO ' + t + ' (id, note) VALUES (?, ?)');
      while (!existsSync('/data/stop') && Date.now() < end) {
        const note = String(Math.random());
        db.exec('BEGIN IMMEDIATE');
        const { lastInsertRowid } = db.prepare('INSERT INTO orders (note) VALUES (?)').run(note);
        insert('ledger').run(lastInsertRowid, note);
        db.exec('COMMIT');
        acknowledged += 1;
      }
      console.log(acknowledged);`;
    const writers = [1, 2].map(() => node(app, writer));
    const count = "console.log(db.prepare('SELECT count(*) AS n FROM orders').get().n)";
    await until(async () => Number(await node(app, count)) > 50);
    const before = Number(await node(app, count));
    const record = await sqlite.backup(app, lab.options(), lab.context());
    const during = Number(await node(app, count));
    await until(async () => Number(await node(app, count)) > during);
    await lab.exec(app.container, ['touch', '/data/stop']);
    // Every write that was acknowledged is there: nobody got an error on account of the backup.
    const acknowledged = (await Promise.all(writers)).reduce((sum, text) => sum + Number(text), 0);
    expect(Number(await node(app, count))).toBe(acknowledged);

    expect(record.rows.orders).toBe(record.rows.ledger);
    expect(record.rows.orders).toBeGreaterThanOrEqual(before);
    expect(record.rows.orders).toBeLessThan(acknowledged);
    expect(record.rows.bulk).toBe(20_000);
    const pairs = 'SELECT count(*) AS n, max(id) AS last FROM orders JOIN ledger USING (id, note)';
    const copied = inFile<{ n: number; last: number }>(record.file, pairs);
    expect(copied.n).toBe(record.rows.orders);
    const digest = (last: number) =>
      `SELECT group_concat(id || note, ',') AS rows FROM (SELECT * FROM orders WHERE id <= ${last} ORDER BY id)`;
    const source = await node(app, `console.log(db.prepare("${digest(copied.last)}").get().rows)`);
    expect(inFile<{ rows: string }>(record.file, digest(copied.last)).rows).toBe(source);
  });

  it('is recorded with what it is, readable for its owner alone', async () => {
    await reset(app, 'wal', 10);
    const record = await sqlite.backup(app, lab.options({ at: new Date('2026-01-02T03:04:05Z') }), lab.context());
    expect((await readdir(lab.folder)).sort()).toEqual([
      'app-app.db-20260102T030405Z.sqlite',
      'app-app.db-20260102T030405Z.sqlite.json',
    ]);
    for (const name of await readdir(lab.folder)) expect((await stat(join(lab.folder, name))).mode & 0o777).toBe(0o600);
    expect(await readRecord(lab.host, record.file)).toEqual(record);
    expect(record).toMatchObject({ kind: 'sqlite', verified: 'restore', rows: { orders: 0, ledger: 0, bulk: 10 } });
    expect(record.bytes).toBe((await stat(record.file)).size);
  });

  it('holds what a killed application left in its log', async () => {
    await reset(app, 'wal', 10);
    await node(
      app,
      "db.exec(\"INSERT INTO orders (note) VALUES ('in the log')\"); process.kill(process.pid, 'SIGKILL')",
    ).catch(() => {});
    expect((await lab.exec(app.container, ['ls', '/data'])).stdout).toContain('app.db-wal');
    const record = await sqlite.backup(app, lab.options(), lab.context());
    expect(record.rows.orders).toBe(1);
    expect(inFile(record.file, 'SELECT note FROM orders')).toEqual({ note: 'in the log' });
  });

  it.each([
    ['ends too early', async (file: string) => await truncate(file, 300_000)],
    ['has other bytes inside', async (file: string) => await overwrite(file)],
    ['is of 20 bytes', async (file: string) => await truncate(file, 20)],
  ])('that %s is caught before it gets its name', async (_how, damage) => {
    await reset(app, 'wal', 1000);
    const host = hostWith(lab.host, 'verify', async (argv) => {
      await damage(argv.find((word) => word.endsWith('.partial')) ?? '');
    });
    await failure(sqlite.backup(app, lab.options(), { ...lab.context(), host }));
    expect(await readdir(lab.folder)).toEqual([]);
  });

  it('which is cancelled leaves nothing', async () => {
    await reset(app, 'wal', 150_000);
    const cancel = new AbortController();
    const failed = failure(sqlite.backup(app, lab.options(), lab.context(cancel.signal)));
    await until(async () => (await readdir(lab.folder)).length > 0);
    cancel.abort();
    expect((await failed).message).toMatch(/cancelled/);
    expect(await readdir(lab.folder)).toEqual([]);
    await sqlite.query(app, lab.context());
  });

  it('onto a full disk fails with that reason, and leaves nothing', async () => {
    await reset(app, 'wal', 5000);
    const folder = mkdtempSync(join(tmpdir(), `${lab.name}-full-`));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', lab.name, folder]);
    try {
      const error = await failure(sqlite.backup(app, lab.options({ folder }), lab.context()));
      expect(error.message).toMatch(/disk is full/);
      expect(await readdir(folder)).toEqual([]);
    } finally {
      execFileSync('umount', [folder]);
      rmSync(folder, { recursive: true });
    }
  });

  it.each([
    ['node', () => app],
    ['python3', () => python],
  ])(
    'is made inside a container of the image by its %s, where the volume is not ours to read',
    async (_program, target) => {
      const it = target();
      await lab.exec(it.container, ['sh', '-c', 'rm -f /data/app.db* /data/stop']);
      await seedByHost(it);
      await chown(lab.folder, 54321, 54321);
      const context = { ...lab.context(), host: withoutAccess(lab.host) };
      const record = await sqlite.backup(it, lab.options(), context);
      expect(record).toMatchObject({ verified: 'restore', rows: { orders: 2 } });
      expect(await stat(record.file)).toMatchObject({ uid: 54321, gid: 54321 });
      expect(await sqlite.size(it, context)).toBeGreaterThan(4000);
      await sqlite.query(it, context);

      await seedByHost(it);
      const { kept, removeCommand } = await sqlite.restore(it, record, stamp(), context);
      expect(inFile(await hostFile(it), 'SELECT count(*) AS n FROM orders')).toEqual({ n: 2 });
      expect(inFile(kept ?? '', 'SELECT count(*) AS n FROM orders')).toEqual({ n: 4 });
      expect(removeCommand).toMatch(/^sudo rm -- \//);
      expect(await lab.docker('inspect', '--format', '{{.State.Running}}', it.container)).toBe('true');
      expect(await lab.docker('ps', '--all', '--quiet', '--filter', `label=homeport.project=${lab.name}`)).toBe('');
      await chown(lab.folder, 0, 0);
    },
  );

  it('tells what is missing where the image has no program for it', async () => {
    const plain = await service('busybox:stable', '/data', await lab.volume());
    await seedByHost(plain);
    const context = { ...lab.context(), host: withoutAccess(lab.host) };
    expect((await failure(sqlite.backup(plain, lab.options(), context))).message).toMatch(
      /neither node .*python3 nor sqlite3/,
    );
    // Homeport's own is enough where the file may be read.
    expect((await sqlite.backup(plain, lab.options(), lab.context())).rows).toEqual({ orders: 2 });
  });

  it('is refused where the database would not survive a deployment', async () => {
    const inLayer = { ...app, path: '/srv/app.db' };
    expect((await failure(sqlite.backup(inLayer, lab.options(), lab.context()))).message).toMatch(/is in no volume/);
    const folder = join(lab.folder, 'bound');
    await mkdir(folder);
    await writeFile(join(folder, 'app.db'), '');
    const bound = await service('busybox:stable', '/other', folder, [
      '-v',
      `${folder}/app.db:/srv/app.db`,
      '--tmpfs',
      '/memory',
    ]);
    const alone = { ...bound, path: '/srv/app.db' };
    expect((await failure(sqlite.backup(alone, lab.options(), lab.context()))).message).toMatch(/Only the file/);
  });

  it('tells a file that is missing, empty or something else apart', async () => {
    await reset(app, 'wal', 1);
    const of = (path: string) => failure(sqlite.backup({ ...app, path }, lab.options(), lab.context()));
    expect((await of('/data/none.db')).message).toBe('There is no database file at /data/none.db in app yet.');
    await lab.exec(app.container, [
      'sh',
      '-c',
      ': > /data/empty.db; mkdir -p /data/folder; yes notes | head -1000 > /data/notes.txt',
    ]);
    expect((await of('/data/empty.db')).message).toMatch(/empty\.db of app is empty/);
    expect((await of('/data/notes.txt')).message).toMatch(/notes\.txt of app is not an SQLite database/);
    expect((await of('/data/folder')).message).toMatch(/no database file/);
    expect(await readdir(lab.folder)).toEqual([]);
  });

  it('does not follow a link out of the volume', async () => {
    const outside = join(lab.folder, 'outside.db');
    new DatabaseSync(outside).exec('CREATE TABLE secrets (s)');
    const linked = await service('busybox:stable', '/data', await lab.volume());
    await lab.exec(linked.container, ['ln', '-s', outside, '/data/app.db']);
    await failure(sqlite.backup(linked, lab.options(), lab.context()));
    expect(existsSync(outside)).toBe(true);
    expect((await readdir(lab.folder)).filter((name) => name !== 'outside.db')).toEqual([]);
  });
});

describe('the restore of an SQLite backup', () => {
  it('puts every row back, keeps the old file and its owner, and starts what it stopped', async () => {
    await reset(app, 'wal', 100);
    await node(app, `db.exec("INSERT INTO orders (note) VALUES ('kept safe')")`);
    await lab.exec(app.container, ['sh', '-c', 'chown 1000:1001 /data/app.db && chmod 640 /data/app.db']);
    const record = await sqlite.backup(app, lab.options(), lab.context());
    const volume = await lab.docker('inspect', '--format', '{{(index .Mounts 0).Name}}', app.container);
    const worker = await service('busybox:stable', '/shared', volume);
    const startedAt = (id: string) => lab.docker('inspect', '--format', '{{.State.StartedAt}}', id);
    const [appBefore, workerBefore, otherBefore] = await Promise.all(
      [app, worker, python].map((one) => startedAt(one.container)),
    );
    await node(app, "db.exec('DELETE FROM orders; DELETE FROM bulk; CREATE TABLE later (i)')");

    const result = await sqlite.restore(app, record, stamp(), lab.context());
    expect(result.rows).toEqual(record.rows);
    expect(await node(app, "console.log(db.prepare('SELECT note FROM orders').get().note)")).toBe('kept safe');
    expect((await lab.exec(app.container, ['stat', '-c', '%u:%g %a', '/data/app.db'])).stdout.trim()).toBe(
      '1000:1001 640',
    );
    expect(result.kept).toMatch(/\/app\.db\.homeport-before-\d{8}T\d{6}Z$/);
    expect(inFile(result.kept ?? '', 'SELECT count(*) AS n FROM later')).toEqual({ n: 0 });
    expect((await startedAt(app.container)) > (appBefore ?? '')).toBe(true);
    expect((await startedAt(worker.container)) > (workerBefore ?? '')).toBe(true);
    expect(await startedAt(python.container)).toBe(otherBefore);
    for (const one of [app, worker]) {
      expect(await lab.docker('inspect', '--format', '{{.State.Running}}', one.container)).toBe('true');
    }
    expect((await lab.host.exec(['sh', '-c', result.removeCommand ?? ''], { timeout: 10_000 })).outcome).toBe(
      'success',
    );
    expect(
      (await lab.exec(app.container, ['ls', '/data'])).stdout.split('\n').filter((name) => name.includes('homeport')),
    ).toEqual([]);
  });

  it('refuses a damaged file before it stops or touches anything', async () => {
    await reset(app, 'wal', 1000);
    const record = await sqlite.backup(app, lab.options(), lab.context());
    await overwrite(record.file);
    const before = await lab.docker('inspect', '--format', '{{.State.StartedAt}}', app.container);
    expect((await failure(sqlite.restore(app, record, stamp(), lab.context()))).message).toMatch(/damaged/);
    expect(await lab.docker('inspect', '--format', '{{.State.StartedAt}}', app.container)).toBe(before);
    expect(await node(app, "console.log(db.prepare('SELECT count(*) AS n FROM bulk').get().n)")).toBe('1000');
  });

  it('leaves everything as it was when the swap fails', async () => {
    await reset(app, 'wal', 10);
    const record = await sqlite.backup(app, lab.options(), lab.context());
    await node(app, "db.exec('DELETE FROM bulk')");
    const host = hostWith(lab.host, 'swap', async (argv) => {
      rmSync(argv.find((word) => word.includes('homeport-restore')) ?? '');
    });
    await failure(sqlite.restore(app, record, stamp(), { ...lab.context(), host }));
    expect(await node(app, "console.log(db.prepare('SELECT count(*) AS n FROM bulk').get().n)")).toBe('0');
    expect(
      (await lab.exec(app.container, ['ls', '/data'])).stdout.split('\n').filter((name) => name.includes('homeport')),
    ).toEqual([]);
  });

  it('makes the file anew where it is gone', async () => {
    await reset(app, 'wal', 10);
    const record = await sqlite.backup(app, lab.options(), lab.context());
    await lab.exec(app.container, ['sh', '-c', 'rm /data/app.db*']);
    expect(await sqlite.restore(app, record, stamp(), lab.context())).toMatchObject({
      kept: null,
      removeCommand: null,
    });
    expect(await node(app, "console.log(db.prepare('SELECT count(*) AS n FROM bulk').get().n)")).toBe('10');
  });
});

async function hostFile(target: DatabaseTarget): Promise<string> {
  return join(await lab.docker('inspect', '--format', '{{(index .Mounts 0).Source}}', target.container), 'app.db');
}

/** Two rows more, without any program of the container. */
async function seedByHost(target: DatabaseTarget): Promise<void> {
  const db = new DatabaseSync(await hostFile(target));
  db.exec("CREATE TABLE IF NOT EXISTS orders (note); INSERT INTO orders VALUES ('a'), ('b')");
  db.close();
}

async function overwrite(file: string): Promise<void> {
  const bytes = await readFile(file);
  bytes.fill(0x55, 40_960, 49_152);
  await writeFile(file, bytes);
}
