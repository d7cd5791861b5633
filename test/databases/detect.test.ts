import { describe, expect, it } from 'vitest';
import { type DetectionInput, resolveTargets } from '../../src/databases/detect.ts';
import { isMariadbImage } from '../../src/databases/mariadb-finder.ts';
import { isPostgresImage } from '../../src/databases/postgres-finder.ts';
import { HomeportError } from '../../src/deployment/error.ts';

const running = (service: string, environment?: Record<string, string>) => ({
  service,
  id: `${service}-id`,
  imageId: `sha256:${service}`,
  environment,
});

function resolve(input: Partial<DetectionInput>) {
  return resolveTargets({ backup: 'auto', services: [], containers: [], ...input });
}

describe('PostgreSQL is known by its image', () => {
  it.each([
    'postgres',
    'postgres:15',
    'docker.io/library/postgres:17-alpine',
    'registry.example:5000/team/postgres@sha256:0123',
    'postgis/postgis:16-3.4',
    'timescale/timescaledb-ha:pg16',
    'pgvector/pgvector:pg17',
    'bitnami/postgresql:16',
    'apache/age',
  ])('%s is a server', (image) => expect(isPostgresImage(image)).toBe(true));

  it.each([
    'prometheuscommunity/postgres-exporter',
    'postgrest/postgrest',
    'dpage/pgadmin4',
    'prodrigestivill/postgres-backup-local',
    'edoburu/pgbouncer',
    'mysql:8',
    'example/age',
    undefined,
  ])('%s is none', (image) => expect(isPostgresImage(image)).toBe(false));
});

describe('a server of whatever image is known by its health check', () => {
  it.each([
    ['postgres', ['CMD-SHELL', 'pg_isready -U shop']],
    ['postgres', ['CMD', '/usr/lib/postgresql/17/bin/pg_isready', '--host=127.0.0.1']],
    ['postgres', 'pg_isready -h /run/postgresql'],
    ['mariadb', ['CMD', 'mysqladmin', 'ping', '-h', 'localhost']],
    ['mariadb', ['CMD-SHELL', 'mariadb-admin ping -p"$$PASSWORD"']],
    ['redis', ['CMD', 'redis-cli', 'ping']],
    ['redis', ['CMD-SHELL', 'valkey-cli -a "$$PASSWORD" PING | grep PONG']],
  ])('%s: %j', (kind, test) => {
    const services = [{ name: 'data', image: 'shop/data', healthcheck: { test } }];
    expect(resolve({ services, containers: [running('data')] }).targets).toMatchObject([{ kind, service: 'data' }]);
  });

  it.each([
    [['CMD-SHELL', 'pg_isready -h db']],
    [['CMD', 'pg_isready', '--host', 'db']],
    [['CMD', 'mysqladmin', 'ping', '-hdb']],
    [['CMD-SHELL', 'redis-cli -h $$REDIS_HOST ping']],
    [['CMD', 'curl', 'http://localhost/health']],
    [['NONE']],
  ])('but not where it asks somebody else: %j', (test) => {
    const services = [{ name: 'app', image: 'shop/app', healthcheck: { test } }];
    expect(resolve({ services, containers: [running('app')] }).targets).toEqual([]);
  });
});

describe('MariaDB and MySQL are known by their image', () => {
  it.each([
    'mariadb',
    'mariadb:11',
    'mysql:8.4',
    'docker.io/library/mysql@sha256:0123',
    'registry.example:5000/team/mariadb:10.6-jammy',
    'percona:8.0',
    'percona/percona-server:8.0',
    'percona/percona-xtradb-cluster:8.0',
    'bitnami/mariadb:11.4',
    'bitnamilegacy/mysql',
    'bitnami/mariadb-galera',
    'lscr.io/linuxserver/mariadb:latest',
    'mysql/mysql-server:8.0',
    'container-registry.oracle.com/mysql/community-server:8.4',
    'quay.io/sclorg/mariadb-105-c9s',
    'registry.redhat.io/rhel9/mysql-80',
    'yobasystems/alpine-mariadb',
  ])('%s is a server', (image) => expect(isMariadbImage(image)).toBe(true));

  it.each([
    'prom/mysqld-exporter',
    'phpmyadmin',
    'phpmyadmin/phpmyadmin:5',
    'adminer:4',
    'databack/mysql-backup',
    'mysql/mysql-router',
    'percona/pmm-server',
    'percona/percona-xtrabackup',
    'percona/percona-toolkit',
    'proxysql/proxysql',
    'mariadb/maxscale',
    'postgres:15',
    'example/mysql-client',
    undefined,
  ])('%s is none', (image) => expect(isMariadbImage(image)).toBe(false));
});

