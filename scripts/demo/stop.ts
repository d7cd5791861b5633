/** A person or the system ended the demo before its end. */
export class StoppedError extends Error {
  /** What a shell gives for a program that this signal ended. */
  readonly exitCode: number;

  constructor(reason: string, exitCode: number) {
    super(reason);
    this.exitCode = exitCode;
  }
}

const signals = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/** Turns Ctrl-C, a kill and a closed terminal into an abort, so that everything is still cleaned up. */
export function abortOnSignals(onFirst: () => void, onAgain: () => void): AbortSignal {
  const controller = new AbortController();
  const stop = (error: StoppedError): void => {
    if (controller.signal.aborted) {
      onAgain();
      return;
    }
    onFirst();
    controller.abort(error);
  };
  for (const [name, exitCode] of Object.entries(signals)) {
    process.on(name, () => stop(new StoppedError(`Stopped by ${name}.`, exitCode)));
  }
  // A closed pipe (`npm run demo | head`) would otherwise end the process at its next line, without a clean-up.
  process.stdout.on('error', (error) => {
    if (!controller.signal.aborted)
      controller.abort(new StoppedError(`Nobody reads the output: ${error.message}`, 141));
  });
  return controller.signal;
}
