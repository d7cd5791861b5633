import { describe, expect, it } from 'vitest';
import { createDatabaseSql, derivedName } from '../../src/databases/postgres-catalog.ts';
import { quoteIdentifier, quoteLiteral } from '../../src/databases/postgres-client.ts';
import { settingSql } from '../../src/databases/postgres-properties.ts';
import { statementsByRole } from '../../src/databases/postgres-roles.ts';

describe('the roles of a server', () => {
  it('are taken apart into the statements about each of them', () => {
    const roles = statementsByRole(`--
-- Roles
--
CREATE ROLE app;
ALTER ROLE app WITH NOSUPERUSER LOGIN PASSWORD 'SCRAM-SHA-256$4096:x;y==$z';
CREATE ROLE "The ""Boss""";
ALTER ROLE "The ""Boss""" WITH SUPERUSER;
ALTER ROLE app SET search_path TO 'a', 'b';
GRANT app TO "The ""Boss""" WITH INHERIT TRUE GRANTED BY postgres;
GRANT pg_monitor TO app;
`);
    expect([...roles.keys()]).toEqual(['app', 'The "Boss"']);
    expect(roles.get('app')).toEqual([
      'CREATE ROLE app;',
      "ALTER ROLE app WITH NOSUPERUSER LOGIN PASSWORD 'SCRAM-SHA-256$4096:x;y==$z';",
      "ALTER ROLE app SET search_path TO 'a', 'b';",
      'GRANT pg_monitor TO app;',
    ]);
    expect(roles.get('The "Boss"')?.at(-1)).toMatch(/^GRANT app TO/);
  });
});

describe('the settings of a database', () => {
  it.each([
    ['work_mem=7MB', `"work_mem" TO '7MB'`],
    ["myapp.motto=it's = \\o/", `"myapp.motto" TO  E'it''s = \\\\o/'`],
    ['search_path="$user", public', `"search_path" TO '$user', 'public'`],
    ['search_path="a, ""b""", c', `"search_path" TO 'a, "b"', 'c'`],
    ['search_path=""', `"search_path" TO ''`],
    ['search_path=', `"search_path" TO ''`],
  ])('%s is set again by %s', (entry, sql) => expect(settingSql(entry)).toBe(sql));
});

describe('a database like another one', () => {
  const like = {
    datname: 'shop',
    datconnlimit: -1,
    encoding: 'UTF8',
    owner: 'me',
    tablespace: 'pg_default',
    bytes: 1,
    datcollate: 'en_US.utf8',
    datctype: 'C',
  };
  const libc = `CREATE DATABASE "x" TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'en_US.utf8' LC_CTYPE 'C'`;

  it.each([
    ['before PostgreSQL 15', {}, `${libc};`],
    ['with libc', { datlocprovider: 'c' }, `${libc};`],
    [
      'with ICU in 15',
      { datlocprovider: 'i', daticulocale: 'de-DE' },
      `${libc} LOCALE_PROVIDER icu ICU_LOCALE 'de-DE';`,
    ],
    [
      'with ICU and rules in 17',
      { datlocprovider: 'i', datlocale: 'und', daticurules: '&a < g' },
      `${libc} LOCALE_PROVIDER icu ICU_LOCALE 'und' ICU_RULES '&a < g';`,
    ],
    [
      'builtin in 17',
      { datlocprovider: 'b', datlocale: 'C.UTF-8' },
      `${libc} LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8';`,
    ],
  ])('is created with its locale %s', (_which, more, sql) => {
    expect(createDatabaseSql('x', { ...like, ...more })).toBe(sql);
  });
});

describe('names', () => {
  it('are cut to the 63 bytes of an identifier between characters', () => {
    expect(derivedName('shop', '_before')).toBe('shop_before');
    const long = derivedName('ü'.repeat(31), `_homeport_before_20251121T101500Z`);
    expect(Buffer.byteLength(long)).toBeLessThanOrEqual(63);
    expect(long).toMatch(/^ü{10}_[0-9a-f]{8}_homeport_before_20251121T101500Z$/);
  });

  it('that are cut stay those of one database', () => {
    const derived = ['a', 'b'].map((end) => derivedName(`${'x'.repeat(60)}${end}`, '_restore'));
    expect(derived[0]).not.toBe(derived[1]);
  });

  it('are quoted whatever is in them', () => {
    expect(quoteIdentifier('a"b')).toBe('"a""b"');
    expect(quoteLiteral("it's")).toBe("'it''s'");
    expect(quoteLiteral('a\\b')).toBe(" E'a\\\\b'");
  });
});
