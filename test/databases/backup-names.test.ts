import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { backupStem, forgetFiles, newBackupPath } from '../../src/databases/backup-names.ts';
import { LocalHost } from '../../src/hosts/local.ts';
import { Redactor } from '../../src/hosts/redactor.ts';

const host = new LocalHost({ redactor: new Redactor() });
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'homeport-names-'));
});
afterEach(async () => await rm(folder, { recursive: true }));

const at = new Date('2025-11-21T10:15:00.900Z');

describe('the name of a backup', () => {
  it('says service, database and moment', () => {
    expect(backupStem('db', 'shop', at)).toBe('db-shop-20251121T101500Z');
  });

  it.each(['a b', 'a/b', '../a', 'postgres://a', 'Größe', `it's`, '"a"', 'x'.repeat(200), 'a\nb'])(
    'fits a file system for the database %j',
    (database) => expect(backupStem('db', database, at)).toMatch(/^db-[A-Za-z0-9._-]{1,100}-20251121T101500Z$/),
  );

  it('is another one for every database', () => {
    const names = ['a b', 'a_b', 'a/b', 'a  b', 'A_b', `${'x'.repeat(100)}1`, `${'x'.repeat(100)}2`];
    expect(new Set(names.map((name) => backupStem('db', name, at))).size).toBe(names.length);
  });
});

describe('the place of a new backup', () => {
  const place = async () => basename(await newBackupPath(host, folder, { service: 'db', database: 'shop', at }));

  it('is never that of another backup', async () => {
    expect(await place()).toBe('db-shop-20251121T101500Z');
    await writeFile(join(folder, 'db-shop-20251121T101500Z.dump'), '');
    expect(await place()).toBe('db-shop-20251121T101500Z-2');
    await writeFile(join(folder, 'db-shop-20251121T101500Z-2.sqlite'), '');
    expect(await place()).toBe('db-shop-20251121T101500Z-3');
  });

  it('is cleared of what killed backups of the same database left, and of nothing else', async () => {
    const gone = ['db-shop-20250101T000000Z.dump.partial', 'db-shop-20250101T000000Z.roles.sql.partial'];
    const kept = ['db-shop-20250101T000000Z.dump', 'db-shop-2-20250101T000000Z.dump.partial', 'mine.partial'];
    for (const name of [...gone, ...kept]) await writeFile(join(folder, name), '');
    await place();
    expect((await readdir(folder)).sort()).toEqual(kept.sort());
  });
});

describe('what a killed backup left in the folder', () => {
  const moment = '20250101T000000Z';

  async function leftOf(names: readonly string[], whose = { service: 'db', database: 'shop' }): Promise<string[]> {
    for (const name of names) await writeFile(join(folder, name), '');
    await forgetFiles(host, folder, whose);
    return await readdir(folder);
  }

  it.each([
    ['while it was dumped', [`db-shop-${moment}.dump.partial`]],
    ['while the roles were saved', [`db-shop-${moment}.dump.partial`, `db-shop-${moment}.roles.sql.partial`]],
    ['before the dump had its name', [`db-shop-${moment}.dump.partial`, `db-shop-${moment}.roles.sql`]],
    ['before it had its record', [`db-shop-${moment}.dump`, `db-shop-${moment}.roles.sql`]],
    [
      'in the middle of its record',
      [`db-shop-${moment}-2.dump`, `db-shop-${moment}-2.roles.sql`, `db-shop-${moment}-2.dump.json.0a1b2c3d.tmp`],
    ],
    ['with the logs of SQLite', [`db-shop-${moment}.sqlite.partial`, `db-shop-${moment}.sqlite.partial-journal`]],
    ['a dump of MariaDB before its record', [`db-shop-${moment}.sql`, `db-shop-${moment}-2.sql.partial`]],
    ['an SQLite copy before its record', [`db-shop-${moment}.sqlite`]],
  ])('goes: %s', async (_when, names) => {
    expect(await leftOf(names)).toEqual([]);
    expect(await leftOf([])).toEqual([]);
  });

  it.each([
    ['recorded', [`db-shop-${moment}.dump`, `db-shop-${moment}.dump.json`, `db-shop-${moment}.roles.sql`]],
    ['recorded MariaDB', [`db-shop-${moment}.sql`, `db-shop-${moment}.sql.json`]],
    ['recorded SQLite', [`db-shop-${moment}.sqlite`, `db-shop-${moment}.sqlite.json`]],
    ['half removed', [`db-shop-${moment}.dump.json`]],
    ['of another service', [`app-shop-${moment}.dump`, `app-shop-${moment}.dump.partial`]],
    ['of a database that is called alike', [`db-shop-2-${moment}.dump`, `db-shop_x-${moment}.dump.partial`]],
    ["nobody's", ['db-shop-mine.dump', `db-shop-${moment}.dump.old`, `db-shop-${moment}.txt`, 'x.partial']],
  ])('is told from a backup that is %s', async (_what, names) => {
    expect(await leftOf(names)).toEqual([...names].sort());
  });

  it('is found by the name that fits a file system', async () => {
    const whose = { service: 'db', database: 'a/b' };
    expect(await leftOf([`${backupStem('db', 'a/b', at)}.dump.partial`], whose)).toEqual([]);
  });

  it('is told to people when it can’t be removed', async () => {
    const files = { ...host.files, list: host.files.list, remove: async () => Promise.reject(new Error('EACCES')) };
    await writeFile(join(folder, `db-shop-${moment}.dump.partial`), '');
    const forgotten = forgetFiles({ ...host, exec: host.exec, files }, folder, { service: 'db', database: 'shop' });
    await expect(forgotten).rejects.toThrow(/could not be removed: EACCES/);
  });
});
