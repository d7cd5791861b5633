import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { readdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { BackupRecord, DatabaseTarget } from '../../src/databases/database.ts';
import { postgres } from '../../src/databases/postgres.ts';
import { readRecord } from '../../src/databases/record.ts';
import { utcStamp } from '../../src/deployment/ids.ts';
import type { Host } from '../../src/hosts/host.ts';
import { DatabaseLab, failure, until } from '../support/databases.ts';
import { cutAfter, heldAfter, hostWith } from '../support/faulty-host.ts';

const lab = new DatabaseLab();
let db: DatabaseTarget;

beforeAll(async () => {
  await lab.prepare();
  db = await lab.postgres(['-e', 'POSTGRES_DB=shop'], { database: 'shop' });
  await lab.sql(
    db,
    `CREATE TABLE orders (id bigserial PRIMARY KEY, note text NOT NULL);
     CREATE TABLE ledger (order_id bigint PRIMARY KEY, note text NOT NULL);
     CREATE TABLE visits (day int) PARTITION BY RANGE (day);
     CREATE TABLE visits_low PARTITION OF visits FOR VALUES FROM (0) TO (100);
     CREATE TABLE visits_high PARTITION OF visits FOR VALUES FROM (100) TO (200);
     INSERT INTO visits SELECT generate_series(0, 149);
     CREATE TABLE bulk AS SELECT g, (SELECT string_agg(md5((g * h)::text || random()), '') FROM generate_series(1, 30) h) AS noise
       FROM generate_series(1, 20000) g;`,
  );
});
afterAll(async () => await lab.remove());
afterEach(async () => {
  for (const name of await readdir(lab.folder)) rmSync(join(lab.folder, name), { recursive: true });
});

/** What must be true after any failure. */
async function expectNothingLeft(target: DatabaseTarget = db, folder: string = lab.folder): Promise<void> {
  expect(await readdir(folder)).toEqual([]);
  const databases = "SELECT count(*) FROM pg_database WHERE datname ~ 'homeport_(verify|restore)_'";
  expect(await lab.sql(target, databases, 'template1')).toBe('0');
  const sessions = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'homeport%'";
  expect(await lab.sql(target, sessions, 'template1')).toBe('0');
}

const stamp = () => utcStamp(new Date());

function backupOn(host: Host, more: { verify?: 'restore' | 'read' | 'none'; signal?: AbortSignal } = {}) {
  const { signal, ...options } = more;
  return postgres.backup(db, lab.options(options), { ...lab.context(signal), host });
}

describe('a server outside the project', () => {
  it('is backed up and restored through a service that has its client and is told of it', async () => {
    const address = await lab.docker('inspect', '--format', '{{.NetworkSettings.IPAddress}}', db.container);
    const told = ['-e', `PGHOST=${address}`, '-e', 'PGUSER=postgres', '-e', 'PGPASSWORD=not-to-be-seen'];
    const container = await lab.start('postgres:15', [...told, '--entrypoint', 'sleep'], ['600']);
    const client = { ...db, service: 'app', container, database: 'elsewhere' };
    await lab.sql(db, 'CREATE DATABASE elsewhere');
    await lab.sql(db, "CREATE TABLE t AS SELECT 'old' AS word", 'elsewhere');
    expect(await postgres.isClientAlone?.(client, lab.context())).toBe(true);
    expect(await postgres.isClientAlone?.(db, lab.context())).toBe(false);

    const record = await postgres.backup(client, lab.options(), lab.context());
    expect(record).toMatchObject({ service: 'app', verified: 'restore', rows: { 'public.t': 1 } });
    await lab.sql(db, "UPDATE t SET word = 'new'", 'elsewhere');
    const { kept } = await postgres.restore(client, record, stamp(), lab.context());
    expect(await lab.sql(db, 'SELECT word FROM t', 'elsewhere')).toBe('old');
    for (const name of ['elsewhere', kept]) await lab.sql(db, `DROP DATABASE "${name}"`);
    expect(JSON.stringify(lab.lines)).not.toContain('not-to-be-seen');
    for (const name of await readdir(lab.folder)) rmSync(join(lab.folder, name));
    await expectNothingLeft();
  });
});

describe('a backup of PostgreSQL', () => {
  it('holds one moment of a database that is written to, every row of it', async () => {
    const write = `BEGIN; WITH o AS (INSERT INTO orders (note) VALUES (md5(random()::text)) RETURNING *)
      INSERT INTO ledger SELECT id, note FROM o; COMMIT;\n`;
    const stop = new AbortController();
    const writers = [1, 2].map(() =>
      lab.host.exec(
        ['docker', 'exec', '-i', db.container, 'sh', '-c', 'yes "$1" | psql -Xq -U postgres shop', 'writer', write],
        { timeout: 120_000, signal: stop.signal },
      ),
    );
    await until(async () => Number(await lab.sql(db, 'SELECT count(*) FROM orders')) > 500);
    const before = Number(await lab.sql(db, 'SELECT max(order_id) FROM ledger'));
    const record = await postgres.backup(db, lab.options(), lab.context());
    const after = Number(await lab.sql(db, 'SELECT count(*) FROM orders'));
    stop.abort();
    await Promise.all(writers);
    await lab.sql(
      db,
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'psql' AND pid <> pg_backend_pid()`,
    );

    expect(record.rows['public.orders']).toBe(record.rows['public.ledger']);
    expect(record.rows['public.orders']).toBeLessThan(after);
    const source = await lab.sql(
      db,
      `SELECT md5(string_agg(o::text, chr(10) ORDER BY id)) FROM orders o WHERE id <= ${before}`,
    );
    await lab.sql(db, 'CREATE DATABASE looked_at');
    const dump = await readFile(record.file);
    const restore = await lab.host.exec(
      ['docker', 'exec', '-i', db.container, 'pg_restore', '-U', 'postgres', '-d', 'looked_at'],
      {
        input: (await import('node:stream')).Readable.from([dump]),
        timeout: 60_000,
      },
    );
    expect(restore.outcome).toBe('success');
    const inBackup = (sql: string) => lab.sql(db, sql, 'looked_at');
    expect(await inBackup('SELECT count(*) FROM orders')).toBe(String(record.rows['public.orders']));
    expect(
      await inBackup(
        'SELECT count(*) FROM orders o FULL JOIN ledger l ON l.order_id = o.id AND l.note = o.note WHERE l IS NULL OR o IS NULL',
      ),
    ).toBe('0');
    expect(
      await inBackup(`SELECT md5(string_agg(o::text, chr(10) ORDER BY id)) FROM orders o WHERE id <= ${before}`),
    ).toBe(source);
    await lab.sql(db, 'DROP DATABASE looked_at');
  });

  it('is recorded with what it is, readable for its owner alone', async () => {
    const record = await postgres.backup(db, lab.options({ at: new Date('2026-01-02T03:04:05Z') }), lab.context());
    expect((await readdir(lab.folder)).sort()).toEqual([
      'db-shop-20260102T030405Z.dump',
      'db-shop-20260102T030405Z.dump.json',
      'db-shop-20260102T030405Z.roles.sql',
    ]);
    for (const name of await readdir(lab.folder)) expect((await stat(join(lab.folder, name))).mode & 0o777).toBe(0o600);
    expect(await readRecord(lab.host, record.file)).toEqual(record);
    expect(record).toMatchObject({
      verified: 'restore',
      rows: { 'public.visits_low': 100, 'public.visits_high': 50, 'public.bulk': 20000 },
    });
    expect(record.rows).not.toHaveProperty('public.visits');
    expect(await readFile(record.roles ?? '', 'utf8')).toContain('CREATE ROLE postgres;');
  });

  it.each(['restore', 'read'] as const)('which ends too early is caught by verification by `%s`', async (verify) => {
    const host = hostWith(lab.host, 'pg_dump', (_argv, options) => ({
      options: { ...options, output: cutAfter(options.output, 400_000) },
    }));
    expect((await failure(backupOn(host, { verify }))).message).toMatch(/could not be restored|cannot be read/);
    await expectNothingLeft();
  });

  it.each(['restore', 'read'] as const)('with bytes that changed on their way is caught by `%s`', async (verify) => {
    const host = hostWith(lab.host, 'pg_dump', (_argv, options) => {
      const output = cutAfter(options.output, Number.POSITIVE_INFINITY);
      const write = output.write.bind(output);
      let seen = 0;
      output.write = ((chunk: Buffer, ...rest: []) => {
        if (seen < 500_000 && seen + chunk.length >= 500_000) chunk.fill(0x55, Math.max(0, chunk.length - 200));
        seen += chunk.length;
        return write(chunk, ...rest);
      }) as typeof output.write;
      return { options: { ...options, output } };
    });
    await failure(backupOn(host, { verify }));
    await expectNothingLeft();
  });

  it('of 20 bytes, which a failed pipe into gzip leaves, is not taken for one', async () => {
    const empty = gzipSync('');
    expect(empty.length).toBe(20);
    const host = hostWith(lab.host, 'pg_dump', (argv, options) => {
      options.output?.write(empty);
      const { output: _, ...rest } = options;
      return { argv: ['docker', 'exec', argv[5] ?? '', 'true'], options: rest };
    });
    expect((await failure(backupOn(host, { verify: 'none' }))).message).toMatch(/wrote no archive/);
    await expectNothingLeft();
  });

  it('that lacks rows is caught by their number', async () => {
    const host = hostWith(lab.host, 'pg_dump', (argv) => ({ argv: [...argv, '--exclude-table-data=bulk'] }));
    expect((await failure(backupOn(host))).message).toMatch(/public\.bulk has 0 rows instead of 20000/);
    expect((await failure(backupOn(host, { verify: 'read' }))).message).toMatch(
      /lacks the data of the table public\.bulk/,
    );
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

  it('whose pg_dump is killed halfway fails, and leaves nothing', async () => {
    const { host, held, release } = standing(lab.host);
    const failed = failure(backupOn(host, { verify: 'none' }));
    await held;
    await lab.kill(db.container, 'pg_dump');
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
    await lab.untilReady(db.container);
    await expectNothingLeft();
    expect((await postgres.backup(db, lab.options(), lab.context())).verified).toBe('restore');
  });

  it('onto a full disk fails with that reason, and leaves nothing', async () => {
    const folder = mkdtempSync(join(tmpdir(), `${lab.name}-full-`));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', lab.name, folder]);
    try {
      const error = await failure(postgres.backup(db, lab.options({ folder }), lab.context()));
      expect(error.message).toMatch(/disk .*full/);
      await expectNothingLeft(db, folder);
    } finally {
      execFileSync('umount', [folder]);
      rmSync(folder, { recursive: true });
    }
  });

  it('lets somebody through who truncates a table just then, and starts over', async () => {
    let truncated: Promise<string> | null = null;
    const host = hostWith(lab.host, 'pg_dump', async () => {
      if (truncated !== null) return;
      truncated = lab.sql(db, 'TRUNCATE visits');
      const waiting =
        "SELECT count(*) FROM pg_stat_activity WHERE query = 'TRUNCATE visits' AND wait_event_type = 'Lock'";
      await until(async () => (await lab.sql(db, waiting)) === '1');
    });
    const record = await backupOn(host);
    await truncated;
    expect(record.rows['public.visits_low']).toBe(0);
    await lab.sql(db, 'INSERT INTO visits SELECT generate_series(0, 149)');
  });

  it('drops what an interrupted one left behind, unless somebody uses it', async () => {
    await lab.sql(db, 'CREATE DATABASE homeport_verify_000000000001');
    await lab.sql(db, 'CREATE DATABASE homeport_verify_000000000002');
    await lab.sql(db, 'CREATE DATABASE homeport_verify_of_mine');
    const user = lab.sql(db, 'SELECT pg_sleep(100)', 'homeport_verify_000000000002').catch(() => {});
    const there = "SELECT count(*) FROM pg_stat_activity WHERE datname = 'homeport_verify_000000000002'";
    await until(async () => (await lab.sql(db, there)) === '1');
    await postgres.backup(db, lab.options({ verify: 'none' }), lab.context());
    const left = "SELECT string_agg(datname, ' ' ORDER BY datname) FROM pg_database WHERE datname LIKE 'homeport%'";
    expect(await lab.sql(db, left)).toBe('homeport_verify_000000000002 homeport_verify_of_mine');
    await lab.sql(db, 'DROP DATABASE homeport_verify_000000000002 WITH (FORCE)');
    await lab.sql(db, 'DROP DATABASE homeport_verify_of_mine');
    await user;
  });

  it('knows the other databases of the server, and which of them this user may dump whole', async () => {
    await lab.sql(db, 'CREATE ROLE clerk LOGIN');
    await lab.sql(db, 'CREATE DATABASE accounts');
    await lab.sql(db, 'CREATE DATABASE "Orders-2" OWNER clerk');
    const asClerk = { ...db, user: 'clerk' };
    expect(await postgres.others?.(db, lab.context())).toEqual({ mine: ['Orders-2', 'accounts'], foreign: [] });
    expect(await postgres.others?.(asClerk, lab.context())).toEqual({ mine: ['Orders-2'], foreign: ['accounts'] });
    for (const name of ['accounts', '"Orders-2"']) await lab.sql(db, `DROP DATABASE ${name}`);
    await lab.sql(db, 'DROP ROLE clerk');
  });

  it('works for a user who is no superuser, without the hashes of passwords', async () => {
    await lab.sql(db, `CREATE ROLE clerk LOGIN CREATEDB PASSWORD 'clerks-own'; CREATE DATABASE clerks OWNER clerk;`);
    await lab.sql(db, 'SET ROLE clerk; CREATE TABLE notes AS SELECT generate_series(1, 7)', 'clerks');
    const target = { ...db, user: 'clerk', database: 'clerks' };
    const record = await postgres.backup(target, lab.options(), lab.context());
    expect(record).toMatchObject({ verified: 'restore', rows: { 'public.notes': 7 } });
    expect(await readFile(record.roles ?? '', 'utf8')).not.toMatch(/PASSWORD/);
    await lab.sql(db, 'DROP DATABASE clerks');
    await lab.sql(db, 'DROP ROLE clerk');
  });
});

describe('the restore of a PostgreSQL backup', () => {
  let record: BackupRecord;
  const contents = 'SELECT md5(string_agg(b::text, chr(10) ORDER BY g)) FROM bulk b';

  async function freshBackup(): Promise<void> {
    record = await postgres.backup(db, lab.options({ verify: 'none' }), lab.context());
  }

  it('puts every row back while clients keep coming, and keeps what was there', async () => {
    const whole = await lab.sql(db, contents);
    await freshBackup();
    await lab.sql(db, 'DELETE FROM bulk WHERE g > 10; ALTER TABLE bulk ADD COLUMN later int');
    const stop = new AbortController();
    const pool = lab.host.exec(
      [
        'docker',
        'exec',
        db.container,
        'sh',
        '-c',
        'while :; do psql -XqAt -U postgres shop -c "SELECT count(*) FROM bulk, pg_sleep(0.05)" || :; done',
      ],
      { timeout: 120_000, signal: stop.signal },
    );
    const result = await postgres.restore(db, record, stamp(), lab.context());
    stop.abort();
    await pool;
    expect(await lab.sql(db, contents)).toBe(whole);
    expect(result.rows).toEqual(record.rows);
    expect(result.kept).toMatch(/^shop_homeport_before_\d{8}T\d{6}Z$/);
    expect(await lab.sql(db, 'SELECT count(*) FROM bulk', result.kept ?? '')).toBe('10');
    await until(async () => {
      const removed = await lab.host.exec(['sh', '-c', result.removeCommand ?? ''], { timeout: 30_000 });
      return removed.outcome === 'success';
    });
    expect(await lab.sql(db, "SELECT count(*) FROM pg_database WHERE datname LIKE '%homeport%'")).toBe('0');
  });

  it('keeps owner, privileges and settings of the database, and brings missing roles back', async () => {
    await lab.sql(
      db,
      `CREATE ROLE keeper LOGIN PASSWORD 'first'; CREATE ROLE reader; GRANT reader TO keeper;
       CREATE TABLE kept_by_keeper (i int); ALTER TABLE kept_by_keeper OWNER TO keeper;
       ALTER DATABASE shop OWNER TO keeper; REVOKE CONNECT ON DATABASE shop FROM PUBLIC; GRANT CONNECT ON DATABASE shop TO reader;
       ALTER DATABASE shop SET search_path = "My Schema", public; ALTER ROLE reader IN DATABASE shop SET work_mem = '7MB';
       ALTER DATABASE shop CONNECTION LIMIT 42; COMMENT ON DATABASE shop IS 'it''s ours';`,
    );
    const facts = `SELECT pg_get_userbyid(datdba), datconnlimit, datacl, shobj_description(oid, 'pg_database'),
      (SELECT string_agg(setrole::regrole || ' ' || setconfig::text, ' ' ORDER BY setrole) FROM pg_db_role_setting WHERE setdatabase = d.oid)
      FROM pg_database d WHERE datname = 'shop'`;
    const before = await lab.sql(db, facts);
    expect(before).toContain('My Schema');
    await freshBackup();
    const hash = await lab.sql(db, "SELECT rolpassword FROM pg_authid WHERE rolname = 'keeper'");
    const first = await postgres.restore(db, record, stamp(), lab.context());
    expect(await lab.sql(db, facts)).toBe(before);

    await lab.sql(db, `DROP DATABASE "${first.kept}"; `, 'postgres');
    await lab.sql(
      db,
      'ALTER DATABASE shop OWNER TO postgres; ALTER DATABASE shop RESET search_path; REASSIGN OWNED BY keeper TO postgres; DROP OWNED BY keeper',
    );
    await lab.sql(db, "DROP ROLE keeper; ALTER ROLE postgres PASSWORD 'newer'");
    const own = await lab.sql(db, "SELECT rolpassword FROM pg_authid WHERE rolname = 'postgres'");
    const second = await postgres.restore(db, record, stamp(), lab.context());
    expect(await lab.sql(db, "SELECT rolpassword FROM pg_authid WHERE rolname = 'keeper'")).toBe(hash);
    expect(await lab.sql(db, "SELECT pg_has_role('keeper', 'reader', 'member')")).toBe('t');
    expect(await lab.sql(db, "SELECT tableowner FROM pg_tables WHERE tablename = 'kept_by_keeper'")).toBe('keeper');
    expect(await lab.sql(db, "SELECT rolpassword FROM pg_authid WHERE rolname = 'postgres'")).toBe(own);
    await lab.sql(db, `DROP DATABASE "${second.kept}"`, 'postgres');
  });

  it.each([
    ['damaged', async (file: string) => await flipByte(file)],
    ['truncated', async (file: string) => await truncate(file, 100_000)],
    ['of 20 bytes', async (file: string) => await writeFile(file, gzipSync(''))],
  ])('refuses a file that is %s before it touches anything', async (_how, damage) => {
    await freshBackup();
    await damage(record.file);
    const whole = await lab.sql(db, contents);
    expect((await failure(postgres.restore(db, record, stamp(), lab.context()))).message).toMatch(/damaged/);
    expect(await lab.sql(db, contents)).toBe(whole);
    expect(await lab.sql(db, "SELECT count(*) FROM pg_database WHERE datname LIKE '%homeport%'")).toBe('0');
  });

  it('leaves the database as it was when the rows are not those of the record', async () => {
    await freshBackup();
    const wrong = { ...record, rows: { ...record.rows, 'public.bulk': 20001 } };
    expect((await failure(postgres.restore(db, wrong, stamp(), lab.context()))).message).toMatch(
      /public\.bulk has 20000 rows instead of 20001/,
    );
    expect(await lab.sql(db, 'SELECT count(*) FROM bulk')).toBe('20000');
    expect(await lab.sql(db, "SELECT count(*) FROM pg_database WHERE datname LIKE '%homeport%'")).toBe('0');
  });

  it('leaves the database as it was when it is cancelled', async () => {
    await freshBackup();
    const cancel = new AbortController();
    const host = hostWith(lab.host, 'pg_restore', () => {
      setTimeout(() => cancel.abort(), 30);
      return {};
    });
    await failure(postgres.restore(db, record, stamp(), { ...lab.context(cancel.signal), host }));
    expect(await lab.sql(db, 'SELECT count(*) FROM bulk')).toBe('20000');
    expect(await lab.sql(db, "SELECT count(*) FROM pg_database WHERE datname LIKE '%homeport%'")).toBe('0');
  });

  it('makes the database anew where it is gone', async () => {
    await lab.sql(db, 'CREATE DATABASE lost', 'postgres');
    await lab.sql(db, 'CREATE TABLE t AS SELECT generate_series(1, 3)', 'lost');
    const target = { ...db, database: 'lost' };
    const lost = await postgres.backup(target, lab.options(), lab.context());
    await lab.sql(db, 'DROP DATABASE lost', 'postgres');
    expect(await postgres.restore(target, lost, stamp(), lab.context())).toEqual({
      kept: null,
      removeCommand: null,
      rows: { 'public.t': 3 },
      schemaVersion: null,
    });
    expect(await lab.sql(target, 'SELECT count(*) FROM t')).toBe('3');
    await lab.sql(db, 'DROP DATABASE lost', 'postgres');
  });
});

describe('names and settings of all kinds', () => {
  it.each([
    'it\'s "My" Shop\\',
    'a=b host=nowhere',
    'postgres://x@y/z',
    'Grüße-aus-Köln',
    `long_${'x'.repeat(58)}`,
    'postgres',
  ])('backs up and restores a database called %s', async (database) => {
    const target = { ...db, database };
    if (database !== 'postgres') await lab.sql(db, `CREATE DATABASE "${database.replaceAll('"', '""')}"`, 'template1');
    await lab.sql(target, `CREATE TABLE "T.a b""c\nd" AS SELECT generate_series(1, 5)`);
    const record = await postgres.backup(target, lab.options(), lab.context());
    expect(Object.values(record.rows)).toEqual([5]);
    expect(basename(record.file)).toMatch(/^db-[\w.-]+-\d{8}T\d{6}Z\.dump$/);
    await postgres.backup(target, lab.options({ verify: 'read', at: new Date(Date.now() + 60_000) }), lab.context());
    await lab.sql(target, 'CREATE TABLE later ()');
    const { kept, removeCommand } = await postgres.restore(target, record, stamp(), lab.context());
    expect(Buffer.byteLength(kept ?? '')).toBeLessThanOrEqual(63);
    expect(await lab.sql(target, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")).toBe('1');
    expect(await postgres.size(target, lab.context())).toBeGreaterThan(1_000_000);
    await postgres.query(target, lab.context());
    expect((await lab.host.exec(['sh', '-c', removeCommand ?? ''], { timeout: 30_000 })).outcome).toBe('success');
  });

  it('finds password, port and user inside the container, and shows the password nowhere', async () => {
    const secret = join(lab.folder, 'password');
    await writeFile(secret, 'hidden-Pa$$ word\n', { mode: 0o644 });
    const container = await lab.start(
      'postgres:15',
      [
        '-e',
        'POSTGRES_PASSWORD_FILE=/run/password',
        '-e',
        'POSTGRES_USER=chief',
        '-v',
        `${secret}:/run/password:ro`,
        '-e',
        'POSTGRES_INITDB_ARGS=--auth-local=scram-sha-256',
      ],
      ['-p', '5544'],
    );
    await until(
      async () =>
        (await lab.exec(container, ['pg_isready', '-q', '-h', '127.0.0.1', '-p', '5544'])).outcome === 'success',
    );
    const target = {
      kind: 'postgres',
      service: 'db',
      container,
      imageId: await lab.imageOf(container),
      database: 'chief',
    };
    const seen: string[] = [];
    const host: Host = {
      ...lab.host,
      files: lab.host.files,
      exec: async (argv, options) => {
        const result = await lab.host.exec(argv, options);
        seen.push(JSON.stringify([argv, options.env, options.input, result]));
        return result;
      },
    };
    const record = await postgres.backup(target, lab.options(), { ...lab.context(), host });
    expect(record.verified).toBe('restore');
    expect((await postgres.restore(target, record, stamp(), { ...lab.context(), host })).kept).toMatch(
      /^chief_homeport_before/,
    );
    expect(seen.join('\n')).not.toContain('hidden-Pa');
  });

  it('tells people what a server that is not there says', async () => {
    const gone = { ...db, database: 'nowhere' };
    const error = await failure(postgres.query(gone, lab.context()));
    expect(error.message).toMatch(/PostgreSQL of db did not answer.*database "nowhere" does not exist/);
    expect((await failure(postgres.backup(gone, lab.options(), lab.context()))).hint).not.toBe('');
  });
});

function standing(host: Host): { host: Host; held: Promise<void>; release: () => void } {
  const { promise: held, resolve } = Promise.withResolvers<void>();
  let release = () => {};
  const faulty = hostWith(host, 'pg_dump', (_argv, options) => {
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
