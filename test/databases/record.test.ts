import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { backupStem, compareRows, newBackupPath, totalRows } from '../../src/databases/record.ts';
import { LocalHost } from '../../src/hosts/local.ts';
import { Redactor } from '../../src/hosts/redactor.ts';

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
  const host = new LocalHost({ redactor: new Redactor() });
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'homeport-record-'));
  });
  afterEach(async () => await rm(folder, { recursive: true }));
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

describe('row counts', () => {
  it('agree table by table, in any order', () => {
    expect(() => compareRows({ a: 1, b: 2 }, { b: 2, a: 1 }, 'there')).not.toThrow();
    expect(totalRows({ a: 1, b: 2 })).toBe(3);
  });

  it.each([
    [{ a: 1 }, { a: 2 }, 'Tables differ there: a has 2 rows instead of 1.'],
    [{ a: 1, b: 0 }, { a: 1 }, 'Tables differ there: b has no rows instead of 0.'],
    [{}, { c: 0 }, 'Tables differ there: c has 0 rows instead of no.'],
    [
      { a: 1, b: 1, c: 1, d: 1, e: 1 },
      { a: 0, b: 0, c: 0, d: 0, e: 0 },
      /a has .* b has .* c has .* and 2 more tables differ\.$/,
    ],
  ])('differ: %o and %o', (expected, found, message) => {
    expect(() => compareRows(expected, found, 'there')).toThrow(message);
  });
});
