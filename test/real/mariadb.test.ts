import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { DatabaseTarget } from '../../src/databases/database.ts';
import { mariadb } from '../../src/databases/mariadb.ts';
import { readRecord } from '../../src/databases/record.ts';
import { utcStamp } from '../../src/deployment/ids.ts';
import type { Host } from '../../src/hosts/host.ts';
import { shopSql } from '../databases/mariadb-shop.ts';
import { DatabaseLab, failure, until } from '../support/databases.ts';
import { cutAfter, heldAfter, hostWith } from '../support/faulty-host.ts';

const lab = new DatabaseLab();
let db: DatabaseTarget;

beforeAll(async () => {
  await lab.prepare();
  db = await lab.mariadb(['-e', 'MARIADB_USER=clerk', '-e', 'MARIADB_PASSWORD=clerks-own']);
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

const contentsOf = async (target: DatabaseTarget, database = target.database) =>
  await lab.mariadbContents(target, database);

const stamp = () => utcStamp(new Date());

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

  it.each(['restore', 'read'] as const)('which ends too early is caught by verification by `%s`', async (verify) => {
    const host = hostWith(lab.host, 'wait', (_argv, options) => ({
      options: { ...options, output: cutAfter(options.output, 400_000) },
    }));
    expect((await failure(backupOn(host, { verify }))).message).toMatch(/could not be restored|ends before its end/);
    await expectNothingLeft();
  });

  it('of 20 bytes, which a failed pipe into gzip leaves, is not taken for one', async () => {
    const empty = gzipSync('');
    expect(empty.length).toBe(20);
    const host = hostWith(lab.host, 'wait', (argv, options) => {
      options.output?.write(empty);
      const { output: _, ...rest } = options;
      return { argv: ['docker', 'exec', argv[5] ?? '', 'true'], options: rest };
    });
    expect((await failure(backupOn(host, { verify: 'none' }))).message).toMatch(/is no dump/);
    await expectNothingLeft();
  });

  it.each(['restore', 'read'] as const)('that lacks rows is caught by their number by `%s`', async (verify) => {
    const host = hostWith(lab.host, 'wait', (argv) => {
      const [first, ...words] = argv;
      return { argv: [first, ...words.toSpliced(words.indexOf('--'), 0, '--ignore-table-data=shop.bulk')] };
    });
    expect((await failure(backupOn(host, { verify }))).message).toMatch(/bulk has (0|no) rows instead of 5000/);
    await expectNothingLeft();
  });

  it('that lacks a trigger is caught by the schema', async () => {
    const host = hostWith(lab.host, 'wait', (argv) => ({
      argv: argv.map((word) => (word === '--triggers' ? '--skip-triggers' : word)) as [string, ...string[]],
    }));
    expect((await failure(backupOn(host))).message).toMatch(/The schema differs after the backup was restored/);
    await expectNothingLeft();
  });

  it('which is cancelled leaves no file, no database and no session', async () => {
    const cancel = new AbortController();
    const { host, held, release } = standing(lab.host);
    const failed = failure(backupOn(host, { signal: cancel.signal }));
    await held;
    cancel.abort();
    release();
    expect((await failed).message).toMatch(/cancelled/);
    await expectNothingLeft();
  });

  it('whose dump program is killed halfway fails, and leaves nothing', async () => {
    const { host, held, release } = standing(lab.host);
    const failed = failure(backupOn(host, { verify: 'none' }));
    await held;
    await lab.kill(db.container, 'mariadb-dump');
    release();
    expect((await failed).message).toMatch(/shop could not be dumped/);
    await expectNothingLeft();
  });

  it('whose server is killed halfway fails, and the next one is good', async () => {
    const { host, held, release } = standing(lab.host);
    const failed = failure(backupOn(host));
    await held;
    await lab.kill(db.container, null);
    release();
    expect((await failed).message).toMatch(/shop could not be dumped|snapshot/);
    expect(await readdir(lab.folder)).toEqual([]);
    await lab.startAgain(db.container);
    await lab.untilMariadbReady(db.container);
    await expectNothingLeft();
    expect((await mariadb.backup(db, lab.options(), lab.context())).verified).toBe('restore');
  });

  it('onto a full disk fails with that reason, and leaves nothing', async () => {
    const folder = mkdtempSync(join(tmpdir(), `${lab.name}-full-`));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', lab.name, folder]);
    try {
      const error = await failure(mariadb.backup(db, lab.options({ folder }), lab.context()));
      expect(error.message).toMatch(/disk .*full/);
      await expectNothingLeft(db, folder);
    } finally {
      execFileSync('umount', [folder]);
      rmSync(folder, { recursive: true });
    }
  });

  it('lets somebody through who alters a table just then, and starts over', async () => {
    let attempts = 0;
    const host = hostWith(lab.host, 'wait', (_argv, options) => {
      attempts += 1;
      if (attempts > 1) return {};
      const hold = heldAfter(options.output, 300_000);
      hold.held.then(async () => {
        await lab.mariadbSql(db, 'ALTER TABLE pairs ADD COLUMN more INT');
        hold.release();
      });
      return { options: { ...options, output: hold.stream } };
    });
    expect((await backupOn(host)).verified).toBe('restore');
    expect(attempts).toBe(2);
  });

  it('lets writers go on while it is at work', async () => {
    const { host, held, release } = standing(lab.host);
    const backup = backupOn(host, { verify: 'none' });
    await held;
    await lab.mariadbSql(db, 'INSERT INTO counted VALUES (5)');
    release();
    expect((await backup).rows.counted).toBe(Number(await lab.mariadbSql(db, 'SELECT COUNT(*) - 1 FROM counted')));
  });

  it('counts in the dump itself where a long query keeps the server from standing still', async () => {
    const busy = lab.mariadbSql(db, 'SELECT SLEEP(600) FROM counted LIMIT 1').catch(() => {});
    const asleep = "SELECT ID FROM information_schema.PROCESSLIST WHERE INFO LIKE 'SELECT SLEEP%'";
    await until(async () => (await lab.mariadbSql(db, asleep)) !== '');
    lab.lines.length = 0;
    const record = await mariadb.backup(db, lab.options({ verify: 'none' }), lab.context());
    expect(record.rows.bulk).toBe(5000);
    await lab.mariadbSql(db, `KILL ${await lab.mariadbSql(db, asleep)}`);
    await busy;
  });

  it('drops what an interrupted one left behind, and knows the other databases of the server', async () => {
    await lab.mariadbSql(db, 'CREATE DATABASE homeport_verify_000000000001; CREATE DATABASE homeport_verify_of_mine');
    await mariadb.backup(db, lab.options({ verify: 'none' }), lab.context());
    const left = "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME LIKE 'homeport%'";
    expect(await lab.mariadbSql(db, left)).toBe('homeport_verify_of_mine');
    const others = await mariadb.others?.(db, lab.context());
    expect(others).toMatchObject({ mine: expect.arrayContaining(['homeport_verify_of_mine']), foreign: [] });
    await lab.mariadbSql(db, 'DROP DATABASE homeport_verify_of_mine');
  });

  it('by a user with rights on one database alone is read instead of restored, and says so', async () => {
    await lab.mariadbSql(
      db,
      `CREATE DATABASE clerks; GRANT ALL ON clerks.* TO clerk@'%'; USE clerks;
       CREATE TABLE notes AS SELECT seq FROM seq_1_to_7; CREATE TABLE none (i INT);`,
    );
    const target = { ...db, user: 'clerk', database: 'clerks' };
    lab.lines.length = 0;
    const record = await mariadb.backup(target, lab.options(), lab.context());
    expect(record).toMatchObject({ verified: 'read', rows: { notes: 7, none: 0 } });
    expect(lab.lines.join('\n')).toMatch(/WARNING: clerk may not create a database .*only read, not restored/);
    expect(lab.lines.join('\n')).toMatch(/rows are counted in the dump itself.*lacks the privilege RELOAD/);
    const error = await failure(mariadb.restore(target, record, stamp(), lab.context()));
    expect(error.hint).toMatch(/needs a user who may create databases/);
    expect(await lab.mariadbSql(db, 'SELECT COUNT(*) FROM notes', 'clerks')).toBe('7');
    await lab.mariadbSql(db, 'DROP DATABASE clerks');
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

  it.each([
    ['damaged', async (file: string) => await flipByte(file)],
    ['truncated', async (file: string) => await truncate(file, 100_000)],
    ['of 20 bytes', async (file: string) => await writeFile(file, gzipSync(''))],
  ])('refuses a file that is %s before it touches anything', async (_how, damage) => {
    const record = await mariadb.backup(db, lab.options({ verify: 'none' }), lab.context());
    await damage(record.file);
    const whole = await contentsOf(db);
    expect((await failure(mariadb.restore(db, record, stamp(), lab.context()))).message).toMatch(/damaged/);
    expect(await contentsOf(db)).toBe(whole);
    rmSync(record.file);
    rmSync(`${record.file}.json`);
    await expectNothingLeft();
  });

  it('leaves the database as it was when the rows are not those of the record, or when it is cancelled', async () => {
    const record = await mariadb.backup(db, lab.options({ verify: 'none' }), lab.context());
    const whole = await contentsOf(db);
    const wrong = { ...record, rows: { ...record.rows, bulk: 5001 } };
    expect((await failure(mariadb.restore(db, wrong, stamp(), lab.context()))).message).toMatch(
      /bulk has 5000 rows instead of 5001/,
    );
    const cancel = new AbortController();
    const host = hostWith(lab.host, 'client', (argv) => {
      if (argv.includes('--binary-mode')) setTimeout(() => cancel.abort(), 150);
      return {};
    });
    await failure(mariadb.restore(db, record, stamp(), { ...lab.context(cancel.signal), host }));
    expect(await contentsOf(db)).toBe(whole);
    for (const name of await readdir(lab.folder)) rmSync(join(lab.folder, name));
    await expectNothingLeft();
  });
});

describe('names and settings of all kinds', () => {
  it.each(['it\'s "My" Sh`op\\', 'shop-Two.dots', '-Grüße-aus-Köln', 'x'.repeat(64)])(
    'backs up and restores a database called %s',
    async (database) => {
      const target = { ...db, database };
      await lab.mariadbSql(db, `CREATE DATABASE \`${database.replaceAll('`', '``')}\` CHARACTER SET latin1`);
      await lab.mariadbSql(
        target,
        `CREATE TABLE t AS SELECT seq FROM seq_1_to_5; CREATE VIEW v AS SELECT * FROM t;
        CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET NEW.seq = 1; ALTER DATABASE CHARACTER SET utf8mb4`,
      );
      const whole = await contentsOf(target);
      const record = await mariadb.backup(target, lab.options(), lab.context());
      expect(record).toMatchObject({ verified: 'restore', rows: { t: 5 } });
      expect(basename(record.file)).toMatch(/^db-[\w.-]+-\d{8}T\d{6}Z\.sql$/);
      await lab.mariadbSql(target, 'CREATE TABLE later (i INT)');
      const { kept, removeCommand } = await mariadb.restore(target, record, stamp(), lab.context());
      expect([...(kept ?? '')].length).toBeLessThanOrEqual(64);
      expect(await contentsOf(target)).toBe(whole);
      expect(await mariadb.size(target, lab.context())).toBeGreaterThan(10_000);
      await mariadb.query(target, lab.context());
      expect((await lab.host.exec(['sh', '-c', removeCommand ?? ''], { timeout: 30_000 })).outcome).toBe('success');
      await lab.mariadbSql(db, `DROP DATABASE \`${database.replaceAll('`', '``')}\``);
    },
  );

  it('finds password, port and socket inside the container, and shows the password nowhere', async () => {
    const secret = join(lab.folder, 'password');
    await writeFile(secret, 'hidden-Pa$$ word\n', { mode: 0o644 });
    const flags = ['-e', 'MYSQL_ROOT_PASSWORD_FILE=/run/password', '-v', `${secret}:/run/password:ro`];
    const container = await lab.start(
      'mariadb:11',
      [...flags, '-e', 'MYSQL_DATABASE=shop'],
      ['mariadbd', '--port=3307', '--socket=/tmp/other.sock'],
    );
    const imageId = await lab.imageOf(container);
    const target = { kind: 'mariadb', service: 'db', container, imageId, database: 'shop', user: 'root' };
    const seen: string[] = [];
    const host: Host = {
      ...lab.host,
      files: lab.host.files,
      exec: async (argv, options) => {
        const result = await lab.host.exec(argv, options);
        seen.push(JSON.stringify([argv, options.env, typeof options.input === 'string' ? options.input : '', result]));
        return result;
      },
    };
    // Not before it listens where it does for good: the server that only sets it up has the same socket.
    const ask = 'MYSQL_PWD=$(cat /run/password) exec mariadb -u root -h "$(hostname -i)" -P 3307 -e "SELECT 1"';
    await until(async () => (await lab.exec(container, ['sh', '-c', ask])).outcome === 'success');
    const record = await mariadb.backup(target, lab.options(), { ...lab.context(), host });
    expect(record.verified).toBe('restore');
    const { kept, removeCommand } = await mariadb.restore(target, record, stamp(), { ...lab.context(), host });
    expect(kept).toMatch(/^shop_homeport_before/);
    expect(seen.join('\n')).not.toContain('hidden-Pa');
    expect(removeCommand).not.toContain('hidden-Pa');
  });

  it('tells people what a server says that lacks the database, or names none', async () => {
    const gone = { ...db, database: 'nowhere' };
    expect((await failure(mariadb.query(gone, lab.context()))).message).toMatch(/did not answer.*Unknown database/);
    const error = await failure(mariadb.backup(gone, lab.options(), lab.context()));
    expect([error.message, error.hint]).toEqual([
      'The server of db has no database nowhere.',
      'Name another one under `backup:`. Those there are: shop.',
    ]);
    const unnamed = await failure(mariadb.backup({ ...db, database: '' }, lab.options(), lab.context()));
    expect(unnamed.hint).toMatch(/kind: mariadb, database: shop.*Those there are: shop\./);
    expect(await readdir(lab.folder)).toEqual([]);
  });
});

function withoutEventState(dump: string): string {
  return dump.replaceAll(/PRESERVE (EN|DIS)ABLE/g, 'PRESERVE');
}

function standing(host: Host): { host: Host; held: Promise<void>; release: () => void } {
  const { promise: held, resolve } = Promise.withResolvers<void>();
  let release = () => {};
  const faulty = hostWith(host, 'wait', (_argv, options) => {
    const hold = heldAfter(options.output, 300_000);
    release = hold.release;
    hold.held.then(resolve);
    return { options: { ...options, output: hold.stream } };
  });
  return { host: faulty, held, release: () => release() };
}

async function flipByte(file: string): Promise<void> {
  const bytes = await readFile(file);
  bytes[300_000] = (bytes[300_000] ?? 0) ^ 1;
  await writeFile(file, bytes);
}
