import { describe, expect, it } from 'vitest';
import { backupStem, compareRows, totalRows } from '../../src/databases/record.ts';

const at = new Date('2025-11-21T10:15:00.900Z');

describe('the name of a backup', () => {
  it('says service, database and moment', () => {
    expect(backupStem('db', 'shop', at)).toBe('db-shop-20251121T101500Z');
  });

  it.each(['a b', 'a/b', '../a', 'postgres://a', 'Größe', `it's`, '"a"', 'x'.repeat(200), 'a\nb', ''])(
    'fits a file system for the database %j',
    (database) => expect(backupStem('db', database, at)).toMatch(/^db-[A-Za-z0-9._-]{1,100}-20251121T101500Z$/),
  );

  it('is another one for every database', () => {
    const names = ['a b', 'a_b', 'a/b', 'a  b', 'A_b', `${'x'.repeat(100)}1`, `${'x'.repeat(100)}2`];
    expect(new Set(names.map((name) => backupStem('db', name, at))).size).toBe(names.length);
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
