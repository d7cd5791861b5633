/** Tables of migration tools in SQL that PostgreSQL and SQLite share, and the schema version that they tell. */
export const migrations: readonly (readonly [tool: string, statements: string, version: string | null])[] = [
  ['no tool', 'CREATE TABLE things (i int)', null],
  [
    'Alembic with two heads',
    "CREATE TABLE alembic_version (version_num varchar(32)); INSERT INTO alembic_version VALUES ('2b'), ('1a')",
    '1a and 2b (alembic_version)',
  ],
  ['Alembic before its first one', 'CREATE TABLE alembic_version (version_num varchar(32))', null],
  [
    'golang-migrate',
    'CREATE TABLE schema_migrations (version bigint, dirty boolean); INSERT INTO schema_migrations VALUES (12, true)',
    '12, dirty (schema_migrations)',
  ],
  [
    'Rails',
    "CREATE TABLE schema_migrations (version varchar(99)); INSERT INTO schema_migrations VALUES ('9'), ('20250102000000'), ('20250101000000')",
    '20250102000000, the last of 3 (schema_migrations)',
  ],
  [
    'Flyway',
    `CREATE TABLE flyway_schema_history (installed_rank int, version varchar(50));
     INSERT INTO flyway_schema_history VALUES (9, '1.9'), (10, '1.10'), (11, NULL)`,
    '1.10 (flyway_schema_history)',
  ],
  [
    'Django',
    `CREATE TABLE django_migrations (id int, app varchar(9), name varchar(99));
     INSERT INTO django_migrations VALUES (2, 'shop', '0002_b'), (1, 'auth', '0001_a')`,
    'shop.0002_b, the last of 2 (django_migrations)',
  ],
  [
    'Prisma',
    `CREATE TABLE _prisma_migrations (migration_name varchar(99), started_at timestamp, finished_at timestamp, rolled_back_at timestamp);
     INSERT INTO _prisma_migrations VALUES ('1_a', '2025-01-01 00:00:00', '2025-01-01 00:00:01', NULL),
       ('2_b', '2025-01-02 00:00:00', NULL, NULL), ('3_c', '2025-01-03 00:00:00', '2025-01-03 00:00:01', '2025-01-03 00:00:02')`,
    '1_a (_prisma_migrations)',
  ],
  [
    'Knex',
    "CREATE TABLE knex_migrations (id int, name varchar(99), batch int); INSERT INTO knex_migrations VALUES (1, '1.js', 1)",
    '1.js (knex_migrations)',
  ],
  [
    'goose after going down',
    `CREATE TABLE goose_db_version (id int, version_id bigint, is_applied boolean);
     INSERT INTO goose_db_version VALUES (1, 0, true), (2, 9, true), (3, 10, true), (4, 10, false)`,
    '9 (goose_db_version)',
  ],
  [
    'nobody, though a table is called so',
    "CREATE TABLE goose_db_version (note varchar(9)); INSERT INTO goose_db_version VALUES ('mine')",
    null,
  ],
];

/** What a schema of PostgreSQL can consist of, above all what its catalog tells otherwise after a restore. */
export const manyKinds = `
  CREATE EXTENSION pg_trgm;
  CREATE SCHEMA "Other $&";
  CREATE TYPE mood AS ENUM ('sad', 'so-so');
  CREATE TYPE pair AS (a int, b "char");
  CREATE TYPE span AS RANGE (subtype = float8);
  CREATE DOMAIN short AS varchar(9) DEFAULT 'x'::varchar NOT NULL CHECK (VALUE IN ('x', 'y'));
  CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY);
  INSERT INTO alembic_version VALUES ('27c6a30d7c24');
  CREATE TABLE things (
    id serial PRIMARY KEY, gone int, other int, price numeric(10,2) DEFAULT -1.50,
    status varchar(20) DEFAULT 'a' CONSTRAINT known CHECK (status IN ('a', 'b')),
    feeling mood DEFAULT 'sad', both_of_them pair, short short, span span,
    at timestamptz DEFAULT '2020-01-01 00:00:00+00', wait interval DEFAULT '90 minutes', ratio float8 DEFAULT 0.1,
    bytes bytea DEFAULT '\\x00ff', text text COLLATE "C" DEFAULT E'it''s \\\\ \\n', tags varchar(5)[] DEFAULT '{a,b}',
    during tsrange, EXCLUDE USING gist (during WITH &&), CHECK (price BETWEEN -2 AND 1e6 AND (id > 0 AND (other IS NULL OR other > 0))),
    CHECK (CASE status WHEN 'a' THEN true ELSE status LIKE 'b%' END), CHECK (at > '2019-01-01'::timestamptz AND wait < interval '1 day'));
  ALTER TABLE things DROP COLUMN gone;
  ALTER SEQUENCE things_id_seq RENAME TO "Renamed";
  INSERT INTO things (status) VALUES ('a'), ('b');
  ALTER TABLE things ADD CONSTRAINT later FOREIGN KEY (other) REFERENCES things ON DELETE SET NULL NOT VALID;
  CREATE INDEX ON things (lower(text) DESC, price NULLS FIRST) WHERE status IN ('a', 'b') AND price > 1;
  CREATE INDEX ON things USING gin (text gin_trgm_ops);
  CREATE UNIQUE INDEX ON things (id) INCLUDE (price) WITH (fillfactor = 70);
  CREATE TABLE "Odd $1" ("Key ""x""" bigint GENERATED ALWAYS AS IDENTITY, twice int,
    doubled int GENERATED ALWAYS AS (twice * 2) STORED);
  INSERT INTO "Odd $1" (twice) VALUES (1), (1);
  CREATE TABLE base (a int, b int CHECK (b > 0));
  CREATE TABLE heir (c int) INHERITS (base);
  ALTER TABLE base ADD COLUMN late text DEFAULT 'late';
  CREATE TABLE visits (day timestamptz NOT NULL, thing int REFERENCES things, PRIMARY KEY (day, thing)) PARTITION BY RANGE (day);
  CREATE TABLE visits_1 PARTITION OF visits FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
  CREATE TABLE visits_own (thing int NOT NULL, day timestamptz NOT NULL, CONSTRAINT own CHECK (thing > 0),
    CONSTRAINT own_key FOREIGN KEY (thing) REFERENCES things);
  ALTER TABLE visits ATTACH PARTITION visits_own DEFAULT;
  CREATE INDEX ON visits (thing) WHERE day > '2024-02-01';
  CREATE TABLE notes (day timestamptz, thing int, FOREIGN KEY (day, thing) REFERENCES visits) PARTITION BY LIST (((thing % 3)::text));
  CREATE TABLE notes_1 PARTITION OF notes FOR VALUES IN ('0', '1');
  CREATE TABLE "Other $&".alembic_version (note text);
  CREATE UNLOGGED TABLE cache (id uuid DEFAULT gen_random_uuid() PRIMARY KEY);
  CREATE VIEW seen AS SELECT id, status IN ('a', 'b') AS ok FROM things;
  CREATE MATERIALIZED VIEW counted AS SELECT status, count(*) AS n FROM things GROUP BY status;
  CREATE UNIQUE INDEX ON counted (status);
`;
