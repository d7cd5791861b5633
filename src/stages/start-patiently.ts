import type { Release } from '../deployment/release.ts';
import type { StageContext } from '../deployment/stage.ts';
import { ComposeUpError } from '../platforms/compose/bring-up.ts';
import { awaitEngine, longestRestart } from '../platforms/compose/engine.ts';
import { awaitStopping } from '../platforms/compose/stopping.ts';
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
      await startRelease(context, release, others, services);
      return;
    } catch (error) {
      if (!isInterrupted(error) || attempt === attempts) throw error;
      context.say('`docker compose up` was interrupted: once more');
      await awaitEngine(context.host, longestRestart);
      await awaitStopping(context);
    }
  }
}

function isInterrupted(error: unknown): boolean {
  const cause = error instanceof Error && error.cause instanceof ComposeUpError ? error.cause : error;
  return cause instanceof ComposeUpError && cause.interrupted;
}
