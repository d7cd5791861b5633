import { posix } from 'node:path';
import { exitCodes, HomeportError } from '../deployment/error.ts';
import type { BackupEntry } from '../request/schema.ts';
import type { DatabaseTarget } from './database.ts';

/** A service of the Compose model, as far as it matters here. */
export interface DescribedService {
  readonly name: string;
  readonly image?: string | undefined;
  readonly environment?: Readonly<Record<string, string | null>> | undefined;
}

/** A running container of the project. */
export interface RunningContainer {
  readonly service: string;
  readonly id: string;
  readonly imageId: string;
  /** Of the container with that of its image: shows a PostgreSQL image that was built under another name. */
  readonly environment?: Readonly<Record<string, string>> | undefined;
}

export interface DetectionInput {
  readonly backup: 'auto' | 'none' | readonly BackupEntry[];
  readonly services: readonly DescribedService[];
  readonly containers: readonly RunningContainer[];
}

export interface ResolvedTargets {
  readonly targets: DatabaseTarget[];
  /** Services that have a database but no running container: on a first deployment there is nothing to back up. */
  readonly notRunning: string[];
}

type Wanted = Omit<DatabaseTarget, 'container' | 'imageId'>;

/**
 * The databases to back up: those of `backup:`, or with `auto` every PostgreSQL service of the model.
 * Throws `HomeportError` (invalid request) for an entry that names no service, or SQLite without a path.
 */
export function resolveTargets(input: DetectionInput): ResolvedTargets {
  if (input.backup === 'none') return { targets: [], notRunning: [] };
  const wanted =
    input.backup === 'auto'
      ? detectDatabases(input.services, input.containers)
      : input.backup.map((entry) => fromEntry(entry, input));
  const targets: DatabaseTarget[] = [];
  const notRunning = new Set<string>();
  for (const one of wanted) {
    const container = input.containers.find((running) => running.service === one.service);
    if (container === undefined) notRunning.add(one.service);
    else targets.push({ ...one, container: container.id, imageId: container.imageId });
  }
  return { targets, notRunning: [...notRunning] };
}

/** The PostgreSQL services of a model with the database and user that their image is set up with. */
export function detectDatabases(
  services: readonly DescribedService[],
  containers: readonly RunningContainer[],
): Wanted[] {
  const withEnvironment = services.map((service) => ({ service, environment: environmentOf(service, containers) }));
  const certain = withEnvironment.filter(
    ({ service, environment }) => isPostgresImage(service.image) || isPostgresServer(environment),
  );
  // The settings alone prove little, as applications often share the env file of their database: they only count where
  // nothing else in the project is a server and nothing says that they are a client's.
  const found =
    certain.length > 0 ? certain : withEnvironment.filter(({ environment }) => isSetUpAsPostgres(environment));
  return found.map(({ service, environment }) => ({
    kind: 'postgres',
    service: service.name,
    ...postgresDefaults(environment),
  }));
}

const postgresNames =
  /^(postgres|postgresql|postgresql-repmgr|postgis|timescaledb|timescaledb-ha|pgvector|pgvecto-rs|vectorchord(-suite)?|citus|pgroonga|paradedb|spilo(-\d+)?|crunchy-postgres(-gis)?)$/;

/** Whether an image reference names a PostgreSQL server by the last part of its name; `apache/age` by its whole name. */
export function isPostgresImage(image: string | undefined): boolean {
  if (image === undefined) return false;
  const name = image.replace(/@.*$/, '').replace(/:[^/:]*$/, '');
  return postgresNames.test(posix.basename(name)) || /(^|\/)apache\/age$/.test(name);
}

/** What the server images define for themselves and nobody sets for a client. */
function isPostgresServer(environment: Readonly<Record<string, string>>): boolean {
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

function isSetUpAsPostgres(environment: Readonly<Record<string, string>>): boolean {
  return (
    serverSettings.some((name) => name in environment) &&
    !Object.keys(environment).some((name) => clientSettings.test(name))
  );
}

function postgresDefaults(environment: Readonly<Record<string, string>>): { database: string; user: string } {
  const user = environment.POSTGRES_USER || environment.POSTGRESQL_USERNAME || 'postgres';
  const database = environment.POSTGRES_DB || environment.POSTGRESQL_DATABASE || user;
  return { database, user };
}

function fromEntry(entry: BackupEntry, input: DetectionInput): Wanted {
  const service = input.services.find((one) => one.name === entry.service);
  if (service === undefined) {
    const known = input.services.map((one) => one.name).join(', ');
    throw invalid(
      `backup: there is no service \`${entry.service}\` in the Compose file.`,
      `The services are: ${known}.`,
    );
  }
  if (entry.kind === 'sqlite') {
    if (entry.path === undefined) {
      throw invalid(
        `backup: the SQLite database of \`${entry.service}\` has no path.`,
        'Add `path:` with the path of the database file inside the container, such as `/data/app.db`.',
      );
    }
    const database = entry.database ?? posix.basename(entry.path);
    return { kind: 'sqlite', service: entry.service, database, path: entry.path };
  }
  const defaults = postgresDefaults(environmentOf(service, input.containers));
  return {
    kind: 'postgres',
    service: entry.service,
    database: entry.database ?? defaults.database,
    user: entry.user ?? defaults.user,
  };
}

/** What runs counts more than the model, which may belong to the next release already. */
function environmentOf(
  service: DescribedService,
  containers: readonly RunningContainer[],
): Readonly<Record<string, string>> {
  const running = containers.find((one) => one.service === service.name)?.environment ?? {};
  const model = Object.entries(service.environment ?? {}).filter(
    (entry): entry is [string, string] => entry[1] !== null,
  );
  return { ...Object.fromEntries(model), ...running };
}

function invalid(message: string, hint: string): HomeportError {
  return new HomeportError(message, { hint, exitCode: exitCodes.invalid });
}
