import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { BackupRecord, DatabaseTarget } from '../../src/databases/database.ts';
import { mariadb } from '../../src/databases/mariadb.ts';
import { readRecord } from '../../src/databases/record.ts';
import { HomeportError } from '../../src/deployment/error.ts';
import { utcStamp } from '../../src/deployment/ids.ts';
import type { Host } from '../../src/hosts/host.ts';
import { shopSql } from '../databases/mariadb-shop.ts';
import { DatabaseLab, until } from '../support/databases.ts';
import { cutAfter, heldAfter, hostWith } from '../support/faulty-host.ts';

const lab = new DatabaseLab();
let db: DatabaseTarget;

beforeAll(async () => {
  await lab.prepare();
  db = await lab.mariadb();
  await lab.mariadbSql(
    db,
    `${shopSql}
     CREATE TABLE pairs (id BIGINT PRIMARY KEY AUTO_INCREMENT, note VARCHAR(40) NOT NULL);
     CREATE TABLE ledger (id BIGINT PRIMARY KEY, note VARCHAR(40) NOT NULL);
     CREATE TABLE bulk AS SELECT seq AS g, REPEAT(MD5(RAND(seq)), 30) AS noise FROM seq_1_to_5000;`,
  );
});
afterAll(async () => await lab.remove());
afterEach(async () => {
  for (const name of await readdir(lab.folder)) rmSync(join(lab.folder, name), { recursive: true });
});

/** What must be true after any failure. */
async function expectNothingLeft(target: DatabaseTarget = db, folder: string = lab.folder): Promise<void> {
  expect(await readdir(folder)).toEqual([]);
  const databases = "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME LIKE '%homeport%'";
  expect(await lab.mariadbSql(target, databases, 'mysql')).toBe('');
  const sessions = 'SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE ID <> CONNECTION_ID() AND USER = "root"';
  await until(async () => (await lab.mariadbSql(target, sessions, 'mysql')) === '0');
}

/** Every row of every table, as text, and all that is no table. */
async function contentsOf(target: DatabaseTarget, database = target.database): Promise<string> {
  const words = ['--skip-comments', '--skip-dump-date', '--routines', '--events', '--triggers', '--hex-blob'];
  const dump = 'MYSQL_PWD=not-to-be-seen exec mariadb-dump -u root --default-character-set=utf8mb4 "$@"';
  const result = await lab.exec(target.container, ['sh', '-c', dump, 'dump', ...words, database]);
  expect(result.outcome).toBe('success');
  return result.stdout;
}

const stamp = () => utcStamp(new Date());

async function failure(work: Promise<unknown>): Promise<HomeportError> {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(HomeportError);
  return error as HomeportError;
}

function backupOn(host: Host, more: { verify?: 'restore' | 'read' | 'none'; signal?: AbortSignal } = {}) {
  const { signal, ...options } = more;
  return mariadb.backup(db, lab.options(options), { ...lab.context(signal), host });
}

