import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BackupRecord, DatabaseTarget } from '../../src/databases/database.ts';
import { mariadb } from '../../src/databases/mariadb.ts';
import type { ExecOptions, Host } from '../../src/hosts/host.ts';
import { dyingHost, isChange } from '../databases/dying-host.ts';
import type { WorkToKill } from '../databases/work-to-kill.ts';
import { DatabaseLab, until } from '../support/databases.ts';

const lab = new DatabaseLab();
let db: DatabaseTarget;

beforeAll(async () => {
  await lab.prepare();
  // What is written down must outlive the server.
  db = await lab.mariadb([], {}, ['--innodb-flush-log-at-trx-commit=1']);
  await lab.mariadbSql(
    db,
    'CREATE TABLE orders AS SELECT seq AS id, REPEAT(MD5(RAND(seq)), 60) AS noise FROM seq_1_to_20000; CREATE TABLE waiting (i INT)',
  );
});
afterAll(async () => await lab.remove());

async function names(pattern: string): Promise<string[]> {
  const sql = `SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME REGEXP '${pattern}' ORDER BY 1`;
  return (await lab.mariadbSql(db, sql, 'mysql')).split('\n').filter((name) => name !== '');
}

async function dropKept(): Promise<void> {
  for (const name of await names('_homeport_before_')) await lab.mariadbSql(db, `DROP DATABASE \`${name}\``, 'mysql');
}

/** As runs of Homeport are marked. */
const marker = 'homeport_0123456789abcdef';

/** A session of somebody else that stands still. */
async function standing(first: string, query: string, database = 'shop') {
  const session = lab.mariadbSql(db, `${first}; ${query}`, database).catch(() => {});
  const asleep = `SELECT ID FROM information_schema.PROCESSLIST WHERE INFO = '${query}'`;
  const isThere = async () => (await lab.mariadbSql(db, asleep, 'mysql')) !== '';
  await until(isThere);
  const end = async () => {
    await lab.mariadbSql(db, `KILL ${await lab.mariadbSql(db, asleep, 'mysql')}`, 'mysql');
    await session;
  };
  return { isThere, end };
}

/** Of Homeport: neither a session nor a process in the container nor a database that nobody will ask for. */
async function expectNothingRuns(others = 0): Promise<void> {
  expect(await names('homeport_(verify_[0-9a-f]{12}$|restore_)')).toEqual([]);
  const sessions = "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE ID <> CONNECTION_ID() AND USER = 'root'";
  await until(async () => (await lab.mariadbSql(db, sessions, 'mysql')) === String(others));
  const marked = 'grep -lz HOMEPORT_RUN= /proc/[0-9]*/environ 2>/dev/null';
  expect((await lab.exec(db.container, ['sh', '-c', marked])).stdout).toBe('');
}

/** In a process of its own, whose commands go on when it is killed. */
function begin(work: WorkToKill): ChildProcess {
  const program = join(import.meta.dirname, '../databases/work-to-kill.ts');
  return spawn(process.execPath, [program, JSON.stringify(work)], { stdio: 'ignore' });
}

async function kill(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  await once(child, 'exit');
}

