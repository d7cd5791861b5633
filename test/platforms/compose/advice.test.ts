import { describe, expect, it } from 'vitest';
import { type AdviceInput, adviceOn } from '../../../src/platforms/compose/advice.ts';
import type { ComposeService } from '../../../src/platforms/compose/model.ts';
import { modelOf, observed } from './support.ts';

const healthcheck = { test: ['CMD', 'true'] };
const data = { type: 'volume', source: 'data', target: '/var/lib/postgresql/data' };
/** Nothing can be said of it. */
const good: ComposeService = { image: 'shop/web:1', healthcheck, logging: { driver: 'local' } };

function advise(services: Record<string, ComposeService>, more: Partial<AdviceInput> = {}): string[] {
  const model = modelOf(services);
  return adviceOn({ model, services: Object.keys(services), dockerfiles: {}, containers: [], backup: 'auto', ...more });
}

/** What is said of these services, by its first words and those it names. */
function told(...input: Parameters<typeof advise>): string[] {
  return advise(...input).map((sentence) => sentence.replace(/\. .*$/s, ''));
}

const published = (port: string, more: object = {}) => ({
  ports: [{ target: Number(port), published: port, ...more }],
});

describe('advice', () => {
  it('is not given where all is well', () => {
    const db = { ...good, image: 'postgres:16', volumes: [data], ...published('5432', { host_ip: '127.0.0.1' }) };
    const containers = [observed('web', { health: 'healthy' }), observed('db', { health: 'healthy' })];
    expect(advise({ web: { ...good, ...published('443') }, db }, { containers })).toEqual([]);
    expect(advise({})).toEqual([]);
  });

  it('names all services of a rule in one sentence, says why, and gives the line to add', () => {
    const containers = ['a', 'b'].map((name) => observed(name, { logGrows: true }));
    const [first, second, ...others] = advise({ a: { image: 'a:1' }, b: { image: 'b:1' } }, { containers });
    expect(first).toMatch(/^No health check: a, b\. A process that hangs .* Add `healthcheck: /);
    expect(second).toMatch(/^Logs without an end: a, b\. .*disk is full.* Add `logging: .*max-size/);
    expect(others).toEqual([]);
  });

  it('does not drown a report where a project has many services', () => {
    const many = Array.from({ length: 9 }, (_, index) => `s${index}`);
    const [only] = advise(Object.fromEntries(many.map((name) => [name, { ...good, image: 'redis' }])));
    expect(only).toContain('s5 (redis) and 3 more.');
  });

  it('is for the services that are asked for', () => {
    expect(advise({ web: good, cache: { ...good, image: 'redis' } }, { services: ['web'] })).toEqual([]);
  });

  it.each<[string, Record<string, ComposeService>, Partial<AdviceInput>]>([
    [
      'is awaited to its end',
      { once: { image: 'x' }, web: { ...good, depends_on: { once: { condition: 'service_completed_successfully' } } } },
      {},
    ],
    [
      'has ended well',
      { once: { image: 'x' } },
      { containers: [observed('once', { state: 'exited', logGrows: true })] },
    ],
    ['has no containers', { once: { image: 'x', scale: 0 } }, {}],
  ])('is not for a one-shot service: one that %s', (_what, services, more) => {
    expect(advise(services, more)).toEqual([]);
  });
});

describe('a health check', () => {
  const built: ComposeService = { build: { context: '/c' }, logging: { driver: 'local' } };
  const without = ['No health check: web'];
  it.each<[string, ComposeService, Partial<AdviceInput>, string[]]>([
    ['runs without one', { ...built }, { containers: [observed('web')] }, without],
    ['has one in its image', { ...built }, { containers: [observed('web', { health: 'unhealthy' })] }, []],
    [
      'has one in its new Dockerfile',
      built,
      { dockerfiles: { web: 'FROM a:1\nHEALTHCHECK CMD x' }, containers: [observed('web')] },
      [],
    ],
    ['is built for the first time', built, { dockerfiles: { web: 'FROM a:1' } }, without],
    ['is built from a Dockerfile that can not be read', built, {}, []],
    ['comes from an image that nobody knows yet', { image: 'x:1' }, {}, []],
    [
      'has one that is switched off',
      { ...built, healthcheck: { disable: true } },
      { containers: [observed('web')] },
      [],
    ],
  ])('is missed or not, where a service %s', (_what, web, more, wanted) => {
    expect(told({ web }, more)).toEqual(wanted);
  });
});

