import { exitCodes, HomeportError } from '../deployment/error.ts';
import { type ContainerBefore, type Facts, known } from '../deployment/facts.ts';
import type { Release } from '../deployment/release.ts';
import type { Stage, StageContext } from '../deployment/stage.ts';
import { bringUp, ComposeUpError } from '../platforms/compose/bring-up.ts';
import { containerLogs } from '../platforms/compose/logs.ts';
import { type ObservedContainer, observe } from '../platforms/compose/observe.ts';
import { awaitReady, type Expectation, troubleOf } from '../platforms/compose/watch.ts';

/** Makes the new release run, and waits until it is ready. */
export function startStage(needs: Stage['needs']): Stage {
  return {
    name: 'start',
    needs,
    intent: 'start the new release and wait until every container is ready',
    exitCode: exitCodes.deploy,
    run: async (context) => {
      const { facts } = context;
      const release = known(facts.release, 'release');
      const before = known(facts.snapshot, 'snapshot');
      const alreadyDisturbed = facts.disturbed;
      facts.disturbed = true;
      const others = before.release === null ? [] : [before.release];
      await context.change('up', 'back', () => startRelease(context, release, others));
      const now = await observe(context.host, facts.project);
      facts.untouched = unchangedSince(before.containers, now);
      facts.changes.services = changesBetween(before.containers, now);
      // Nothing was recreated, nothing removed: there is nothing to go back from.
      const same = facts.changes.services.every(({ change }) => change === 'unchanged');
      if (same && before.release !== null && !alreadyDisturbed) facts.disturbed = false;
      const expected = expectationOf(release, facts);
      await context.during(() => awaitReady(context, expected, context.request['start-timeout']));
    },
  };
}

/** What of this release is awaited, given what was there before the deployment and what it left alone. */
export function expectationOf(release: Release, facts: Pick<Facts, 'snapshot' | 'untouched'>): Expectation {
  const replicas = Object.entries(release.services).map(([name, service]) => [name, service.replicas] as const);
  return {
    project: release.project,
    replicas: Object.fromEntries(replicas),
    untouched: facts.untouched,
    existing: new Set(facts.snapshot?.containers.map(({ id }) => id) ?? []),
  };
}

/** As `bringUp`; where Compose failed because a container did, that container's words are told instead. */
export async function startRelease(
  context: StageContext,
  release: Release,
  others: readonly Release[],
  services?: readonly string[],
): Promise<void> {
  try {
    await bringUp(context, release, others, services);
  } catch (error) {
    if (!(error instanceof ComposeUpError)) throw error;
    const containers = await observe(context.host, release.project);
    const old = unchangedSince(context.facts.snapshot?.containers ?? [], containers);
    const fresh = containers.filter((one) => release.services[one.service] !== undefined && !old.has(one.id));
    const broken = fresh.filter((one) => troubleOf(one, 0) !== null);
    const first = broken[0];
    if (first === undefined) throw error;
    throw new HomeportError(`The container ${first.name} of the service ${first.service} ${troubleOf(first, 0)}.`, {
      hint: `Read its last log lines. Compose said: ${error.message}`,
      excerpt: await containerLogs(context.host, broken, context.redact),
      cause: error,
    });
  }
}

/** IDs of containers that still run since before. */
export function unchangedSince(before: readonly ContainerBefore[], now: readonly ObservedContainer[]): Set<string> {
  const same = now.filter((container) =>
    before.some((one) => one.id === container.id && one.startedAt.getTime() === container.startedAt.getTime()),
  );
  return new Set(same.map((container) => container.id));
}

function changesBetween(before: readonly ContainerBefore[], now: readonly ObservedContainer[]) {
  const unchanged = unchangedSince(before, now);
  const services = [...new Set([...before, ...now].map((container) => container.service))].sort();
  return services.map((service) => {
    const old = before.find((one) => one.service === service);
    const fresh = now.filter((one) => one.service === service);
    const same = fresh.length > 0 && fresh.every((one) => unchanged.has(one.id));
    const change = fresh.length === 0 ? 'removed' : same ? 'unchanged' : old === undefined ? 'started' : 'recreated';
    return {
      service,
      change: change as 'removed' | 'unchanged' | 'started' | 'recreated',
      image_before: old?.imageId ?? null,
      image_after: fresh[0]?.imageId ?? null,
    };
  });
}