describe('what a killed backup left', () => {
  it('goes while its server is still at work on it, again and again', async () => {
    const child = begin({ target: db, folder: lab.folder });
    await until(async () => (await names('^homeport_verify_[0-9a-f]{12}$')).length > 0);
    await kill(child);
    expect(await readdir(lab.folder)).not.toEqual([]);
    await lab.docker('exec', '--detach', '--env', `HOMEPORT_RUN=${marker}`, db.container, 'sleep', '600');
    await mariadb.forget(db, lab.folder, lab.context());
    await expectNothingRuns();
    expect(await readdir(lab.folder)).toEqual([]);
    await mariadb.forget(db, lab.folder, lab.context());
  });

  it('goes while it waits for a lock, and nothing of others goes', async () => {
    await lab.mariadbSql(db, 'CREATE DATABASE homeport_verify_of_mine');
    const other = await standing('LOCK TABLES waiting WRITE', 'SELECT SLEEP(600)');
    const mine = await standing('SELECT 1', 'SELECT SLEEP(601), "homeport_of_mine"', 'homeport_verify_of_mine');
    const child = begin({ target: db, folder: lab.folder });
    const waiting =
      "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE STATE LIKE 'Waiting for table metadata lock'";
    await until(async () => (await lab.mariadbSql(db, waiting, 'mysql')) !== '0');
    await kill(child);
    await mariadb.forget(db, lab.folder, lab.context());
    await expectNothingRuns(2);
    expect([await other.isThere(), await mine.isThere()]).toEqual([true, true]);
    expect(await readdir(lab.folder)).toEqual([]);
    await other.end();
    await mine.end();
    await lab.mariadbSql(db, 'DROP DATABASE homeport_verify_of_mine');
  });

  it('can not be looked for while the container stands still, and people read so', async () => {
    await lab.docker('pause', db.container);
    try {
      await expect(mariadb.forget(db, lab.folder, lab.context())).rejects.toThrow(/db could not be looked for/);
    } finally {
      await lab.docker('unpause', db.container);
    }
  });
});

