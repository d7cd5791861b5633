import { describe, expect, it } from 'vitest';
import { compareRows, rowsInTables } from '../../src/databases/record.ts';

describe('row counts', () => {
  it('agree table by table, in any order', () => {
    expect(() => compareRows({ a: 1, b: 2 }, { b: 2, a: 1 }, 'there')).not.toThrow();
    expect(rowsInTables({ a: 1, b: 2 })).toBe('3 rows in 2 tables');
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
