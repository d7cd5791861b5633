import { CancelledError } from './error.ts';

/** The last one: the terminal was closed. */
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Turns the first SIGINT or SIGTERM into an abort: the runner sends SIGINT to cancel a job, a person types Ctrl-C. What
 * was begun is then stopped or undone; a second signal only says so, instead of tearing that down.
 */
export function cancelOnSignals(
  tell: (line: string) => void,
  underWay: { readonly text: string },
): { signal: AbortSignal; dispose: () => void } {
  const controller = new AbortController();
  const onSignal = (): void => {
    if (controller.signal.aborted) {
      const what = underWay.text === '' ? 'cleaning up' : `in the stage ${underWay.text}`;
      tell(`Still ${what}, so that exactly one good release runs; please wait for it.`);
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
  for (const name of signals) process.on(name, onSignal);
  return {
    signal: controller.signal,
    dispose: () => {
      for (const name of signals) process.off(name, onSignal);
    },
  };
}