describe('the database and the user of MariaDB and MySQL', () => {
  it.each([
    [
      'root, whose password is set',
      { MARIADB_ROOT_PASSWORD: 'x', MARIADB_DATABASE: 'My-Shop.dev', MARIADB_USER: 'me' },
      'My-Shop.dev',
      'root',
    ],
    [
      'root, in the older names',
      { MYSQL_ROOT_PASSWORD: 'x', MYSQL_DATABASE: 'shop', MYSQL_USER: 'me' },
      'shop',
      'root',
    ],
    [
      'root, whose password is in a file',
      { MARIADB_ROOT_PASSWORD_FILE: '/run/secrets/x', MYSQL_DATABASE: 'shop', MYSQL_USER: 'me' },
      'shop',
      'root',
    ],
    [
      'root, whose password is in a file of linuxserver',
      { FILE__MYSQL_ROOT_PASSWORD: '/x', MYSQL_DATABASE: 'shop', MYSQL_USER: 'me' },
      'shop',
      'root',
    ],
    ['root without a password', { MYSQL_ALLOW_EMPTY_PASSWORD: '1', MYSQL_USER: 'me' }, '', 'root'],
    [
      'root under a name of its own',
      { MARIADB_ROOT_USER: 'chief', MARIADB_ROOT_PASSWORD: 'x', MARIADB_DATABASE: 'shop' },
      'shop',
      'chief',
    ],
    [
      'the user, where root has a password that nobody knows',
      { MARIADB_RANDOM_ROOT_PASSWORD: 'yes', MARIADB_DATABASE: 'shop', MARIADB_USER: 'me' },
      'shop',
      'me',
    ],
  ])('are %s', (_how, environment, database, user) => {
    const services = [{ name: 'db', image: 'mariadb:11', environment }];
    const { targets } = resolve({ services, containers: [running('db')] });
    expect(targets).toMatchObject([{ kind: 'mariadb', service: 'db', database, user }]);
  });

  it('are those of the entry where there is one', () => {
    const services = [{ name: 'db', image: 'mariadb:11', environment: { MARIADB_ROOT_PASSWORD: 'x' } }];
    const backup = [
      { service: 'db', kind: 'mariadb' as const, database: 'a' },
      { service: 'db', kind: 'mariadb' as const, database: 'b', user: 'me' },
    ];
    expect(resolve({ services, containers: [running('db')], backup }).targets).toMatchObject([
      { database: 'a', user: 'root' },
      { database: 'b', user: 'me' },
    ]);
  });

  it('are not taken from an application that shares the env file of its database', () => {
    const environment = { MYSQL_ROOT_PASSWORD: 'x', MYSQL_DATABASE: 'shop' };
    const services = [
      { name: 'web', image: 'shop-web', environment },
      { name: 'store', image: 'shop-store', environment: { ...environment, MYSQL_MAJOR: '8.0' } },
      { name: 'admin', image: 'phpmyadmin', environment: { PMA_HOST: 'store', MYSQL_ROOT_PASSWORD: 'x' } },
    ];
    const containers = ['web', 'store', 'admin'].map((name) => running(name));
    expect(resolve({ services, containers }).targets.map((one) => one.service)).toEqual(['store']);
    const alone = services.filter(({ name }) => name !== 'store');
    expect(resolve({ services: alone, containers }).targets.map((one) => one.service)).toEqual(['web']);
  });

  it('stand beside those of another kind', () => {
    const services = [
      { name: 'db', image: 'postgres:15' },
      { name: 'old', image: 'mysql:8', environment: { MYSQL_ROOT_PASSWORD: 'x', MYSQL_DATABASE: 'shop' } },
    ];
    const { targets } = resolve({ services, containers: [running('db'), running('old')] });
    expect(targets.map(({ kind, service }) => [kind, service])).toEqual([
      ['postgres', 'db'],
      ['mariadb', 'old'],
    ]);
  });
});

