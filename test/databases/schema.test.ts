import { describe, expect, it } from 'vitest';
import type { DatabaseSchema } from '../../src/databases/database.ts';
import { versionText } from '../../src/databases/migration-tables.ts';
import { withoutCasts } from '../../src/databases/postgres-schema.ts';
import { compareSchema, digestOf } from '../../src/databases/schema.ts';

const schema: DatabaseSchema = { digest: 'a'.repeat(64), dialect: 'postgres 15', version: '7 (schema_migrations)' };

describe('the schema of a restored database', () => {
  it('is the same in any order of its objects', () => {
    expect(digestOf(['a', 'b'])).toBe(digestOf(['b', 'a']));
    expect(digestOf(['a', 'b'])).not.toBe(digestOf(['a', 'c']));
  });

  it.each([
    ['the same', schema, {}],
    ['one of which the record says nothing', undefined, {}],
    ['described by another version of the server', schema, { digest: 'b'.repeat(64), dialect: 'postgres 16' }],
  ])('agrees: %s', (_what, expected, change) => {
    expect(() => compareSchema(expected, { ...schema, ...change }, 'there')).not.toThrow();
  });

  it.each([
    [{ version: null }, 'The schema version differs there: it is unknown instead of 7 (schema_migrations).'],
    [
      { version: '8 (schema_migrations)', dialect: 'postgres 16' },
      'The schema version differs there: it is 8 (schema_migrations) instead of 7 (schema_migrations).',
    ],
    [{ digest: 'b'.repeat(64) }, /^The schema differs there: tables, columns, /],
  ])('differs: %o', (change, message) => {
    expect(() => compareSchema(schema, { ...schema, ...change }, 'there')).toThrow(message);
  });
});

describe('an expression of PostgreSQL', () => {
  it.each([
    [
      "CHECK (((status)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[])))",
      "CHECK (((status)::text = ANY (ARRAY[('a'::character varying)::text, ('b'::character varying)::text])))",
    ],
    ['((a > 0) AND (b > 0) AND (c > 0))', '(((a > 0) AND (b > 0)) AND (c > 0))'],
    ["'2020-01-01 00:00:00'::timestamp(3) without time zone", "'2020-01-01 00:00:00'"],
    [`'x'::public."My Type"`, "'x'"],
    ["'{}'::numeric(10,2)[]", "'{}'"],
  ])('is the same after it was dumped and restored: %s', (before, after) => {
    expect(withoutCasts(before)).toBe(withoutCasts(after));
  });

  it.each([
    ["status = ANY (ARRAY['a', 'b'])", "status = ANY (ARRAY['a', 'c'])"],
    ['(a > 0)', '(a >= 0)'],
    ['(a, b)', '(b, a)'],
  ])('is another one: %s and %s', (one, other) => {
    expect(withoutCasts(one)).not.toBe(withoutCasts(other));
  });
});

describe('the schema version', () => {
  const told = (table: string, ...rows: (string | null)[]) => ({ table, rows });

  it.each([
    [[], null],
    [[told('alembic_version')], null],
    [[told('goose_db_version', null)], null],
    [[told('alembic_version', '27c6a30d7c24')], '27c6a30d7c24 (alembic_version)'],
    [[told('alembic_version', '1a', '2b')], '1a and 2b (alembic_version)'],
    [[told('user_version', '3'), told('knex_migrations', 'x.js')], '3 (user_version), x.js (knex_migrations)'],
  ])('of %o is %s', (tables, text) => expect(versionText(tables)).toBe(text));

  it('stays short where every tenant has a schema, and still tells a difference', () => {
    const tenants = (last: string) =>
      versionText([1, 2, 3, 4].map((tenant) => told(`t${tenant}.django_migrations`, tenant === 4 ? last : 'a.0001')));
    expect(tenants('a.0001')).toMatch(/^4 tables of migrations, digest [0-9a-f]{12}$/);
    expect(tenants('a.0001')).not.toBe(tenants('a.0002'));
  });
});
