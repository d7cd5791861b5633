import { createReadStream, createWriteStream, mkdirSync, readdirSync } from 'node:fs';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decryptAge, encryptAge } from '../../src/databases/age.ts';
import { encryptBackup, openBackup } from '../../src/databases/encryption.ts';
import { measure, readRecord } from '../../src/databases/record.ts';
import { sqlite } from '../../src/databases/sqlite.ts';
import { AgeTool } from '../support/age-tool.ts';
import { DatabaseLab, until } from '../support/databases.ts';
import { expectVerdict } from '../support/expectations.ts';
import { docker, makeProject, type Project } from '../support/project.ts';

const lab = new DatabaseLab();
const age = new AgeTool();
let recipient: string;
let identityFile: string;

beforeAll(async () => {
  await lab.prepare();
  await age.prepare(lab.folder);
  identityFile = join(lab.folder, 'identity.txt');
  recipient = await age.keygen(identityFile);
});
afterAll(async () => await lab.remove());

const identities = async () => (await readFile(identityFile, 'utf8')).split('\n').filter((line) => /^AGE-/.test(line));

describe('the tool age', () => {
  it('opens what Homeport encrypts, and Homeport what the tool does', async () => {
    const [plain, ours, back] = ['plain', 'ours.age', 'back'].map((name) => join(lab.folder, name));
    if (plain === undefined || ours === undefined || back === undefined) return;
    // More than one chunk of the format, and no whole number of them.
    await writeFile(plain, 'row by row, '.repeat(100_003));
    await pipeline(createReadStream(plain), (source) => encryptAge([recipient], source), createWriteStream(ours));
    await age.decrypt(identityFile, ours, back);
    expect(await measure(lab.host, back)).toEqual(await measure(lab.host, plain));

    const theirs = join(lab.folder, 'theirs.age');
    await age.encrypt(recipient, plain, theirs);
    const keys = await identities();
    const again = join(lab.folder, 'again');
    await pipeline(createReadStream(theirs), (source) => decryptAge(keys, source), createWriteStream(again));
    expect(await measure(lab.host, again)).toEqual(await measure(lab.host, plain));
  });
});

describe('an encrypted backup of SQLite', () => {
  it('is restored from its decrypted file, which is gone then', async () => {
    const data = join(lab.folder, 'data');
    const backups = join(lab.folder, 'backups');
    for (const folder of [data, backups]) mkdirSync(folder);
    const container = await lab.start('python:3.11-slim', ['--init', '-v', `${data}:${data}`], ['sleep', '1000']);
    const path = join(data, 'app.db');
    const python = async (sql: string) => {
      const script = `import sqlite3\ndb = sqlite3.connect('${path}')\nprint(db.execute("${sql}").fetchall())\ndb.commit()`;
      const ran = await lab.exec(container, ['python', '-c', script]);
      expect(ran.outcome, ran.tail).toBe('success');
      return ran.stdout.trim();
    };
    await python('CREATE TABLE t (which)');
    await python("INSERT INTO t VALUES ('before')");
    const target = {
      kind: 'sqlite',
      service: 'app',
      container,
      imageId: await lab.imageOf(container),
      database: 'app.db',
      path,
    };
    const context = lab.context();
    const plain = await sqlite.backup(target, lab.options({ folder: backups }), context);
    const record = await encryptBackup(lab.host, plain, [recipient], context.signal);
    await python("UPDATE t SET which = 'after'");

    const opened = await openBackup(lab.host, record, await identities(), context.signal);
    await sqlite.restore(target, opened.record, '20250101T000000Z', context);
    await opened.close();
    expect(await python('SELECT which FROM t')).toBe("[('before',)]");
    expect(readdirSync(backups).map((name) => name.slice(name.indexOf('Z.')))).toEqual([
      'Z.sqlite.age',
      'Z.sqlite.age.json',
    ]);
  });
});

/** Two backups, and a machine that may have much else to do. */
const patient = { timeout: 230_000 };

