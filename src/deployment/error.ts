/** What the command ends with; `interface` of the CLI and the output `exit-code`. */
export const exitCodes = {
  success: 0,
  gate: 1,
  build: 2,
  deploy: 3,
  smoke: 4,
  partial: 5,
  critical: 6,
  aborted: 7,
  invalid: 64,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/**
 * An error that people read: one clear sentence on what happened (`message`), and what to do next (`hint`).
 * Both are free of secrets when they are built from `ExecResult.tail`.
 */
export class HomeportError extends Error {
  readonly hint: string;
  /** Only where it is not the code of the stage in which it happened. */
  readonly exitCode: ExitCode | undefined;
  /** The stage that is to blame when another one noticed. */
  readonly stage: string | undefined;
  /** More to read for a person: last log lines, the answer of a server. */
  readonly excerpt: string | undefined;

  constructor(
    message: string,
    options: { hint: string; exitCode?: ExitCode; stage?: string; excerpt?: string; cause?: unknown },
  ) {
    super(message, { cause: options.cause });
    this.name = 'HomeportError';
    this.hint = options.hint;
    this.exitCode = options.exitCode;
    this.stage = options.stage;
    this.excerpt = options.excerpt;
  }
}

/** Whether a promise ended because the deployment was cancelled or ran out of time. */
export class CancelledError extends HomeportError {
  constructor(message: string, hint: string) {
    super(message, { hint, exitCode: exitCodes.aborted });
    this.name = 'CancelledError';
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** What went wrong in words for people, also where nobody foresaw it. */
export function asHomeportError(error: unknown): HomeportError {
  if (error instanceof HomeportError) return error;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOSPC') {
    return new HomeportError(`The disk is full: ${messageOf(error)}.`, {
      hint: 'Free some space on the host (`df -h`, `docker system df`) and run this again.',
      cause: error,
    });
  }
  return new HomeportError(`Something went wrong that Homeport did not foresee: ${messageOf(error)}.`, {
    hint: 'Please report it with the log of this deployment.',
    cause: error,
  });
}