describe('a log without an end', () => {
  const grows = [observed('web', { logGrows: true, health: 'healthy' })];
  const endless = ['Logs without an end: web'];
  it.each<[string, ComposeService['logging'], AdviceInput['containers'], string[]]>([
    ['the engine has no limit', undefined, grows, endless],
    ['the engine has one', undefined, [observed('web', { health: 'healthy' })], []],
    ['nothing is known of the engine', undefined, [], []],
    ['a driver is named without a limit', { driver: 'json-file', options: { 'max-file': '3' } }, grows, endless],
    ['the new release has a limit', { driver: 'json-file', options: { 'max-size': '10m' } }, grows, []],
    ['the new release has it without a driver', { options: { 'max-size': '10m' } }, grows, []],
    ['the driver rotates by itself', { driver: 'local' }, grows, []],
    ['the driver keeps logs elsewhere', { driver: 'journald' }, grows, []],
  ])('is told or not: %s', (_what, logging, containers, wanted) => {
    expect(told({ web: { ...good, logging } }, { containers })).toEqual(wanted);
  });
});

describe('an image without a version', () => {
  it.each([
    ['redis', true],
    ['redis:latest', true],
    ['host.example:5000/team/app', true],
    ['redis:7', false],
    ['host.example:5000/team/app:2', false],
    ['redis@sha256:abc', false],
    ['redis:latest@sha256:abc', false],
  ])('is %s: %s', (image, moves) => {
    expect(told({ cache: { ...good, image } })).toEqual(moves ? [`Images without a version: cache (${image})`] : []);
  });

  it('is looked for in Dockerfiles, not in the names of what they build', () => {
    const web = { ...good, image: 'shop/web:latest', build: { context: '/c', args: { V: 'latest' } } };
    const worker = { ...good, image: 'shop/web' };
    const dockerfiles = { web: 'ARG V=1\nFROM node:$V AS b\nFROM nginx:1.27\nCOPY --from=b / /' };
    expect(told({ web, worker }, { dockerfiles })).toEqual(['Images without a version: web (built from node:latest)']);
    expect(told({ web, worker })).toEqual([]);
  });
});

describe('a database without a volume', () => {
  it('is not a client that runs its image', () => {
    const db = { ...good, image: 'postgres:16', volumes: [data] };
    const cron = { ...good, image: 'postgres:16', environment: { PGHOST: 'db' } };
    expect(advise({ db, cron })).toEqual([]);
  });

  it.each<[string, ComposeService, string | null]>([
    ['nothing', { image: 'postgres:16' }, 'PostgreSQL'],
    ['a named volume', { image: 'postgis/postgis:16', volumes: [data] }, null],
    ['a named volume above it', { image: 'postgres:18', volumes: [{ ...data, target: '/var/lib/postgresql/' }] }, null],
    [
      'a volume without a name',
      { image: 'postgres:16', volumes: [{ type: 'volume', target: data.target }] },
      'PostgreSQL',
    ],
    [
      'another folder',
      { image: 'postgres:16', volumes: [{ ...data, target: '/docker-entrypoint-initdb.d' }] },
      'PostgreSQL',
    ],
    [
      'a folder with a name that begins alike',
      { image: 'mysql:8', volumes: [{ ...data, target: '/var/lib/mysql-files' }] },
      'MySQL',
    ],
    [
      'a bind mount',
      { image: 'mariadb:11', volumes: [{ type: 'bind', source: '/srv/db', target: '/var/lib/mysql' }] },
      null,
    ],
    ['a tmpfs', { image: 'mysql:8', tmpfs: ['/var/lib/mysql:size=1g'] }, null],
    [
      'a place of its own',
      { image: 'postgres:16', environment: { PGDATA: '/db/data' }, volumes: [{ ...data, target: '/db' }] },
      null,
    ],
    [
      'a place of its own elsewhere',
      { image: 'postgres:16', environment: { PGDATA: '/db' }, volumes: [data] },
      'PostgreSQL',
    ],
    ['a place by its command', { image: 'mongo:7', command: ['mongod', '--dbpath', '/x'] }, null],
    [
      'bitnami’s folder',
      { image: 'bitnami/postgresql:16', volumes: [{ ...data, target: '/bitnami/postgresql' }] },
      null,
    ],
    ['the volumes of another service', { image: 'postgres:16', volumes_from: ['data'] }, null],
    ['nothing, and is a cache', { image: 'redis:7' }, null],
    ['nothing, and is no server', { image: 'shop/postgres-exporter:1' }, null],
  ])('has %s', (_what, service, server) => {
    const wanted = server === null ? [] : [`A database without a volume: db (${server})`];
    expect(told({ db: { ...good, ...service } })).toEqual(wanted);
  });

  it('is known by what its image is built from, and gets its line to add', () => {
    const db = { ...good, image: undefined, build: { context: '/c' } };
    const [advice] = advise({ db }, { dockerfiles: { db: 'FROM postgres:16' } });
    expect(advice).toContain('`volumes: ["db-data:/var/lib/postgresql/data"]`');
  });
});

