import { CancelledError, exitCodes } from './error.ts';
import type { Facts } from './facts.ts';
import type { Report } from './report.ts';
import type { RunResult } from './run.ts';

/** The verdict: what came out, and what is therefore running. */
export function outcomeOf(
  result: RunResult,
  facts: Facts,
  lastStage: string,
): Pick<Report, 'status' | 'phase' | 'exit_code' | 'error'> & { details: Record<string, unknown> } {
  const { failure } = result;
  if (failure === null) return { status: 'success', phase: lastStage, exit_code: 0, error: null, details: {} };
  const critical = result.rollback === 'failed';
  const blamed = critical && result.rollbackError !== null ? result.rollbackError : failure.error;
  const excerpts = critical ? [failure.error.excerpt, blamed.excerpt] : [blamed.excerpt];
  return {
    status: statusOf(result, facts),
    phase: critical ? 'rollback' : failure.stage,
    exit_code: critical ? exitCodes.critical : failure.exitCode,
    error: {
      stage: critical ? 'rollback' : failure.stage,
      message: critical ? `${blamed.message} It was needed because: ${failure.error.message}` : blamed.message,
      hint: blamed.hint,
      excerpt: excerpts.filter((excerpt) => excerpt !== undefined).join('\n\n') || null,
    },
    details: {
      ...(critical ? { critical: true } : {}),
      ...(facts.migrated ? { schema_may_be_ahead: true } : {}),
      ...(result.rollback === 'switched-off' ? { left_running: true } : {}),
    },
  };
}

function statusOf(result: RunResult, facts: Facts): Report['status'] {
  const first = (facts.snapshot?.release ?? null) === null;
  if (result.rollback === 'failed' || result.rollback === 'switched-off') return 'failed';
  if (result.rollback === 'done') return first ? 'failed' : 'rolled_back';
  const cancelled = result.failure?.error instanceof CancelledError;
  return cancelled || result.failure?.exitCode === exitCodes.aborted || result.failure?.exitCode === exitCodes.invalid
    ? 'aborted'
    : 'failed';
}
