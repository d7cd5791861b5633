import { asksItself, type DescribedService, type Finder, namesOfImage } from './finder.ts';

/** PostgreSQL servers, with the database and user that their image is set up with. */
export const postgresFinder: Finder = {
  kind: 'postgres',
  recognise: (service) => {
    const { image, environment } = service;
    if (isPostgresImage(image) || isServer(environment) || asksItself(service, /\bpg_isready\b/)) return 'server';
    return isSetUp(environment) ? 'perhaps' : 'no';
  },
  dataFolder: ({ environment }) => environment.PGDATA || '/var/lib/postgresql/data',
  wanted: ({ name, environment }, entry) => {
    const user = environment.POSTGRES_USER || environment.POSTGRESQL_USERNAME || environment.PGUSER || 'postgres';
    const database = environment.POSTGRES_DB || environment.POSTGRESQL_DATABASE || environment.PGDATABASE || user;
    return { kind: 'postgres', service: name, database: entry?.database ?? database, user: entry?.user ?? user };
  },
};

const serverNames =
  /^(postgres|postgresql|postgresql-repmgr|postgis|timescaledb|timescaledb-ha|pgvector|pgvecto-rs|vectorchord(-suite)?|citus|pgroonga|paradedb|spilo(-\d+)?|crunchy-postgres(-gis)?)$/;

/** Whether an image reference names a PostgreSQL server by the last part of its name; `apache/age` by its whole name. */
export function isPostgresImage(image: string | undefined): boolean {
  if (image === undefined) return false;
  const { base, whole } = namesOfImage(image);
  return serverNames.test(base) || /(^|\/)apache\/age$/.test(whole);
}

/** What the server images define for themselves and nobody sets for a client. */
function isServer(environment: DescribedService['environment']): boolean {
  return 'PGDATA' in environment || ('PG_MAJOR' in environment && 'PG_VERSION' in environment);
}

const serverSettings = [
  'POSTGRES_PASSWORD',
  'POSTGRES_PASSWORD_FILE',
  'POSTGRES_HOST_AUTH_METHOD',
  'POSTGRES_INITDB_ARGS',
];
const clientSettings =
  /^(PGHOST|PGHOSTADDR|PG_HOST|DB_HOST|DATABASE_HOST|DATABASE_URL|DB_URL|(POSTGRES|POSTGRESQL)_(HOST|HOSTNAME|SERVER|ADDRESS|PORT|URL|URI|DSN))$/;

/** The settings alone prove little, as applications often share the env file of their database. */
function isSetUp(environment: DescribedService['environment']): boolean {
  return (
    serverSettings.some((name) => name in environment) &&
    !Object.keys(environment).some((name) => clientSettings.test(name))
  );
}
