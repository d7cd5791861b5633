import { exitCodes, HomeportError } from '../deployment/error.ts';
import type { BackupEntry } from '../request/schema.ts';
import { commandFinder } from './command-finder.ts';
import type { DatabaseTarget } from './database.ts';
import type { DescribedService, Finder, Wanted } from './finder.ts';
import { mariadbFinder } from './mariadb-finder.ts';
import { postgresFinder } from './postgres-finder.ts';
import { redisFinder } from './redis-finder.ts';
import { sqliteFinder } from './sqlite-finder.ts';
import { volumeFinder } from './volume-finder.ts';

const finders: readonly Finder[] = [
  postgresFinder,
  mariadbFinder,
  redisFinder,
  sqliteFinder,
  volumeFinder,
  commandFinder,
];

/** A service as the Compose model has it. */
export interface ModelService {
  readonly name: string;
  readonly image?: string | undefined;
  readonly environment?: Readonly<Record<string, string | null>> | undefined;
  /** As Compose writes it: paths, each with its options after a colon. */
  readonly tmpfs?: readonly string[] | null | undefined;
  readonly volumes?: readonly { readonly type: string; readonly target: string }[] | undefined;
  readonly healthcheck?: { readonly test?: string | readonly string[] | null | undefined } | undefined;
}

/** A running container of the project. */
export interface RunningContainer {
  readonly service: string;
  readonly id: string;
  readonly imageId: string;
  /** Of the container with that of its image: shows a server's image that was built under another name. */
  readonly environment?: Readonly<Record<string, string>> | undefined;
  readonly mounts?: readonly { readonly type: string; readonly destination: string }[] | undefined;
}

export interface DetectionInput {
  readonly backup: 'auto' | 'none' | readonly BackupEntry[];
  readonly services: readonly ModelService[];
  readonly containers: readonly RunningContainer[];
}

export interface ResolvedTargets {
  readonly targets: DatabaseTarget[];
  /** Services that have a database but no running container: on a first deployment there is nothing to back up. */
  readonly notRunning: string[];
  /** Servers that `auto` found and whose data is in memory: a restart loses it anyway. */
  readonly inMemory: string[];
}

/**
 * The databases to back up: those of `backup:`, or with `auto` every one of a kind that tells itself.
 * Throws `HomeportError` (invalid request) for an entry that names no service.
 */
export function resolveTargets(input: DetectionInput): ResolvedTargets {
  if (input.backup === 'none') return { targets: [], notRunning: [], inMemory: [] };
  const services = input.services.map((service) => described(service, input.containers));
  const { wanted, inMemory } =
    input.backup === 'auto'
      ? findDatabases(services)
      : { wanted: input.backup.map((entry) => fromEntry(entry, services)), inMemory: [] };
  const targets: DatabaseTarget[] = [];
  const notRunning = new Set<string>();
  for (const one of wanted) {
    const container = input.containers.find((running) => running.service === one.service);
    if (container === undefined) notRunning.add(one.service);
    else targets.push({ ...one, container: container.id, imageId: container.imageId });
  }
  return { targets, notRunning: [...notRunning], inMemory };
}

/** What `auto` finds in a model of which nothing runs yet. */
export function detectDatabases(services: readonly ModelService[]): Wanted[] {
  return findDatabases(services.map((service) => described(service, []))).wanted;
}

function findDatabases(services: readonly DescribedService[]): { wanted: Wanted[]; inMemory: string[] } {
  const inMemory = new Set<string>();
  const found = finders.flatMap((finder) => {
    const sure = services.filter((service) => finder.recognise(service) === 'server');
    const meant = sure.length > 0 ? sure : services.filter((service) => finder.recognise(service) === 'perhaps');
    const lasting = meant.filter((service) => !isInMemory(service, finder));
    for (const service of meant) if (!lasting.includes(service)) inMemory.add(service.name);
    return lasting.map((service) => finder.wanted(service, null));
  });
  const wanted = services.flatMap(({ name }) => found.filter(({ service }) => service === name));
  return { wanted, inMemory: [...inMemory] };
}

function isInMemory(service: DescribedService, finder: Finder): boolean {
  const folder = finder.dataFolder?.(service);
  return (
    folder !== undefined && service.inMemory.some((path) => `${folder}/`.startsWith(`${path.replace(/\/+$/, '')}/`))
  );
}

function fromEntry(entry: BackupEntry, services: readonly DescribedService[]): Wanted {
  const service = services.find((one) => one.name === entry.service);
  const finder = finders.find(({ kind }) => kind === entry.kind);
  if (finder === undefined) throw new Error(`no finder of the kind ${entry.kind}`);
  if (service !== undefined) return finder.wanted(service, entry);
  throw new HomeportError(`backup: there is no service \`${entry.service}\` in the Compose file.`, {
    hint: `The services are: ${services.map(({ name }) => name).join(', ')}.`,
    exitCode: exitCodes.invalid,
  });
}

/** What runs counts more than the model, which may belong to the next release already. */
function described(service: ModelService, containers: readonly RunningContainer[]): DescribedService {
  const container = containers.find((one) => one.service === service.name);
  const model = Object.entries(service.environment ?? {}).filter(
    (entry): entry is [string, string] => entry[1] !== null,
  );
  return {
    name: service.name,
    image: service.image,
    environment: { ...Object.fromEntries(model), ...container?.environment },
    healthcheck: [service.healthcheck?.test ?? []].flat().join(' '),
    inMemory: [
      ...(service.tmpfs ?? []).map((entry) => entry.split(':')[0] ?? entry),
      ...(service.volumes ?? []).filter(({ type }) => type === 'tmpfs').map(({ target }) => target),
      ...(container?.mounts ?? []).filter(({ type }) => type === 'tmpfs').map(({ destination }) => destination),
    ],
  };
}