describe('a database outside the project', () => {
  const app = (url: string, more: Partial<ComposeService> = {}) => ({ ...good, environment: { URL: url }, ...more });

  it.each([
    ['postgres://app:not-to-be-seen@db.example.org:5432/shop', 'app (PostgreSQL at db.example.org)'],
    ['postgresql+asyncpg://app:not-to-be-seen@10.0.0.7/shop', 'app (PostgreSQL at 10.0.0.7)'],
    ['jdbc:mysql://db.example.org/shop?user=a', 'app (MySQL at db.example.org)'],
    ['mongodb+srv://a:not-to-be-seen@cluster0.example.net/?retryWrites=true', 'app (MongoDB at cluster0.example.net)'],
    ['mongodb://a.example.org:27017,b.example.org:27017/shop', 'app (MongoDB at a.example.org)'],
  ])('is told: %s', (url, which) => {
    const [advice, ...others] = advise({ app: app(url) });
    expect(advice).toContain(`A database outside the project: ${which}. No backup made here has it.`);
    expect(advice).not.toContain('not-to-be-seen');
    expect(others).toEqual([]);
  });

  it.each([
    ['a service', 'postgres://a:b@other/shop'],
    ['a service, in capitals', 'postgres://a:b@OTHER/shop'],
    ['an alias of it', 'postgres://a:b@alias/shop'],
    ['its container by name', 'postgres://a:b@named/shop'],
    ['its own container', 'postgres://a:b@localhost:5432/shop'],
    ['a file', 'sqlite:///data/app.db'],
    ['a cache', 'redis://cache.example.org/0'],
    ['a site', 'https://db.example.org'],
    ['nothing', ''],
  ])('is not %s', (_what, url) => {
    const other = { ...good, container_name: 'named', networks: { default: { aliases: ['alias'] } } };
    expect(advise({ app: app(url), other })).toEqual([]);
  });

  it('is no matter where the backups are named', () => {
    const services = { app: app('postgres://a:b@db.example.org/shop') };
    expect(advise(services, { backup: 'none' })).toEqual([]);
  });
});

describe('a port that is open to the world', () => {
  it.each<[string, ComposeService, string | null]>([
    ['everywhere', { image: 'postgres:16', volumes: [data], ...published('5432') }, 'PostgreSQL, 5432'],
    ['on all of IPv6', { image: 'redis:7', ...published('6379', { host_ip: '::' }) }, 'Redis, 6379'],
    ['by another number', { image: 'redis:7', ports: [{ target: 6379, published: '16379' }] }, 'Redis, 16379'],
    ['of an image of one’s own', { image: 'shop/db:1', ...published('5432') }, 'PostgreSQL, 5432'],
    ['on loopback', { image: 'redis:7', ...published('6379', { host_ip: '127.0.0.1' }) }, null],
    ['on a private address', { image: 'redis:7', ...published('6379', { host_ip: '10.0.0.1' }) }, null],
    ['not at all', { image: 'redis:7', ports: [{ target: 6379 }] }, null],
    ['of the host’s own network', { image: 'redis:7', network_mode: 'host', ...published('6379') }, null],
    ['of a web service', { image: 'shop/web:1', ...published('8080') }, null],
  ])('is one of a server: %s', (_what, service, words) => {
    expect(told({ db: { ...good, ...service } })).toEqual(words === null ? [] : [`Open to the world: db (${words})`]);
  });

  const proxy = { ...good, image: 'traefik:3', ports: [{ target: 443, published: '443' }] };
  it.each<[string, ComposeService, ComposeService, string[]]>([
    ['a web service', proxy, published('3000'), ['Past the proxy front: web (3000)']],
    [
      'a web service behind a proxy on the host’s network',
      { ...good, image: 'caddy:2', network_mode: 'host' },
      published('3000'),
      ['Past the proxy front: web (3000)'],
    ],
    ['a web service on loopback', proxy, published('3000', { host_ip: '127.0.0.1' }), []],
    ['mail', proxy, published('25'), []],
    ['what goes by UDP', proxy, published('3000', { protocol: 'udp' }), []],
    [
      'a server, which is told already',
      proxy,
      { image: 'redis:7', ...published('6379') },
      ['Open to the world: web (Redis, 6379)'],
    ],
    [
      'a web service beside an nginx that is no front',
      { ...good, image: 'nginx:1', ...published('8081') },
      published('3000'),
      [],
    ],
  ])('goes past a proxy: %s', (_what, front, service, wanted) => {
    expect(told({ front, web: { ...good, ...service } })).toEqual(wanted);
  });
});
