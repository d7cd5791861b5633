import type { Host } from '../hosts/host.ts';
import type { Request } from '../request/schema.ts';
import type { BusyClock } from './busy-clock.ts';
import { CancelledError, HomeportError, messageOf } from './error.ts';
import type { Facts } from './facts.ts';
import type { Journal } from './journal.ts';
import type { Places } from './places.ts';
import type { Recorder } from './recorder.ts';
import type { StageReport } from './report.ts';
import type { Stage, StageContext } from './stage.ts';

export interface RunOptions {
  readonly stages: readonly Stage[];
  /** Brings back what ran before; runs only when the facts say that it was disturbed. */
  readonly rollback: Stage;
  readonly request: Request;
  readonly facts: Facts;
  readonly places: Places;
  readonly host: Host;
  readonly journal: Journal;
  readonly recorder: Recorder;
  readonly clock: BusyClock;
  /** Aborts with a `CancelledError` as its reason when a person or the runner cancels. */
  readonly signal: AbortSignal;
}

/** How a deployment went: what said no, and whether the way back worked. */
export interface RunResult {
  readonly failure: { readonly stage: string; readonly error: HomeportError; readonly exitCode: number } | null;
  readonly rollback: 'not-needed' | 'done' | 'failed' | 'switched-off';
  readonly rollbackError: HomeportError | null;
}

/**
 * Walks the stages: each as soon as what it needs went well, so that stages with the same needs run side by side. The
 * first that says no stops the others; then the rollback runs where what runs was disturbed, and each stage that had
 * begun cleans up after itself. Never rejects.
 */
