import { posix } from 'node:path';

/** A server that projects take ready-made, as far as its image and its ports tell. */
export interface KnownServer {
  readonly name: string;
  /** Of the last part of an image's name. */
  readonly images: RegExp;
  /** Ports that are nobody else's by custom. */
  readonly ports: readonly number[];
  /** Where its official image keeps data that a project can't lose; `null` for a cache or a queue. */
  readonly data: string | null;
}

const servers: readonly KnownServer[] = [
  {
    name: 'PostgreSQL',
    images: /^(postgres(ql)?|postgis|timescaledb(-ha)?|pgvector|pgvecto-rs|vectorchord(-suite)?|citus|paradedb)$/,
    ports: [5432],
    data: '/var/lib/postgresql/data',
  },
  { name: 'MySQL', images: /^(mysql|mysql-server|percona|percona-server)$/, ports: [3306], data: '/var/lib/mysql' },
  { name: 'MariaDB', images: /^mariadb$/, ports: [], data: '/var/lib/mysql' },
  {
    name: 'MongoDB',
    images: /^(mongo|mongodb|mongodb-community-server|percona-server-mongodb)$/,
    ports: [27017],
    data: '/data/db',
  },
  {
    name: 'Redis',
    images: /^(redis|redis-stack|redis-stack-server|valkey|keydb|dragonfly)$/,
    ports: [6379],
    data: null,
  },
  { name: 'Memcached', images: /^memcached$/, ports: [11211], data: null },
  { name: 'RabbitMQ', images: /^rabbitmq$/, ports: [5672], data: null },
  { name: 'Elasticsearch', images: /^elasticsearch$/, ports: [9200, 9300], data: '/usr/share/elasticsearch/data' },
  { name: 'OpenSearch', images: /^opensearch$/, ports: [], data: '/usr/share/opensearch/data' },
  { name: 'ClickHouse', images: /^(clickhouse|clickhouse-server)$/, ports: [], data: '/var/lib/clickhouse' },
  { name: 'Cassandra', images: /^cassandra$/, ports: [9042], data: '/var/lib/cassandra' },
  { name: 'CouchDB', images: /^couchdb$/, ports: [5984], data: '/opt/couchdb/data' },
  { name: 'Neo4j', images: /^neo4j$/, ports: [7687], data: '/data' },
  { name: 'Qdrant', images: /^qdrant$/, ports: [6333], data: '/qdrant/storage' },
];

const proxies =
  /^(traefik|caddy|nginx|nginx-unprivileged|nginx-proxy|nginx-proxy-manager|openresty|haproxy|envoy|swag)$/;

/** By the last part of an image's name; `null` for any other. */
export function serverOfImage(image: string | null | undefined): KnownServer | null {
  const name = posix.basename(nameOf(image ?? ''));
  return servers.find(({ images }) => images.test(name)) ?? null;
}

/** By the port inside its container. */
export function serverOfPort(port: number | undefined): KnownServer | null {
  return servers.find(({ ports }) => port !== undefined && ports.includes(port)) ?? null;
}

export function isProxyImage(image: string | null | undefined): boolean {
  return proxies.test(posix.basename(nameOf(image ?? '')));
}

/** An image that may be another one tomorrow: no tag, or `latest`, and no digest. */
export function isMovingImage(image: string): boolean {
  if (image.includes('@')) return false;
  const tag = image.slice(nameOf(image).length);
  return tag === '' || tag === ':latest';
}

/** Without tag and digest. A registry's port is no tag. */
function nameOf(image: string): string {
  return image.replace(/@.*$/, '').replace(/:[^/:]*$/, '');
}
