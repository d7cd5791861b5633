import { exitCodes, HomeportError } from '../deployment/error.ts';
import type { BackupEntry } from '../request/schema.ts';
import { commandFinder } from './command-finder.ts';
import type { DatabaseTarget } from './database.ts';
import type { DescribedService, Finder, Wanted } from './finder.ts';
import { postgresFinder } from './postgres-finder.ts';
import { sqliteFinder } from './sqlite-finder.ts';

const finders: readonly Finder[] = [postgresFinder, sqliteFinder, commandFinder];

/** A service as the Compose model has it. */
export interface ModelService {
  readonly name: string;
  readonly image?: string | undefined;
  readonly environment?: Readonly<Record<string, string | null>> | undefined;
}

/** A running container of the project. */
export interface RunningContainer {
  readonly service: string;
  readonly id: string;
  readonly imageId: string;
  /** Of the container with that of its image: shows a server's image that was built under another name. */
  readonly environment?: Readonly<Record<string, string>> | undefined;
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
}

/**
 * The databases to back up: those of `backup:`, or with `auto` every one of a kind that tells itself.
 * Throws `HomeportError` (invalid request) for an entry that names no service.
 */
export function resolveTargets(input: DetectionInput): ResolvedTargets {
  if (input.backup === 'none') return { targets: [], notRunning: [] };
  const services = input.services.map((service) => described(service, input.containers));
  const wanted =
    input.backup === 'auto' ? findDatabases(services) : input.backup.map((entry) => fromEntry(entry, services));
  const targets: DatabaseTarget[] = [];
  const notRunning = new Set<string>();
  for (const one of wanted) {
    const container = input.containers.find((running) => running.service === one.service);
    if (container === undefined) notRunning.add(one.service);
    else targets.push({ ...one, container: container.id, imageId: container.imageId });
  }
  return { targets, notRunning: [...notRunning] };
}

function findDatabases(services: readonly DescribedService[]): Wanted[] {
  const found = finders.flatMap((finder) => {
    const sure = services.filter((service) => finder.recognise(service) === 'server');
    const meant = sure.length > 0 ? sure : services.filter((service) => finder.recognise(service) === 'perhaps');
    return meant.map((service) => finder.wanted(service, null));
  });
  return services.flatMap(({ name }) => found.filter(({ service }) => service === name));
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
  const running = containers.find((one) => one.service === service.name)?.environment ?? {};
  const model = Object.entries(service.environment ?? {}).filter(
    (entry): entry is [string, string] => entry[1] !== null,
  );
  return {
    name: service.name,
    image: service.image,
    environment: { ...Object.fromEntries(model), ...running },
  };
}