describe('a restore of MariaDB that was killed', () => {
  let small: DatabaseTarget;
  let record: BackupRecord;
  let [old, newer] = ['', ''];
  let second = 0;
  /** One second later each time, as no two restores have the same. */
  const stamp = () => {
    second += 1;
    return `20260101T0000${String(second).padStart(2, '0')}Z`;
  };
  const contents = async (database = 'small') => await lab.mariadbContents(db, database);
  const eventsOff = (text: string) => text.replaceAll(/PRESERVE ENABLE/g, 'PRESERVE DISABLE');

  beforeAll(async () => {
    small = { ...db, database: 'small' };
    await lab.mariadbSql(db, 'CREATE DATABASE small');
    await lab.mariadbSql(
      small,
      `CREATE TABLE t (which VARCHAR(20) PRIMARY KEY); INSERT INTO t VALUES ('old');
       CREATE TABLE child (which VARCHAR(20), FOREIGN KEY (which) REFERENCES t (which)); INSERT INTO child VALUES ('old');
       CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET @x = 1; CREATE VIEW v AS SELECT * FROM t; CREATE SEQUENCE s;
       CREATE PROCEDURE p () SELECT 'old'; CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO SELECT 'old';`,
    );
    old = await contents();
    record = await mariadb.backup(small, lab.options({ verify: 'none' }), lab.context());
    await lab.mariadbSql(
      small,
      `DROP TABLE child; UPDATE t SET which = 'new'; CREATE TABLE made (i INT); DROP VIEW v; CREATE VIEW w AS SELECT * FROM made;
       DROP TRIGGER g; CREATE TRIGGER h BEFORE INSERT ON t FOR EACH ROW SET @y = 1; DROP PROCEDURE p;
       CREATE PROCEDURE q () SELECT 'new'; ALTER EVENT e DO SELECT 'new'; DROP SEQUENCE s;`,
    );
    newer = await contents();
  });

  it('after whichever change leaves one whole database, and the answer says which', async () => {
    const ends: string[] = [];
    for (let change = 1; ; change += 1) {
      const { host, died } = dyingHost(lab.host, isChange(change));
      const own = stamp();
      await mariadb.restore(small, record, own, { ...lab.context(), host }).catch(() => {});
      if (!died()) break;
      const end = await mariadb.recoverRestore(small, own, lab.context());
      ends.push(end);
      expect(await mariadb.recoverRestore(small, own, lab.context())).toBe(end === 'finished' ? end : 'nothing');
      await expectNothingRuns();
      const kept = await names('^small_homeport_before_');
      expect([change, await contents(), kept.length]).toEqual([
        change,
        end === 'finished' ? old : newer,
        end === 'finished' ? 1 : 0,
      ]);
      if (end !== 'finished') continue;
      expect(eventsOff(await contents(kept[0]))).toBe(eventsOff(newer));
      // Back to where it was.
      await lab.mariadbSql(db, 'DROP DATABASE small; CREATE DATABASE small', 'mysql');
      await lab.mariadbSql(small, newer);
      await dropKept();
    }
    expect(ends.join(' ')).toMatch(/^(undone ){2,}(finished ?){5,}$/);
    await dropKept();
    await lab.mariadbSql(db, 'DROP DATABASE small; CREATE DATABASE small', 'mysql');
    await lab.mariadbSql(small, newer);
  });

  it('with some of its tables moved, as a server before atomic renames leaves it, is finished', async () => {
    const own = stamp();
    const { host } = dyingHost(lab.host, isPlan);
    await expect(mariadb.restore(small, record, own, { ...lab.context(), host })).rejects.toThrow('killed');
    await lab.mariadbSql(
      small,
      `CREATE DATABASE small_homeport_before_${own}; DROP TRIGGER h; DROP VIEW w;
       RENAME TABLE small.made TO small_homeport_before_${own}.made;`,
    );
    expect(await mariadb.recoverRestore(small, own, lab.context())).toBe('finished');
    expect(await contents()).toBe(old);
    expect(eventsOff(await contents(`small_homeport_before_${own}`))).toBe(eventsOff(newer));
    await dropKept();
  });

  it('whose server is killed in the swap is finished once it is back', async () => {
    await lab.mariadbSql(db, 'DROP DATABASE small; CREATE DATABASE small', 'mysql');
    await lab.mariadbSql(small, newer);
    const own = stamp();
    const { host } = dyingHost(lab.host, isPlan);
    await expect(mariadb.restore(small, record, own, { ...lab.context(), host })).rejects.toThrow('killed');
    await lab.docker('kill', db.container);
    await lab.docker('start', db.container);
    expect(await mariadb.recoverRestore(small, own, lab.context())).toBe('finished');
    expect(await contents()).toBe(old);
    await lab.untilMariadbReady(db.container);
    await dropKept();
  });

  it('while its server is still at work is undone', async () => {
    const own = stamp();
    const made = await mariadb.backup(db, lab.options({ verify: 'none' }), lab.context());
    const child = begin({ target: db, folder: lab.folder, restore: { record: made, stamp: own } });
    await until(async () => (await names('^shop_homeport_restore_')).length > 0);
    await kill(child);
    expect(await mariadb.recoverRestore(db, own, lab.context())).toBe('undone');
    expect(await mariadb.recoverRestore(db, own, lab.context())).toBe('nothing');
    await expectNothingRuns();
    expect(await lab.mariadbSql(db, 'SELECT COUNT(*) FROM orders')).toBe('20000');
  });

  it('is finished also where there was no database before', async () => {
    await lab.mariadbSql(db, 'DROP DATABASE small', 'mysql');
    const own = stamp();
    expect(await mariadb.recoverRestore(small, own, lab.context())).toBe('nothing');
    const { host } = dyingHost(lab.host, isPlan);
    await expect(mariadb.restore(small, record, own, { ...lab.context(), host })).rejects.toThrow('killed');
    expect(await mariadb.recoverRestore(small, own, lab.context())).toBe('finished');
    expect(await contents()).toBe(old);
  });

  it('is a success when only the answer of its swap got lost', async () => {
    const host: Host = {
      ...lab.host,
      files: lab.host.files,
      exec: async (argv, options) => {
        const result = await lab.host.exec(argv, options);
        return isSwap(options) ? { ...result, outcome: 'timeout', exitCode: null } : result;
      },
    };
    const result = await mariadb.restore(small, record, stamp(), { ...lab.context(), host });
    expect(result).toMatchObject({ rows: { t: 1, child: 1 }, kept: expect.stringMatching(/^small_homeport_before_/) });
    expect(await contents()).toBe(old);
    await dropKept();
  });
});

