import { CancelledError } from './error.ts';

/**
 * Turns the first SIGINT or SIGTERM into an abort: the runner sends SIGINT to cancel a job, a person types Ctrl-C. What
 * was begun is then stopped or undone; a second signal only says so, instead of tearing that down.
 */
export function cancelOnSignals(tell: (line: string) => void): { signal: AbortSignal; dispose: () => void } {
  const controller = new AbortController();
  const onSignal = (): void => {
    if (controller.signal.aborted) {
      tell('Still undoing what was begun; please wait for it.');
      return;
    }
    tell('Cancelled: stopping what was begun.');
    controller.abort(
      new CancelledError(
        'The deployment was cancelled.',
        'Run it again whenever you like: what runs is a whole release.',
      ),
    );
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  return {
    signal: controller.signal,
    dispose: () => {
      process.off('SIGINT', onSignal);
      process.off('SIGTERM', onSignal);
    },
  };
}