describe('a backup of MariaDB', () => {
  it('is recorded with what it is, readable for its owner alone', async () => {
    const record = await mariadb.backup(db, lab.options({ at: new Date('2026-01-02T03:04:05Z') }), lab.context());
    expect((await readdir(lab.folder)).sort()).toEqual([
      'db-shop-20260102T030405Z.sql',
      'db-shop-20260102T030405Z.sql.json',
    ]);
    for (const name of await readdir(lab.folder)) expect((await stat(join(lab.folder, name))).mode & 0o777).toBe(0o600);
    expect(await readRecord(lab.host, record.file)).toEqual(record);
    expect(record).toMatchObject({
      verified: 'restore',
      rows: { customers: 3, orders: 3, 'T.a b`c; (': 3, log: 2, parts: 150, empty: 0, bulk: 5000 },
      databaseSchema: { dialect: 'mariadb 10.11', version: null },
    });
    expect(record.rows).not.toHaveProperty('numbers');
    expect(record.rows).not.toHaveProperty('rich');
    expect(lab.lines.join('\n')).toMatch(/log can't be held still/);
    await lab.mariadbSql(db, 'SELECT 1');
  });

  it('holds one moment of a database that is written to, and comes back whole on another server', async () => {
    const write = `START TRANSACTION; INSERT INTO pairs (note) VALUES (MD5(RAND()));
      INSERT INTO ledger SELECT id, note FROM pairs WHERE id = LAST_INSERT_ID(); COMMIT;`;
    const stop = new AbortController();
    const yes = 'export MYSQL_PWD=not-to-be-seen; yes "$1" | mariadb -u root shop';
    const writers = [1, 2].map(() =>
      lab.host.exec(['docker', 'exec', '-i', db.container, 'sh', '-c', yes, 'writer', write], {
        timeout: 120_000,
        signal: stop.signal,
      }),
    );
    await until(async () => Number(await lab.mariadbSql(db, 'SELECT COUNT(*) FROM pairs')) > 500);
    const before = Number(await lab.mariadbSql(db, 'SELECT MAX(id) FROM ledger'));
    const record = await mariadb.backup(db, lab.options(), lab.context());
    const after = Number(await lab.mariadbSql(db, 'SELECT COUNT(*) FROM pairs'));
    stop.abort();
    await Promise.all(writers);
    await lab.exec(db.container, [
      'sh',
      '-c',
      'for d in /proc/[0-9]*; do case $(cat $d/comm) in yes) kill ${d#/proc/};; esac; done',
    ]);
    expect(record.rows.pairs).toBe(record.rows.ledger);
    expect(record.rows.pairs).toBeLessThan(after);

    const other = await lab.mariadb(['-e', 'MARIADB_DATABASE=elsewhere'], { database: 'shop' });
    const result = await mariadb.restore(other, record, stamp(), lab.context());
    expect(result).toMatchObject({ kept: null, removeCommand: null, rows: record.rows });
    const sum = `SELECT COUNT(*), MD5(GROUP_CONCAT(note ORDER BY id)) FROM`;
    const both = ['SET SESSION group_concat_max_len = 100000000;', `${sum} pairs WHERE id <= ${before};`].join('\n');
    expect(await lab.mariadbSql(other, both)).toBe(await lab.mariadbSql(db, both));
    const unpaired =
      'SELECT COUNT(*) FROM pairs p LEFT JOIN ledger l ON l.id = p.id AND l.note = p.note WHERE l.id IS NULL';
    expect(await lab.mariadbSql(other, unpaired)).toBe('0');
    await lab.mariadbSql(db, 'TRUNCATE pairs; TRUNCATE ledger');
    await lab.mariadbSql(other, 'TRUNCATE pairs; TRUNCATE ledger');
    expect(await contentsOf(other)).toBe(await contentsOf(db));
  });
});

describe('the restore of a MariaDB backup', () => {
  it('puts every row and every object back while clients keep coming, and keeps what was there', async () => {
    const whole = await contentsOf(db);
    const record = await mariadb.backup(db, lab.options({ verify: 'none' }), lab.context());
    await lab.mariadbSql(
      db,
      `DELETE FROM bulk WHERE g > 10; ALTER TABLE bulk ADD COLUMN later INT; DROP TRIGGER counting; DROP VIEW an_earlier_name;
       CREATE TABLE an_earlier_name (n INT); DROP PROCEDURE add_order; DROP EVENT nightly; CREATE TABLE newer (n INT);
       CREATE PROCEDURE newer () SELECT 1; CREATE TRIGGER newer BEFORE INSERT ON newer FOR EACH ROW SET NEW.n = 1;
       CREATE VIEW newest AS SELECT * FROM newer; CREATE EVENT newer ON SCHEDULE EVERY 1 HOUR DO SELECT 1;`,
    );
    const changed = await contentsOf(db);
    const stop = new AbortController();
    const loop =
      'export MYSQL_PWD=not-to-be-seen; while :; do mariadb -u root shop -e "SELECT COUNT(*), SLEEP(0.02) FROM bulk" || :; done';
    const pool = lab.host.exec(['docker', 'exec', db.container, 'sh', '-c', loop], {
      timeout: 120_000,
      signal: stop.signal,
    });
    const result = await mariadb.restore(db, record, stamp(), lab.context());
    stop.abort();
    await pool;
    expect(await contentsOf(db)).toBe(whole);
    expect(result.rows).toEqual(record.rows);
    expect(result.kept).toMatch(/^shop_homeport_before_\d{8}T\d{6}Z$/);
    expect(withoutEventState(await contentsOf(db, result.kept ?? ''))).toBe(withoutEventState(changed));
    const removed = await lab.host.exec(['sh', '-c', result.removeCommand ?? ''], { timeout: 30_000 });
    expect(removed.outcome).toBe('success');
    const left = "SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME LIKE '%homeport%'";
    expect(await lab.mariadbSql(db, left)).toBe('0');
  });
});

function withoutEventState(dump: string): string {
  return dump.replaceAll(/PRESERVE (EN|DIS)ABLE/g, 'PRESERVE');
}
