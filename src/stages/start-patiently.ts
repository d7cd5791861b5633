import type { Release } from '../deployment/release.ts';
import type { StageContext } from '../deployment/stage.ts';
import { ComposeUpError } from '../platforms/compose/bring-up.ts';
import { awaitEngine, longestRestart } from '../platforms/compose/engine.ts';
import { listContainers, observe } from '../platforms/compose/observe.ts';
import { awaitStopping } from '../platforms/compose/stopping.ts';
import { isReady } from '../platforms/compose/watch.ts';
import { startRelease } from './start.ts';

const attempts = 3;

/**
 * As `startRelease`, for the way back: whoever kills `docker compose` or restarts the engine meanwhile says nothing about
 * the release, and must not make this the last way.
 */
export async function startPatiently(
  context: StageContext,
  release: Release,
  others: readonly Release[],
  services?: readonly string[],
): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await restartWaiting(context, services ?? Object.keys(release.services));
      await startRelease(context, release, others, services);
      await startStopped(context, services ?? Object.keys(release.services));
      return;
    } catch (error) {
      if (!isInterrupted(error) || attempt === attempts) throw error;
      context.say('`docker compose up` was interrupted: once more');
      await awaitEngine(context.host, longestRestart);
      await awaitStopping(context);
    }
  }
}

/**
 * A database that could not write crashed again and again: the engine waits longer each time before it starts it anew,
 * up to a minute, and Compose with it. What stopped it may be over.
 */
async function restartWaiting({ host, facts, say }: StageContext, services: readonly string[]): Promise<void> {
  const containers = await listContainers(host, facts.project);
  const waiting = containers.filter((one) => services.includes(one.service) && one.state === 'restarting');
  if (waiting.length === 0) return;
  say(`restarting ${waiting.map(({ name }) => name).join(', ')}, which the engine would wait for`);
  await host.exec(['docker', 'restart', ...waiting.map(({ id }) => id)], { timeout: 90_000, changes: true });
}

/**
 * An engine whose disk was full may list a container as running that has ended: Compose believes it, and starts nothing.
 * One that ends by itself again is not started a second time.
 */
async function startStopped({ host, facts, say }: StageContext, services: readonly string[]): Promise<void> {
  const containers = await observe(host, facts.project);
  const stopped = containers.filter((one) => services.includes(one.service) && one.state === 'exited' && !isReady(one));
  if (stopped.length === 0) return;
  say(`starting ${stopped.map(({ name }) => name).join(', ')}, which the engine took for running`);
  await host.exec(['docker', 'start', ...stopped.map(({ id }) => id)], { timeout: 60_000, changes: true });
}

function isInterrupted(error: unknown): boolean {
  const cause = error instanceof Error && error.cause instanceof ComposeUpError ? error.cause : error;
  return cause instanceof ComposeUpError && cause.interrupted;
}