export async function run(options: RunOptions): Promise<RunResult> {
  const { stages, recorder, facts } = options;
  const reports = new Map<string, StageReport>(recorder.report.stages.map((stage) => [stage.name, stage]));
  const stop = new AbortController();
  const begun: Stage[] = [];
  let failure: RunResult['failure'] = null;

  const timeout = new HomeportError(`The deployment's time-out of ${options.request.timeout / 1000} s ran out.`, {
    hint: 'Raise `timeout`, or look at the stage table for what took so long.',
  });
  const deadline = Date.now() + options.request.timeout;
  const alarm = setTimeout(() => stop.abort(timeout), options.request.timeout);
  const onCancel = (): void => stop.abort(options.signal.reason);
  if (options.signal.aborted) onCancel();
  options.signal.addEventListener('abort', onCancel, { once: true });

  const contextOf = (stage: Stage, signal: AbortSignal, until: number): StageContext => ({
    request: options.request,
    facts,
    places: options.places,
    host: recorder.hostOf(options.host, reportOf(reports, stage)),
    journal: options.journal,
    signal,
    remaining: () => Math.max(1, until - Date.now()),
    say: (line) => recorder.say(stage.name, line),
    warn: (text) => recorder.warn(stage.name, text),
    redact: (text) => recorder.redact(text),
    during: (work) => options.clock.during(work),
  });

  const runStage = async (stage: Stage): Promise<boolean> => {
    const report = reportOf(reports, stage);
    if (stage.skip !== undefined) {
      recorder.stageFinished(report, 'skipped', null);
      return true;
    }
    if (stop.signal.aborted && failure === null) failure = failureOf(stage, stop.signal.reason, stop.signal);
    if (stop.signal.aborted) return false;
    begun.push(stage);
    recorder.stageStarted(report);
    try {
      await stage.run(contextOf(stage, stop.signal, deadline));
      // Where nothing more is to come, a cancellation comes too late: a release that is marked good isn't taken back.
      if (stages.some(({ needs }) => needs.includes(stage.name))) stop.signal.throwIfAborted();
      recorder.stageFinished(report, 'success', null);
      return true;
    } catch (error) {
      if (failure !== null) {
        recorder.stageFinished(report, 'cancelled', null);
        return false;
      }
      if (stage.tolerated === true && !stop.signal.aborted) {
        const told = asHomeportError(error);
        recorder.stageFinished(report, 'failed', told.message);
        recorder.warn(stage.name, `${told.message} ${told.hint}`);
        return true;
      }
      failure = failureOf(stage, error, stop.signal);
      stop.abort(failure.error);
      const blamed = reports.get(failure.stage);
      if (blamed !== undefined && blamed !== report) {
        // Another stage's promise was broken (a container that didn't stay up): its verdict changes.
        blamed.status = 'failed';
        blamed.error = recorder.redact(failure.error.message);
        recorder.stageFinished(report, 'cancelled', null);
      } else {
        const cancelled = failure.error instanceof CancelledError;
        recorder.stageFinished(report, cancelled ? 'cancelled' : 'failed', cancelled ? null : failure.error.message);
      }
      return false;
    }
  };

  await walk(stages, runStage);
  clearTimeout(alarm);
  options.signal.removeEventListener('abort', onCancel);

  for (const stage of stages) {
    const report = reportOf(reports, stage);
    if (report.status === 'pending') report.status = 'skipped';
  }

  let rollback: RunResult['rollback'] = 'not-needed';
  let rollbackError: HomeportError | null = null;
  const rollbackReport = reportOf(reports, options.rollback);
  if (failure === null || !facts.disturbed) {
    recorder.stageFinished(rollbackReport, 'skipped', null);
  } else if (!options.request['rollback-on-failure']) {
    rollback = 'switched-off';
    recorder.stageFinished(rollbackReport, 'skipped', null);
    recorder.warn(
      'rollback',
      'The failed release was left running, because `rollback-on-failure` is false. `homeport rollback` goes back.',
    );
  } else {
    // The way back has its own time: what stopped the deployment must not stop it.
    const own = options.request['start-timeout'] + 60_000 + options.request['startup-wait'];
    recorder.stageStarted(rollbackReport);
    try {
      await options.rollback.run(contextOf(options.rollback, new AbortController().signal, Date.now() + own));
      rollback = 'done';
      recorder.stageFinished(rollbackReport, 'success', null);
    } catch (error) {
      rollback = 'failed';
      rollbackError = asHomeportError(error);
      recorder.stageFinished(rollbackReport, 'failed', rollbackError.message);
    }
  }

  if (failure !== null && rollback !== 'switched-off') {
    for (const stage of begun.reverse()) {
      try {
        await stage.cleanUp?.(contextOf(stage, new AbortController().signal, Date.now() + 60_000));
      } catch (error) {
        recorder.warn(stage.name, `Cleaning up after the stage ${stage.name} failed: ${messageOf(error)}`);
      }
    }
  }
  return { failure, rollback, rollbackError };
}

/** Starts each stage when all that it needs went well; resolves when none is left that could start. */
async function walk(stages: readonly Stage[], runStage: (stage: Stage) => Promise<boolean>): Promise<void> {
  const outcomes = new Map<string, Promise<boolean>>();
  for (const stage of stages) {
    const needs = stage.needs.map((name) => outcomes.get(name) ?? Promise.resolve(true));
    outcomes.set(
      stage.name,
      Promise.all(needs).then((went) => (went.every(Boolean) ? runStage(stage) : false)),
    );
  }
  await Promise.all(outcomes.values());
}

function reportOf(reports: ReadonlyMap<string, StageReport>, stage: Stage): StageReport {
  const report = reports.get(stage.name);
  if (report === undefined) throw new Error(`the report has no stage ${stage.name}`);
  return report;
}

function failureOf(stage: Stage, error: unknown, stop: AbortSignal): NonNullable<RunResult['failure']> {
  // A command that was stopped fails in its own words; the reason why it was stopped is what people need.
  const cause = asHomeportError(stop.aborted && stop.reason instanceof HomeportError ? stop.reason : error);
  return { stage: cause.stage ?? stage.name, error: cause, exitCode: cause.exitCode ?? stage.exitCode };
}

function asHomeportError(error: unknown): HomeportError {
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
