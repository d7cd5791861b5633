import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BackupRecord, DatabaseTarget } from '../../src/databases/database.ts';
import { postgres } from '../../src/databases/postgres.ts';
import { postgresClient } from '../../src/databases/postgres-client.ts';
import { describeSchema, schemaNow } from '../../src/databases/postgres-schema.ts';
import type { ExecOptions, Host } from '../../src/hosts/host.ts';
import { dyingHost, isChange } from '../databases/dying-host.ts';
import { manyKinds, migrations } from '../databases/schemas.ts';
import type { WorkToKill } from '../databases/work-to-kill.ts';
import { DatabaseLab, until } from '../support/databases.ts';
import { hostWith } from '../support/faulty-host.ts';

const lab = new DatabaseLab();
let db: DatabaseTarget;
/** Restores stand still in the creation of an index: whoever is to be killed is killed there. */
let slow: DatabaseTarget;

beforeAll(async () => {
  await lab.prepare();
  db = await lab.postgres(['-e', 'POSTGRES_DB=shop'], { database: 'shop' });
  slow = { ...db, database: 'slow' };
  await lab.sql(db, 'CREATE TABLE orders AS SELECT generate_series(1, 5) AS id');
  await lab.sql(db, 'CREATE DATABASE slow');
  await lab.sql(
    slow,
    `CREATE TABLE t AS SELECT 1 AS i;
     CREATE FUNCTION slow(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$
       BEGIN IF current_database() ~ 'homeport' THEN PERFORM pg_sleep(600); END IF; RETURN $1; END $$;
     CREATE INDEX slow ON t (slow(i));`,
  );
});
afterAll(async () => await lab.remove());

async function databases(): Promise<string[]> {
  return (await lab.sql(db, 'SELECT datname FROM pg_database WHERE NOT datistemplate ORDER BY 1', 'template1')).split(
    '\n',
  );
}

async function keptDatabases(): Promise<string[]> {
  return (await databases()).filter((name) => /_homeport_before_/.test(name));
}

async function dropKept(): Promise<void> {
  for (const name of await keptDatabases()) await lab.sql(db, `DROP DATABASE "${name}"`);
}

/** As runs of Homeport are marked. */
const marker = 'homeport_0123456789abcdef';

