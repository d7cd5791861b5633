import { posix } from 'node:path';
import { detectDatabases } from '../databases/detect.ts';
import { databaseKinds } from '../databases/kinds.ts';
import { backupKinds } from '../request/backup-entry.ts';
import type { Service } from './compose-services.ts';

export interface BackupPlan {
  /** For the setting `backup`; `null` where its default, `auto`, finds all there is. */
  readonly entries: readonly Readonly<Record<string, string>>[] | null;
  /** The services with a database that a `database` check can ask. */
  readonly services: readonly string[];
  readonly found: readonly string[];
  readonly missing: readonly string[];
}

/** What `auto` finds by itself, SQLite files that the environment names, and servers that this version can't back up. */
export function planBackups(services: readonly Service[]): BackupPlan {
  // What a profile switches on is not deployed without it.
  const running = services.filter(({ profiles }) => profiles.length === 0);
  const detected = detectDatabases(running);
  const names = new Set(detected.map(({ service }) => service));
  const files = running.flatMap((service) => sqliteFile(service) ?? []);
  const servers = detected.map(
    ({ service, kind, database }) => `database: ${service} (${kind}, ${database}), by \`backup: auto\``,
  );
  return {
    // A list says all of them: what `auto` had found too.
    entries: files.length === 0 ? null : [...detected.map(({ service, kind }) => ({ service, kind })), ...files],
    services: [...names],
    found: [...servers, ...files.map(({ service, path }) => `database: ${path} in ${service} (sqlite)`)],
    missing: running.filter(({ name, image }) => !names.has(name) && isServer(image)).map(notBackedUp),
  };
}

/** `sqlite:////data/app.db`, `sqlite:///data/app.db`, `file:/data/app.db`, or a path, where SQLite is a kind there is. */
function sqliteFile(service: Service): { service: string; kind: string; path: string } | null {
  if (!('sqlite' in databaseKinds)) return null;
  for (const value of Object.values(service.environment)) {
    const path = /^(?:(?:sqlite3?|file):(?:\/\/)?\/?(?=\/))?(\/[\w./-]+\.(?:db|sqlite3?))(?:\?.*)?$/.exec(
      value ?? '',
    )?.[1];
    if (path !== undefined) return { service: service.name, kind: 'sqlite', path };
  }
  return null;
}

/** Images of servers that keep data, whether Homeport can back them up or not. */
const servers =
  /^(postgres|postgresql|postgis|mysql|mysql-server|mariadb|percona|percona-server|redis|redis-stack|redis-stack-server|valkey|keydb|dragonfly|mongo|mongodb|ferretdb|couchdb|couchbase|cassandra|scylla|neo4j|influxdb|clickhouse|clickhouse-server|elasticsearch|opensearch|meilisearch|typesense|qdrant|weaviate|minio|cockroach|rethinkdb|arangodb|surrealdb|etcd|oracle|server)$/;

function isServer(image: string | undefined): boolean {
  const reference = (image ?? '').replace(/@.*$/, '').replace(/:[^/:]*$/, '');
  const name = posix.basename(reference);
  return servers.test(name) && (name !== 'server' || /mssql/.test(reference));
}

/** Also for images that say themselves what they are, built under another name. */
export function keepsData(service: Service): boolean {
  return isServer(service.image) || detectDatabases([service]).length > 0;
}

function notBackedUp({ name, image }: Service): string {
  return `a backup of ${name} (${image}): \`backup: auto\` does not find it, and the kinds that this version has are ${backupKinds.join(', ')}`;
}