/** A database, and an application that does nothing but stay up and hold a client for its migration. */
function files(version: string, migration: string): Record<string, string> {
  return {
    'compose.yaml': `services:
  db:
    image: postgres:15
    command: postgres -c fsync=off
    environment: {POSTGRES_PASSWORD: example}
    volumes: ['data:/var/lib/postgresql/data']
    healthcheck: {test: [CMD, pg_isready, -q, -h, 127.0.0.1], interval: 500ms, retries: 60}
    restart: unless-stopped
    logging: &short {driver: json-file, options: {max-size: 1m}}
  app:
    build: app
    restart: unless-stopped
    healthcheck: {disable: true}
    logging: *short
    stop_grace_period: 1s
    environment: {PGHOST: db, PGUSER: postgres, PGPASSWORD: example, VERSION: ${version}}
    depends_on: {db: {condition: service_healthy}}
volumes: {data: {}}
`,
    'app/Dockerfile': 'FROM postgres:15\nCOPY migrate.sql /\nENTRYPOINT []\nCMD ["sleep", "infinity"]\n',
    'app/migrate.sql': `\\set ON_ERROR_STOP on\n${migration}\n`,
  };
}

describe('a project whose backups are encrypted', () => {
  let project: Project;
  let flags: readonly string[];
  const entry = ['--backup', '[{service: db, kind: postgres}]'];
  const first = `CREATE TABLE guests (name text); INSERT INTO guests VALUES ('ada'), ('grace');
    CREATE TABLE visits AS SELECT n, md5(n::text) AS note FROM generate_series(1, 200000) n;`;

  beforeAll(async () => {
    flags = [...entry, '--migrate', 'app: psql -f /migrate.sql', '--backup-encrypt-to', recipient];
    project = await makeProject({ files: files('v1', first), name: 'encrypted' });
    // Without a database there is nothing to encrypt yet.
    await project.deploy([...flags]);
  });
  afterAll(async () => await project?.cleanUp());

  const sql = async (statement: string): Promise<string> => {
    const { id } = await project.container('db');
    return await docker('exec', id, 'psql', '-XqAt', '-U', 'postgres', '-h', '127.0.0.1', '-c', statement);
  };
  const guests = () => sql("SELECT string_agg(name, ',' ORDER BY name) FROM guests");
  const folder = () => join(project.state, 'backups');
  const kinds = () => [...new Set(readdirSync(folder()).map((name) => name.slice(name.indexOf('Z.') + 1)))].sort();
  const encryptedOnly = ['.dump.age', '.dump.age.json', '.roles.sql.age'];
  const backUp = async () => {
    const made = await project.homeport(['backup', ...entry, '--backup-encrypt-to', recipient]);
    expect(made.exitCode, made.output).toBe(0);
    return made.report.backups[0]?.file ?? '';
  };
  const restore = (file: string, ...more: string[]) =>
    project.homeport(['restore', file, '--yes', '--project', project.name, ...more]);

  it('keeps them encrypted only, and the tool age opens them', async () => {
    const file = await backUp();
    expect(file).toMatch(/\.dump\.age$/);
    expect(kinds()).toEqual(encryptedOnly);
    const record = await readRecord(lab.host, file);
    expect(record.encryption?.recipients).toEqual([recipient]);
    for (const name of readdirSync(folder())) expect((await stat(join(folder(), name))).mode & 0o777).toBe(0o600);
    const plain = join(lab.folder, 'opened.dump');
    await age.decrypt(identityFile, file, plain);
    expect(await measure(lab.host, plain)).toEqual(record.encryption?.plain);
    const roles = join(lab.folder, 'opened.roles');
    await age.decrypt(identityFile, record.roles ?? '', roles);
    expect(await readFile(roles, 'utf8')).toContain('CREATE ROLE postgres');
  });

  it('encrypts the plain ones too that are there from before', async () => {
    const plain = await project.homeport(['backup', ...entry]);
    expect(plain.report.backups[0]?.file).toMatch(/\.dump$/);
    expect(kinds()).toContain('.dump');
    await backUp();
    expect(kinds()).toEqual(encryptedOnly);
  });

  it('restores one with its identity, and without it says why not and touches nothing', async () => {
    const file = await backUp();
    await sql("INSERT INTO guests VALUES ('later')");
    const none = await restore(file);
    expect(none.exitCode).toBe(64);
    expect(none.output).toContain('the file is encrypted');
    const stranger = join(lab.folder, `stranger-${Date.now()}.txt`);
    await age.keygen(stranger);
    const wrong = await restore(file, '--backup-identity-file', stranger);
    expect(wrong.exitCode, wrong.output).toBe(3);
    expect(wrong.report.error?.message).toBe(
      `The identity is none of those that ${file} is encrypted to. Nothing was changed.`,
    );
    const whole = await readFile(file);
    await writeFile(file, whole.subarray(0, whole.length - 100));
    const short = await restore(file, '--backup-identity-file', identityFile);
    expect(short.report.error?.message).toContain(`The backup file ${file} is damaged: it has`);
    await writeFile(file, whole);
    expect(await guests()).toBe('ada,grace,later');

    const right = await restore(file, '--backup-identity-file', identityFile);
    expect(right.exitCode, right.output).toBe(0);
    expect(await guests()).toBe('ada,grace');
    expect(kinds()).toEqual(encryptedOnly);
    for (const key of await identities()) {
      expect(right.output + JSON.stringify(right.report)).not.toContain(key);
      expect(await readFile(join(project.state, 'journal.jsonl'), 'utf8')).not.toContain(key);
    }
  });

  it('leaves nothing plain when a restore is killed in its middle, once it was recovered', async () => {
    const file = await backUp();
    const running = project.begin([
      ...['restore', file, '--yes', '--project', project.name],
      ...['--backup-identity-file', identityFile],
    ]);
    await running.said('restoring into the new database');
    expect(kinds()).toContain('.dump.partial');
    running.child.kill('SIGKILL');
    await running.ended;
    const recovered = await project.homeport(['recover', '--project', project.name]);
    expect(recovered.exitCode, recovered.output).toBe(0);
    expect(kinds()).toEqual(encryptedOnly);
    expect(await guests()).toBe('ada,grace');
  });

  it('has them encrypted when a backup was killed in the middle of it, once it was recovered', async () => {
    const journal = join(project.state, 'journal.jsonl');
    const encryptions = async () => (await readFile(journal, 'utf8')).split('"action":"encrypt"').length;
    const before = await encryptions();
    const running = project.begin(['backup', ...entry, '--backup-encrypt-to', recipient]);
    await until(async () => (await encryptions()) > before);
    running.child.kill('SIGKILL');
    await running.ended;
    const recovered = await project.homeport(['recover', '--project', project.name]);
    expect(recovered.exitCode, recovered.output).toBe(0);
    expect(kinds()).toEqual(encryptedOnly);
  });

  it('goes back from a bad migration without any identity, and encrypts what it restored then', async () => {
    await project.commit('v2', files('v2', "DELETE FROM guests WHERE name = 'ada'; SELECT 1 / 0;"));
    const outcome = await project.homeport(['deploy', ...flags, '--rollback-database'], patient);
    expectVerdict(outcome, {
      exitCode: 3,
      status: 'rolled_back',
      phase: 'migrate',
      details: {
        restored: [expect.stringMatching(/\.dump\.age$/)],
        kept_databases: [expect.stringContaining('dropdb')],
      },
    });
    expect(await guests()).toBe('ada,grace');
    expect(kinds()).toEqual(encryptedOnly);
    expect(outcome.report.backups.map(({ file }) => file.slice(file.indexOf('Z.')))).toEqual([
      'Z.dump.age',
      'Z.dump.age',
    ]);
  });

  it('does so after a kill too', async () => {
    await project.commit('v3', files('v3', `DELETE FROM guests; \\echo deleted\nSELECT pg_sleep(600);`));
    const killed = project.begin(['deploy', ...flags, '--rollback-database']);
    await killed.said('migrate | deleted');
    killed.child.kill('SIGKILL');
    await killed.ended;
    expect(kinds()).toContain('.dump');
    const recovered = await project.homeport(['recover', '--project', project.name]);
    expect(recovered.exitCode, recovered.output).toBe(0);
    expect(await guests()).toBe('ada,grace');
    expect(kinds()).toEqual(encryptedOnly);
  });

  it('has them encrypted once the new release is good', async () => {
    await project.commit('v4', files('v4', "INSERT INTO guests VALUES ('joan');"));
    const outcome = await project.homeport(['deploy', ...flags, '--rollback-database'], patient);
    expect(outcome.exitCode, outcome.output).toBe(0);
    expect(await guests()).toBe('ada,grace,joan');
    expect(kinds()).toEqual(encryptedOnly);
    expect(outcome.report.warnings).toEqual([]);
  });
});
