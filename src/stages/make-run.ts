import type { Release } from '../deployment/release.ts';
import type { StageContext } from '../deployment/stage.ts';
import { awaitEngine, longestRestart } from '../platforms/compose/engine.ts';
import { type ObservedContainer, observe } from '../platforms/compose/observe.ts';
import { awaitStopping } from '../platforms/compose/stopping.ts';
import { awaitReady, isReady } from '../platforms/compose/watch.ts';
import { expectationOf } from './start.ts';
import { startPatiently } from './start-patiently.ts';

/**
 * Makes a release run that was found good already, after somebody killed Homeport or the engine. Nothing is touched where
 * everything runs as it was recorded. Throws `HomeportError`.
 */
export async function makeRun(context: StageContext, release: Release): Promise<void> {
  const { facts, host, request } = context;
  await awaitEngine(host, longestRestart);
  await awaitStopping(context);
  if (runsAsRecorded(release, await observe(host, facts.project))) return;
  const before = facts.snapshot?.release ?? null;
  await context.change('up', 'forward', () => startPatiently(context, release, before === null ? [] : [before]));
  await context.during(() => awaitReady(context, expectationOf(release, facts), request['start-timeout']));
}

function runsAsRecorded(release: Release, containers: readonly ObservedContainer[]): boolean {
  return Object.entries(release.services).every(([name, { image_id, replicas }]) => {
    const own = containers.filter(({ service }) => service === name);
    return own.length === replicas && own.every((one) => one.imageId === image_id && isReady(one));
  });
}
