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

function resolve(
  context: StageContext,
  services: Parameters<typeof resolveTargets>[0]['services'],
  containers: readonly ObservedContainer[],
): FoundDatabase[] {
  const running = containers.filter((container) => container.state === 'running');
  const { targets, notRunning } = resolveTargets({ backup: context.request.backup, services, containers: running });
  for (const service of notRunning) context.say(`${service} does not run yet: there is nothing of it to back up`);
  return targets.map((target) => ({
    kind: known(databaseKinds[target.kind], `the database kind ${target.kind}`),
    target,
  }));
}
