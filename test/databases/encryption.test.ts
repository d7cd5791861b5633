import { createHash } from 'node:crypto';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { forgetFiles } from '../../src/databases/backup-names.ts';
import type { BackupRecord } from '../../src/databases/database.ts';
import { encryptBackup, forgetDecrypted, openBackup, tidyEncrypted } from '../../src/databases/encryption.ts';
import { listBackups, readRecord, writeRecord } from '../../src/databases/record.ts';
import { pruneBackups } from '../../src/databases/retention.ts';
import type { Host } from '../../src/hosts/host.ts';
import { LocalHost } from '../../src/hosts/local.ts';
import { Redactor } from '../../src/hosts/redactor.ts';
import { dyingFiles } from '../support/dying-files.ts';

const host = new LocalHost({ redactor: new Redactor() });
const identity = await generateX25519Identity();
const recipient = await identityToRecipient(identity);
const { signal } = new AbortController();
const stem = 'db-shop-20250101T000000Z';
const plainNames = [`${stem}.dump`, `${stem}.dump.json`, `${stem}.roles.sql`];
const encryptedNames = [`${stem}.dump.age`, `${stem}.dump.age.json`, `${stem}.roles.sql.age`];

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'homeport-encryption-'));
});
afterEach(async () => await rm(folder, { recursive: true }));

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const names = async () => (await readdir(folder)).sort();
const dump = 'PGDMP with all rows '.repeat(10_000);

async function plainBackup(): Promise<BackupRecord> {
  const record: BackupRecord = {
    schema: 1,
    project: 'shop',
    service: 'db',
    kind: 'postgres',
    database: 'shop',
    file: join(folder, `${stem}.dump`),
    bytes: dump.length,
    sha256: sha256(dump),
    verified: 'restore',
    rows: { 'public.orders': 3 },
    roles: join(folder, `${stem}.roles.sql`),
    createdAt: '2025-01-01T00:00:00.000Z',
    release: null,
    durationSeconds: 1,
  };
  await writeFile(record.file, dump, { mode: 0o600 });
  await writeFile(join(folder, `${stem}.roles.sql`), 'CREATE ROLE ada;', { mode: 0o600 });
  await writeRecord(host, record);
  return record;
}

const encrypt = async (on: Host, record: BackupRecord) => await encryptBackup(on, record, [recipient], signal);
const open = async (record: BackupRecord, ...by: string[]) => await openBackup(host, record, by, signal);
const problem = async (work: Promise<unknown>) => {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  return error instanceof Error ? error.message : 'it went well';
};

