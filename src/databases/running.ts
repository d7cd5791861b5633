import { known } from '../deployment/facts.ts';
import type { StageContext } from '../deployment/stage.ts';
import type { ComposeModel } from '../platforms/compose/model.ts';
import { type ObservedContainer, observe } from '../platforms/compose/observe.ts';
import type { DatabaseKind, DatabaseTarget } from './database.ts';
import { resolveTargets } from './detect.ts';
import { databaseKinds } from './kinds.ts';

export interface FoundDatabase {
  readonly kind: DatabaseKind;
  readonly target: DatabaseTarget;
}

/** The databases of a model whose containers run. Throws `HomeportError` for a `backup` entry that can't be. */
export function databasesOf(
  context: StageContext,
  model: ComposeModel,
  containers: readonly ObservedContainer[],
): FoundDatabase[] {
  const services = Object.entries(model.services).map(([name, service]) => ({ name, ...service }));
  return resolve(context, services, containers);
}

/** The same for what runs, where no compose file is at hand: the containers tell. */
export async function runningDatabases(context: StageContext): Promise<FoundDatabase[]> {
  const containers = await observe(context.host, context.facts.project);
  const services = containers.map((one) => ({ name: one.service, image: one.imageName, environment: one.environment }));
  return resolve(context, services, containers);
}

/** The database of one service, for a query: also where nothing of it is backed up. `null` when none is known. */
export function databaseOfService(
  context: StageContext,
  containers: readonly ObservedContainer[],
  service: string,
): FoundDatabase | null {
  const { backup } = context.request;
  const named = Array.isArray(backup) && backup.some((entry) => entry.service === service);
  const services = Object.entries(context.facts.model?.services ?? {}).map(([name, one]) => ({ name, ...one }));
  const { targets } = resolveTargets({ backup: named ? backup : 'auto', services, containers: runningOf(containers) });
  return targets.map(found).find(({ target }) => target.service === service) ?? null;
}

function resolve(
  context: StageContext,
  services: Parameters<typeof resolveTargets>[0]['services'],
  containers: readonly ObservedContainer[],
): FoundDatabase[] {
  const { backup } = context.request;
  const { targets, notRunning, inMemory } = resolveTargets({ backup, services, containers: runningOf(containers) });
  for (const service of notRunning) context.say(`${service} does not run yet: there is nothing of it to back up`);
  for (const service of inMemory) context.say(`${service} keeps its data in memory (tmpfs): it is not backed up`);
  return targets.map(found);
}

function runningOf(containers: readonly ObservedContainer[]): ObservedContainer[] {
  return containers.filter((container) => container.state === 'running');
}

function found(target: DatabaseTarget): FoundDatabase {
  return { kind: known(databaseKinds[target.kind], `the database kind ${target.kind}`), target };
}