describe('`auto`', () => {
  it('takes database and user from the settings of the image', () => {
    const { targets } = resolve({
      services: [
        { name: 'db', image: 'postgres:15', environment: { POSTGRES_USER: 'shop', POSTGRES_DB: 'orders' } },
        { name: 'second', image: 'postgres:15', environment: { POSTGRES_USER: 'me' } },
        { name: 'third', image: 'postgres:15' },
        { name: 'web', image: 'shop-web' },
      ],
      containers: ['db', 'second', 'third', 'web'].map((name) => running(name)),
    });
    expect(targets).toEqual([
      { kind: 'postgres', service: 'db', container: 'db-id', imageId: 'sha256:db', database: 'orders', user: 'shop' },
      {
        kind: 'postgres',
        service: 'second',
        container: 'second-id',
        imageId: 'sha256:second',
        database: 'me',
        user: 'me',
      },
      {
        kind: 'postgres',
        service: 'third',
        container: 'third-id',
        imageId: 'sha256:third',
        database: 'postgres',
        user: 'postgres',
      },
    ]);
  });

  it('believes the running container more than the model, which may be of the next release', () => {
    const { targets } = resolve({
      services: [{ name: 'db', image: 'postgres', environment: { POSTGRES_DB: 'renamed' } }],
      containers: [running('db', { POSTGRES_DB: 'orders' })],
    });
    expect(targets[0]?.database).toBe('orders');
  });

  it('knows a server that was built under a name of its own', () => {
    const { targets } = resolve({
      services: [{ name: 'store', image: 'shop-store' }],
      containers: [running('store', { PGDATA: '/var/lib/postgresql/data', PG_MAJOR: '15' })],
    });
    expect(targets.map((one) => one.service)).toEqual(['store']);
  });

  it('does not take an application for a server that shares the env file of its database', () => {
    const environment = { POSTGRES_PASSWORD: 'x', POSTGRES_DB: 'shop' };
    const services = [
      { name: 'web', image: 'shop-web', environment },
      { name: 'db', image: 'postgres:15', environment },
    ];
    const { targets } = resolve({ services, containers: [running('web'), running('db')] });
    expect(targets.map((one) => one.service)).toEqual(['db']);
  });

  it('takes settings alone for a server only where nothing says that they are a client’s', () => {
    const environment = { POSTGRES_PASSWORD: 'x', POSTGRES_DB: 'shop' };
    const own = { name: 'store', image: 'shop-store', environment };
    const client = { name: 'web', image: 'shop-web', environment: { ...environment, POSTGRES_HOST: 'db.example.org' } };
    const { targets } = resolve({ services: [client, own], containers: [running('web'), running('store')] });
    expect(targets.map((one) => one.service)).toEqual(['store']);
  });

  it('has nothing to back up on a first deployment, and says of which service', () => {
    expect(resolve({ services: [{ name: 'db', image: 'postgres' }] })).toMatchObject({
      targets: [],
      notRunning: ['db'],
    });
  });
});

describe('a server whose data is in memory', () => {
  const image = 'postgres:15';
  const data = '/var/lib/postgresql/data';
  it.each([
    ['`tmpfs`', { tmpfs: [data] }, {}],
    ['`tmpfs` with options', { tmpfs: [`${data}:size=64m`] }, {}],
    ['`tmpfs` of a folder above', { tmpfs: ['/var/lib/postgresql/'] }, {}],
    ['`volumes`', { volumes: [{ type: 'tmpfs', target: data }] }, {}],
    ['`tmpfs` of its own folder', { tmpfs: ['/pg'], environment: { PGDATA: '/pg/data' } }, {}],
    ['what runs', {}, { mounts: [{ type: 'tmpfs', destination: data }] }],
  ])('by %s is told, and not backed up by `auto`', (_how, model, container) => {
    const services = [{ name: 'db', image, ...model }];
    const containers = [{ ...running('db'), ...container }];
    expect(resolve({ services, containers })).toEqual({ targets: [], notRunning: [], inMemory: ['db'] });
    const asked = resolve({ services, containers, backup: [{ service: 'db', kind: 'postgres' }] });
    expect(asked.targets.map(({ service }) => service)).toEqual(['db']);
  });

  it.each([
    ['something else in memory', { tmpfs: ['/run', '/tmp'] }],
    ['a folder with the same beginning in memory', { tmpfs: ['/var/lib/postgresql/data2'] }],
  ])('is not one with %s', (_what, model) => {
    const { targets } = resolve({ services: [{ name: 'db', image, ...model }], containers: [running('db')] });
    expect(targets).toHaveLength(1);
  });
});

describe('entries of `backup`', () => {
  const services = [
    { name: 'db', image: 'postgres', environment: { POSTGRES_USER: 'shop' } },
    { name: 'app', image: 'shop-app' },
  ];
  const containers = [running('db'), running('app')];

  it('fill up from what the service says', () => {
    const { targets } = resolve({
      services,
      containers,
      backup: [
        { service: 'db', kind: 'postgres' },
        { service: 'db', kind: 'postgres', database: 'stock', user: 'clerk' },
        { service: 'app', kind: 'sqlite', path: '/data/app.db' },
      ],
    });
    expect(targets).toMatchObject([
      { database: 'shop', user: 'shop', container: 'db-id' },
      { database: 'stock', user: 'clerk' },
      { kind: 'sqlite', database: 'app.db', path: '/data/app.db', container: 'app-id' },
    ]);
  });

  it('are the only ones that count', () => {
    const backup = [{ service: 'app', kind: 'sqlite' as const, path: '/data/app.db' }];
    expect(resolve({ services, containers, backup }).targets.map((one) => one.service)).toEqual(['app']);
    expect(resolve({ services, containers, backup: 'none' })).toEqual({ targets: [], notRunning: [], inMemory: [] });
  });

  it('are refused when they name no service', () => {
    const refused = () => resolve({ services, containers, backup: [{ service: 'bd', kind: 'postgres' }] });
    expect(refused).toThrow(HomeportError);
    expect(refused).toThrow(/no service `bd`/);
    expect(refused).toThrow(expect.objectContaining({ exitCode: 64 }));
  });
});