describe('an encrypted backup', () => {
  it('takes the place of the plain one, with its roles, and its record says to whom and what it was', async () => {
    const plain = await plainBackup();
    const record = await encrypt(host, plain);
    expect(await names()).toEqual(encryptedNames);
    expect(await readRecord(host, record.file)).toEqual(record);
    expect(record).toEqual({
      ...plain,
      file: `${plain.file}.age`,
      roles: `${plain.roles}.age`,
      bytes: (await stat(record.file)).size,
      sha256: createHash('sha256')
        .update(await readFile(record.file))
        .digest('hex'),
      encryption: {
        recipients: [recipient],
        plain: { bytes: plain.bytes, sha256: plain.sha256 },
        plainRoles: { bytes: 16, sha256: sha256('CREATE ROLE ada;') },
      },
    });
    for (const name of encryptedNames) {
      expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600);
      expect(await readFile(join(folder, name), 'latin1')).not.toContain('all rows');
    }
  });

  it('can be opened for a restore, and leaves nothing plain when it is closed', async () => {
    const plain = await plainBackup();
    const opened = await open(await encrypt(host, plain), identity);
    expect(opened.record).toEqual({ ...plain, file: `${plain.file}.partial`, roles: `${plain.roles}.partial` });
    expect(await readFile(opened.record.file, 'utf8')).toBe(dump);
    expect(await readFile(opened.record.roles ?? '', 'utf8')).toBe('CREATE ROLE ada;');
    expect((await stat(opened.record.file)).mode & 0o777).toBe(0o600);
    await opened.close();
    expect(await names()).toEqual(encryptedNames);
  });

  it('is opened again where a killed restore has left it open, and what that left can be removed', async () => {
    const record = await encrypt(host, await plainBackup());
    await open(record, identity);
    await writeFile(join(folder, `${stem}.dump.partial-wal`), '');
    const again = await open(record, identity);
    expect(await readFile(again.record.file, 'utf8')).toBe(dump);
    await forgetDecrypted(host, record);
    expect(await names()).toEqual(encryptedNames);
  });

  it('says in one sentence why it can not be opened, and leaves nothing', async () => {
    const record = await encrypt(host, await plainBackup());
    const stranger = await generateX25519Identity();
    expect(await problem(open(record, stranger))).toBe(
      `The identity is none of those that ${record.file} is encrypted to. Nothing was changed.`,
    );
    expect(await problem(open(record))).toBe(
      `${record.file} is encrypted, and there is no identity to decrypt it with.`,
    );
    const whole = await readFile(record.file);
    await writeFile(record.file, whole.subarray(0, 20));
    expect(await problem(open(record, identity))).toContain('is damaged: it has 20 bytes instead of');
    await writeFile(record.file, Buffer.concat([whole.subarray(0, -1), Buffer.from([(whole.at(-1) ?? 0) ^ 1])]));
    expect(await problem(open(record, identity))).toContain('is damaged: its sha256 is');
    expect(await names()).toEqual(encryptedNames);
  });

  it('that somebody else wrote, record and all, is not taken for the one that was made', async () => {
    const record = await encrypt(host, await plainBackup());
    const forged = { ...record, encryption: { recipients: [recipient], plain: { bytes: 1, sha256: sha256('x') } } };
    expect(await problem(open(forged, identity))).toContain('is damaged: it can not be decrypted');
    expect(await names()).toEqual(encryptedNames);
  });

  it('is not made of a plain one that is damaged, which stays as it is', async () => {
    const plain = await plainBackup();
    await writeFile(plain.file, dump.replace('rows', 'rooms'));
    expect(await problem(encrypt(host, plain))).toContain('is damaged, so it was not encrypted');
    expect(await names()).toEqual(plainNames);
  });

  it('is not made where nothing can be written, and the plain one stays', async () => {
    const plain = await plainBackup();
    const full: Host = {
      ...{ name: host.name, exec: async (argv, options) => await host.exec(argv, options) },
      files: new Proxy(host.files, {
        get: (files, name) =>
          name === 'createPartial'
            ? async () => Promise.reject(Object.assign(new Error('no space left'), { code: 'ENOSPC' }))
            : Reflect.get(files, name).bind(files),
      }),
    };
    expect(await problem(encrypt(full, plain))).toBe(
      `${plain.file} could not be encrypted: the disk of ${folder} is full.`,
    );
    expect(await names()).toEqual(plainNames);
  });

  it('goes as a whole when it is old', async () => {
    await encrypt(host, await plainBackup());
    const now = new Date('2025-03-01T00:00:00Z');
    const younger = { ...(await plainBackup()), createdAt: '2025-02-28T00:00:00.000Z' };
    const file = join(folder, 'db-shop-20250228T000000Z.dump');
    await writeFile(file, dump);
    const { roles: _, ...rest } = younger;
    await writeRecord(host, { ...rest, file });
    for (const name of plainNames) await rm(join(folder, name));
    const removed = await pruneBackups(host, folder, { keepMs: 1000, now, project: 'shop' });
    expect(removed.map((one) => basename(one))).toEqual([`${stem}.dump.age`]);
    expect(await names()).toEqual(['db-shop-20250228T000000Z.dump', 'db-shop-20250228T000000Z.dump.json']);
  });
});

describe('an encryption that is killed', () => {
  it('at any of its steps leaves one whole backup, plain or encrypted, once the next one has tidied up', async () => {
    const ends: string[] = [];
    for (let last = 1; ; last += 1) {
      for (const name of await names()) await rm(join(folder, name));
      const plain = await plainBackup();
      const dying = dyingFiles(host, last);
      await encrypt(dying.host, plain).catch(() => {});
      if (!dying.died()) break;
      const readable = await listBackups(host, folder);
      expect(readable.length, `after step ${last}`).toBeGreaterThan(0);

      await tidyEncrypted(host, folder);
      await forgetFiles(host, folder, { service: 'db', database: 'shop' });
      const left = await names();
      ends.push(left.includes(`${stem}.dump.age`) ? 'encrypted' : 'plain');
      expect(left, `after step ${last}`).toEqual(ends.at(-1) === 'plain' ? plainNames : encryptedNames);
      const [record] = await listBackups(host, folder);
      const opened = await open(record ?? plain, identity);
      expect(await readFile(opened.record.file, 'utf8')).toBe(dump);
      expect(await readFile(opened.record.roles ?? '', 'utf8')).toBe('CREATE ROLE ada;');
      await opened.close();
    }
    expect(new Set(ends)).toEqual(new Set(['plain', 'encrypted']));
    expect(ends.indexOf('encrypted')).toBeGreaterThan(ends.lastIndexOf('plain'));
  });

  it('leaves alone what only has such a name', async () => {
    const mine = ['mine.age', 'mine.age.json', 'notes.age.partial', 'db.dump'];
    for (const name of mine) await writeFile(join(folder, name), 'mine');
    await chmod(join(folder, 'mine.age'), 0o600);
    await tidyEncrypted(host, folder);
    expect(await names()).toEqual(mine.sort());
  });
});