/** A session of somebody else, under a name that is almost one of ours. */
async function standing(statements: string, database: string, name = 'homeport_of_mine') {
  const here = `application_name = '${name}'`;
  const asleep = `SELECT count(*) FROM pg_stat_activity WHERE ${here} AND query ~ '^SELECT pg_sleep'`;
  const session = lab
    .sql(db, `SET application_name = '${name}'; ${statements}; SELECT pg_sleep(600)`, database)
    .catch(() => {});
  const isThere = async () => (await lab.sql(db, asleep)) === '1';
  await until(isThere);
  const end = async () => {
    await lab.sql(db, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE ${here}`);
    await session;
  };
  return { isThere, end };
}

/** Of Homeport: neither a session nor a process in the container nor a database that nobody will ask for. */
async function expectNothingRuns(): Promise<void> {
  const left = `SELECT application_name FROM pg_stat_activity WHERE application_name ~ '^homeport_[0-9a-f]+$'
    UNION SELECT datname FROM pg_database WHERE datname ~ 'homeport_(verify_[0-9a-f]+$|restore_)'`;
  expect(await lab.sql(db, left)).toBe('');
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

async function isCreatingIndexIn(database: string): Promise<boolean> {
  const sql = `SELECT count(*) FROM pg_stat_activity WHERE datname ~ '${database}' AND query ~ 'CREATE INDEX'`;
  return (await lab.sql(db, sql)) !== '0';
}

describe('what a killed backup left', () => {
  it('goes while its server is still at work on it, again and again', async () => {
    const child = begin({ target: slow, folder: lab.folder });
    await until(async () => await isCreatingIndexIn('^homeport_verify_'));
    await kill(child);
    expect(await readdir(lab.folder)).not.toEqual([]);
    await lab.docker('exec', '--detach', '--env', `HOMEPORT_RUN=${marker}`, db.container, 'sleep', '600');
    await postgres.forget(slow, lab.folder, lab.context());
    await expectNothingRuns();
    expect(await readdir(lab.folder)).toEqual([]);
    await postgres.forget(slow, lab.folder, lab.context());
  });

  it('goes while it waits for a lock', async () => {
    const other = await standing('BEGIN; LOCK TABLE t', 'slow');
    const child = begin({ target: slow, folder: lab.folder });
    const waiting =
      "SELECT count(*) FROM pg_stat_activity WHERE application_name ~ '^homeport_' AND wait_event_type = 'Lock'";
    await until(async () => (await lab.sql(db, waiting)) !== '0');
    await kill(child);
    await postgres.forget(slow, lab.folder, lab.context());
    await expectNothingRuns();
    expect(await other.isThere()).toBe(true);
    await other.end();
  });

  it('is told from what others have', async () => {
    await lab.sql(db, 'CREATE DATABASE homeport_verify_of_mine');
    const mine = await standing('', 'homeport_verify_of_mine');
    await postgres.forget(db, lab.folder, lab.context());
    expect(await mine.isThere()).toBe(true);
    await mine.end();
    await lab.sql(db, 'DROP DATABASE homeport_verify_of_mine');
  });

  it('can not be looked for while the container stands still, and people read so', async () => {
    await lab.docker('pause', db.container);
    try {
      await expect(postgres.forget(db, lab.folder, lab.context())).rejects.toThrow(/db could not be looked for/);
    } finally {
      await lab.docker('unpause', db.container);
    }
  });
});

describe('a restore of PostgreSQL that was killed', () => {
  let small: DatabaseTarget;
  let record: BackupRecord;
  let second = 0;
  /** One second later each time, as no two restores have the same. */
  const stamp = () => {
    second += 1;
    return `20260101T0000${String(second).padStart(2, '0')}Z`;
  };

  beforeAll(async () => {
    small = { ...db, database: 'small' };
    await lab.sql(db, 'CREATE DATABASE small');
    await lab.sql(small, "CREATE TABLE t AS SELECT 'old' AS which; CREATE UNIQUE INDEX ON t (which)");
    record = await postgres.backup(small, lab.options({ verify: 'none' }), lab.context());
  });

  it('after whichever change leaves one whole database, and the answer says which', async () => {
    await lab.sql(small, "UPDATE t SET which = 'new'");
    const ends: string[] = [];
    for (let change = 1; ; change += 1) {
      const { host, died } = dyingHost(lab.host, isChange(change));
      const own = stamp();
      await postgres.restore(small, record, own, { ...lab.context(), host }).catch(() => {});
      if (!died()) break;
      const end = await postgres.recoverRestore(small, own, lab.context());
      ends.push(end);
      await expectNothingRuns();
      const found = [await lab.sql(db, 'SELECT which FROM t', 'small'), (await keptDatabases()).length];
      expect(found).toEqual(end === 'finished' ? ['old', 1] : ['new', 0]);
    }
    expect(ends.join(' ')).toMatch(/^(undone ){4,}finished$/);
    const [first = ''] = await keptDatabases();
    expect(await postgres.recoverRestore(small, first.slice(-16), lab.context())).toBe('finished');
    expect(await lab.sql(db, 'SELECT which FROM t', first)).toBe('new');
    await dropKept();
  });

  it('while its server is still at work is undone', async () => {
    const own = stamp();
    const made = await postgres.backup(slow, lab.options({ verify: 'none' }), lab.context());
    const child = begin({ target: slow, folder: lab.folder, restore: { record: made, stamp: own } });
    await until(async () => await isCreatingIndexIn('^slow_homeport_restore_'));
    await kill(child);
    await standing('', 'shop', marker);
    expect(await postgres.recoverRestore(slow, own, lab.context())).toBe('undone');
    expect(await postgres.recoverRestore(slow, own, lab.context())).toBe('nothing');
    await expectNothingRuns();
    expect(await lab.sql(slow, 'SELECT i FROM t')).toBe('1');
  });

  it('is no restore when the schema version is another one', async () => {
    const schema = { digest: 'a'.repeat(64), dialect: 'postgres 14', version: '7 (schema_migrations)' };
    const restored = postgres.restore(small, { ...record, databaseSchema: schema }, stamp(), lab.context());
    await expect(restored).rejects.toThrow(/differs in the restored database .*: it is unknown instead of 7 /);
    await expectNothingRuns();
    expect(await keptDatabases()).toEqual([]);
  });

  it('is finished also where there was no database before', async () => {
    await lab.sql(db, 'DROP DATABASE small');
    const own = stamp();
    expect(await postgres.recoverRestore(small, own, lab.context())).toBe('nothing');
    const { host } = dyingHost(lab.host, isSwap);
    await expect(postgres.restore(small, record, own, { ...lab.context(), host })).rejects.toThrow('killed');
    expect(await postgres.recoverRestore(small, own, lab.context())).toBe('finished');
    expect(await lab.sql(small, 'SELECT which FROM t')).toBe('old');
  });

  it('is a success when only the answer of its last command got lost', async () => {
    const host: Host = {
      ...lab.host,
      files: lab.host.files,
      exec: async (argv, options) => {
        const result = await lab.host.exec(argv, options);
        return isSwap(options) ? { ...result, outcome: 'timeout', exitCode: null } : result;
      },
    };
    const result = await postgres.restore(small, record, stamp(), { ...lab.context(), host });
    expect(result).toMatchObject({ rows: { 'public.t': 1 }, kept: expect.stringMatching(/^small_homeport_before_/) });
    await dropKept();
  });
});

describe('the sessions of a container that is gone', () => {
  it('are ended with their locks, and no others', async () => {
    const address = '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}';
    const server = await lab.docker('inspect', '--format', address, db.container);
    const client = await lab.start(
      'postgres:15',
      ['-e', 'PGPASSWORD=not-to-be-seen', '--entrypoint', 'psql'],
      ['-h', server, '-U', 'postgres', 'shop', '-c', 'BEGIN; LOCK TABLE orders; SELECT pg_sleep(600)'],
    );
    const locked =
      "SELECT count(*) FROM pg_locks WHERE relation = 'orders'::regclass AND mode = 'AccessExclusiveLock' AND granted";
    await until(async () => (await lab.sql(db, locked)) === '1');
    const from = await lab.docker('inspect', '--format', address, client);
    await lab.docker('kill', client);
    const other = await standing('', 'shop');

    expect(await postgres.endSessions?.(db, ['', 'invalid IP', from, from], lab.context())).toBe(1);
    expect(await lab.sql(db, locked)).toBe('0');
    expect(await other.isThere()).toBe(true);
    expect(await postgres.endSessions?.(db, [from], lab.context())).toBe(0);
    expect(await postgres.endSessions?.(db, [], lab.context())).toBe(0);
    await other.end();
  });
});

describe('the schema of PostgreSQL', () => {
  it('of all kinds is the same after it was dumped and restored', async () => {
    await lab.sql(db, 'CREATE DATABASE zoo');
    const zoo = { ...db, database: 'zoo' };
    await lab.sql(zoo, manyKinds);
    // A unique index that could not be built stays behind as an invalid one.
    await lab.sql(zoo, 'CREATE UNIQUE INDEX CONCURRENTLY never ON "Odd $1" (twice)').catch(() => {});
    await lab.sql(db, "ALTER DATABASE zoo SET TimeZone = 'Asia/Kolkata'; ALTER DATABASE zoo SET DateStyle = 'German'");
    const record = await postgres.backup(zoo, lab.options(), lab.context());
    expect(record.databaseSchema).toMatchObject({ dialect: 'postgres 15', version: '27c6a30d7c24 (alembic_version)' });
    const result = await postgres.restore(zoo, record, '20260102T000000Z', lab.context());
    expect(result.schemaVersion).toBe('27c6a30d7c24 (alembic_version)');
    await dropKept();

    await lab.sql(zoo, "UPDATE alembic_version SET version_num = 'later'");
    const later = await postgres.backup(zoo, lab.options({ verify: 'none' }), lab.context());
    expect(later.databaseSchema?.digest).toBe(record.databaseSchema?.digest);
    expect(later.databaseSchema?.version).toBe('later (alembic_version)');
  });

  it('is another one after each change', async () => {
    const changes = [
      'SELECT 1',
      'ALTER TABLE things ADD COLUMN more int',
      'ALTER TABLE things ALTER COLUMN price TYPE numeric(12,2)',
      "ALTER TABLE things ALTER COLUMN status SET DEFAULT 'b'",
      'ALTER TABLE things ALTER COLUMN price SET NOT NULL',
      "ALTER TABLE things DROP CONSTRAINT known, ADD CONSTRAINT known CHECK (status IN ('a', 'b', 'c'))",
      'ALTER TABLE things ADD FOREIGN KEY (other) REFERENCES things DEFERRABLE',
      'CREATE INDEX ON things (price, status)',
      "ALTER TYPE mood ADD VALUE 'glad'",
      'CREATE TABLE more ()',
    ];
    const digests = new Set<string>();
    for (const change of changes) {
      const once = [`${change};\n`];
      const ask = async (sql: string) => (await lab.sql(db, `${once.splice(0).join('')}${sql}`, 'zoo')).split('\n');
      digests.add((await describeSchema(ask, 150000)).digest);
    }
    expect(digests.size).toBe(changes.length);
  });

  it('that a restore brings back without its indexes is no backup', async () => {
    const host = hostWith(lab.host, 'pg_restore', (argv) => ({
      argv: [...argv, '--section=pre-data', '--section=data'],
    }));
    const work = postgres.backup({ ...db, database: 'zoo' }, lab.options(), { ...lab.context(), host });
    await expect(work).rejects.toThrow(/The schema differs after the backup was restored into a scratch database/);
  });

  it('has the version of the migration tool', async () => {
    const created = migrations.map(([, sql], index) => `CREATE DATABASE m${index};\n\\c m${index}\n${sql};`);
    await lab.sql(db, created.join('\n'));
    for (const [index, [tool, , version]] of migrations.entries()) {
      const { version: found } = await schemaNow(postgresClient(db, lab.context()), `m${index}`, 150000);
      expect([tool, found]).toEqual([tool, version]);
    }
  });
});

function isSwap({ input }: ExecOptions): boolean {
  return typeof input === 'string' && input.includes('RENAME TO');
}