describe('the sessions of a container that is gone', () => {
  it('are ended with their locks, and no others', async () => {
    const address = '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}';
    const server = await lab.docker('inspect', '--format', address, db.container);
    const other = await standing('SELECT 1', 'SELECT SLEEP(602)');
    // While it sleeps or waits the server itself would see that its client is gone; while it is at work it does not.
    const work = 'SELECT BENCHMARK(1000000000000, MD5(1))';
    const query = `START TRANSACTION; SELECT COUNT(*) FROM orders FOR UPDATE; ${work}`;
    const client = await lab.start(
      'mariadb:11',
      ['-e', 'MYSQL_PWD=not-to-be-seen', '--entrypoint', 'mariadb'],
      ['-h', server, '-u', 'root', 'shop', '-e', query],
    );
    const locked = `SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO = '${work}'`;
    await until(async () => (await lab.mariadbSql(db, locked, 'mysql')) === '1');
    const from = await lab.docker('inspect', '--format', address, client);
    await lab.docker('kill', client);

    expect(await mariadb.endSessions?.(db, ['', 'invalid IP', from, from], lab.context())).toBe(1);
    expect(await lab.mariadbSql(db, locked, 'mysql')).toBe('0');
    const rows = 'SET SESSION innodb_lock_wait_timeout = 1; SELECT COUNT(*) FROM orders FOR UPDATE';
    expect(await lab.mariadbSql(db, rows)).toBe('20000');
    expect(await other.isThere()).toBe(true);
    expect(await mariadb.endSessions?.(db, [from], lab.context())).toBe(0);
    expect(await mariadb.endSessions?.(db, [], lab.context())).toBe(0);
    await other.end();
  });
});

describe('the schema of MariaDB', () => {
  it('is another one after each change, and has the version of the migration tool', async () => {
    await lab.mariadbSql(db, 'CREATE DATABASE zoo');
    const zoo = { ...db, database: 'zoo' };
    const changes = [
      'CREATE TABLE a (id INT PRIMARY KEY, n INT, s VARCHAR(9))',
      'ALTER TABLE a ADD COLUMN more INT',
      'ALTER TABLE a MODIFY n BIGINT',
      'ALTER TABLE a ALTER n SET DEFAULT 5',
      'ALTER TABLE a MODIFY s VARCHAR(9) NOT NULL',
      'ALTER TABLE a ADD CONSTRAINT positive CHECK (n > 0)',
      'ALTER TABLE a ADD INDEX (n, s)',
      'CREATE TABLE b (a INT); ALTER TABLE b ADD FOREIGN KEY (a) REFERENCES a (id)',
      'ALTER TABLE b DROP FOREIGN KEY b_ibfk_1; ALTER TABLE b ADD CONSTRAINT b_ibfk_1 FOREIGN KEY (a) REFERENCES a (id) ON DELETE CASCADE',
      'CREATE VIEW v AS SELECT id FROM a',
      'CREATE OR REPLACE VIEW v AS SELECT n FROM a',
      'CREATE PROCEDURE p () SELECT 1',
      'CREATE TRIGGER g BEFORE INSERT ON a FOR EACH ROW SET @x = 1',
      'CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO SELECT 1',
      'CREATE TABLE alembic_version (version_num VARCHAR(32)); INSERT INTO alembic_version VALUES ("27c6a30d7c24")',
      'CREATE TABLE schema_migrations (version BIGINT, dirty BOOLEAN); INSERT INTO schema_migrations VALUES (7, 0)',
    ];
    const digests = new Set<string>();
    let version: string | null | undefined;
    for (const [number, change] of changes.entries()) {
      await lab.mariadbSql(zoo, change);
      const at = new Date(Date.parse('2026-01-02T00:00:00Z') + number * 1000);
      const { databaseSchema } = await mariadb.backup(zoo, lab.options({ verify: 'none', at }), lab.context());
      digests.add(databaseSchema?.digest ?? '');
      version = databaseSchema?.version;
    }
    expect(digests.size).toBe(changes.length);
    expect(version).toBe('27c6a30d7c24 (alembic_version), 7 (schema_migrations)');
  });
});

function isPlan({ input }: ExecOptions): boolean {
  return typeof input === 'string' && input.includes('_homeport_swap` VALUES');
}

function isSwap({ input }: ExecOptions): boolean {
  return typeof input === 'string' && input.includes('RENAME TABLE');
}
