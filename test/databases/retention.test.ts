import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BackupRecord } from '../../src/databases/database.ts';
import { listBackups, readRecord, writeRecord } from '../../src/databases/record.ts';
import { pruneBackups } from '../../src/databases/retention.ts';
import { LocalHost } from '../../src/hosts/local.ts';
import { Redactor } from '../../src/hosts/redactor.ts';

const host = new LocalHost({ redactor: new Redactor() });
const day = 86_400_000;
const now = new Date('2026-03-01T00:00:00Z');
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'homeport-retention-'));
});
afterEach(async () => await rm(folder, { recursive: true }));

async function backup(name: string, daysOld: number, more: Partial<BackupRecord> = {}): Promise<BackupRecord> {
  const file = join(folder, name);
  await writeFile(file, 'contents');
  const record: BackupRecord = {
    schema: 1,
    project: 'shop',
    service: 'db',
    kind: 'postgres',
    database: 'shop',
    file,
    bytes: 8,
    sha256: 'a'.repeat(64),
    verified: 'restore',
    rows: { 'public.orders': 3 },
    createdAt: new Date(now.getTime() - daysOld * day).toISOString(),
    release: null,
    durationSeconds: 1,
    ...more,
  };
  await writeRecord(host, record);
  return record;
}

async function prune(): Promise<string[]> {
  const removed = await pruneBackups(host, folder, { keepMs: 7 * day, now, project: 'shop' });
  return removed.map((file) => basename(file)).sort();
}

describe('old backups', () => {
  it('go with their roles and their record, younger ones stay', async () => {
    const roles = join(folder, 'db-shop-old.roles.sql');
    await writeFile(roles, 'CREATE ROLE x;');
    await backup('db-shop-old.dump', 8, { roles });
    await backup('db-shop-young.dump', 6);
    expect(await prune()).toEqual(['db-shop-old.dump']);
    expect((await readdir(folder)).sort()).toEqual(['db-shop-young.dump', 'db-shop-young.dump.json']);
  });

  it('stay when they are the newest verified one of their database', async () => {
    await backup('db-shop-a.dump', 30);
    await backup('db-shop-b.dump', 20);
    await backup('db-shop-c.dump', 10, { verified: 'none' });
    await backup('db-stock-a.dump', 90, { database: 'stock' });
    await backup('other-shop-a.dump', 90, { service: 'other' });
    expect(await prune()).toEqual(['db-shop-a.dump', 'db-shop-c.dump']);
  });

  it('do not go for a newer one that is no longer what was written', async () => {
    await backup('db-shop-a.dump', 30);
    await backup('db-shop-b.dump', 1);
    await writeFile(join(folder, 'db-shop-b.dump'), 'cut');
    await backup('db-shop-c.dump', 2);
    await rm(join(folder, 'db-shop-c.dump'));
    expect(await prune()).toEqual([]);
    expect(await readdir(folder)).toContain('db-shop-a.dump');
  });

  it('of another project stay', async () => {
    await backup('db-shop-a.dump', 30, { project: 'other' });
    await backup('db-shop-b.dump', 20, { project: 'other' });
    expect(await prune()).toEqual([]);
  });
});

describe('whatever Homeport did not write', () => {
  it('stays, however old and whatever its name', async () => {
    await backup('db-shop-new.dump', 0);
    const record = await backup('db-shop-copied.dump', 30);
    const text = await readFile(`${record.file}.json`, 'utf8');
    await rm(record.file);
    await rm(`${record.file}.json`);
    const foreign: Record<string, string> = {
      'db-shop-20200101T000000Z.dump': 'by hand',
      // A record under another file's name says nothing about that file.
      'db-shop-mine.dump': 'contents',
      'db-shop-mine.dump.json': text,
      'db-shop-bad.dump': 'contents',
      'db-shop-bad.dump.json': '{"schema": 1',
      'db-shop-later.dump': 'contents',
      'db-shop-later.dump.json': text.replace('"schema": 1', '"schema": 2').replaceAll('copied', 'later'),
      'db-shop-size.dump': 'not as long as it was',
      'db-shop-size.dump.json': text.replaceAll('copied', 'size'),
      'notes.txt': '',
    };
    for (const [name, content] of Object.entries(foreign)) await writeFile(join(folder, name), content);
    expect(await prune()).toEqual([]);
    expect((await readdir(folder)).sort()).toEqual(
      [...Object.keys(foreign), 'db-shop-new.dump', 'db-shop-new.dump.json'].sort(),
    );
  });

  it('stays when a record names it as its roles', async () => {
    const roles = join(folder, 'precious.sql');
    await writeFile(roles, '');
    await backup('db-shop-old.dump', 30, { roles });
    await backup('db-shop-new.dump', 0);
    expect(await prune()).toEqual(['db-shop-old.dump']);
    expect(await readdir(folder)).toContain('precious.sql');
  });
});

describe('an interrupted removal', () => {
  it('is finished by the next one', async () => {
    await backup('db-shop-new.dump', 0);
    const roles = join(folder, 'db-shop-old.roles.sql');
    await writeFile(roles, '');
    const old = await backup('db-shop-old.dump', 30, { roles });
    await rm(old.file);
    await prune();
    expect((await readdir(folder)).sort()).toEqual(['db-shop-new.dump', 'db-shop-new.dump.json']);
  });
});

describe('the list of backups', () => {
  it('is sorted from new to old, and leaves out what is not there as it was written', async () => {
    await backup('a.dump', 3);
    const newest = await backup('b.dump', 1);
    await backup('c.dump', 2);
    await backup('gone.dump', 0);
    await rm(join(folder, 'gone.dump'));
    const found = await listBackups(host, folder);
    expect(found.map((one) => basename(one.file))).toEqual(['b.dump', 'c.dump', 'a.dump']);
    expect(found[0]).toEqual(newest);
  });

  it('follows a folder that was moved', async () => {
    const record = await backup('a.dump', 3);
    const text = (await readFile(`${record.file}.json`, 'utf8')).replaceAll(folder, '/somewhere/before');
    await writeFile(`${record.file}.json`, text);
    expect((await readRecord(host, record.file)).file).toBe(record.file);
    expect(await listBackups(host, join(folder, 'nowhere'))).toEqual([]);
  });

  it('has nothing to say about a file without a record', async () => {
    await writeFile(join(folder, 'a.dump'), '');
    await expect(readRecord(host, join(folder, 'a.dump'))).rejects.toThrow(/no a\.dump\.json/);
    await writeFile(join(folder, 'a.dump.json'), '{}');
    await expect(readRecord(host, join(folder, 'a.dump'))).rejects.toThrow(/not the record/);
  });
});
