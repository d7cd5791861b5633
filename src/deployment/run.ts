import { contextOf, type Terms, termsOfTheWayBack, type Workplace } from './context.ts';
import { asHomeportError, CancelledError, type ExitCode, HomeportError } from './error.ts';
import type { StageReport } from './report.ts';
import type { Stage } from './stage.ts';
import { attempt, cleanUp } from './way-back.ts';

export interface RunOptions extends Workplace {
  readonly stages: readonly Stage[];
  /** Brings back what ran before; runs only when that was disturbed. */
  readonly rollback: Stage;
  /** Aborts with a `CancelledError` as its reason when a person or the runner cancels. */
  readonly signal: AbortSignal;
}

/** How a deployment went: what said no, and whether the way back worked. */
export interface RunResult {
  readonly failure: { readonly stage: string; readonly error: HomeportError; readonly exitCode: ExitCode } | null;
  readonly rollback: 'not-needed' | 'done' | 'failed' | 'switched-off';
  readonly rollbackError: HomeportError | null;
  /** Nothing of what failed was left behind. */
  readonly clean: boolean;
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
  const tolerated: Stage[] = [];
  let failure: RunResult['failure'] = null;

  const timeout = new HomeportError(`The deployment's time-out of ${options.request.timeout / 1000} s ran out.`, {
    hint: 'Raise `timeout`, or look at the stage table for what took so long.',
  });
  const deadline = performance.now() + options.request.timeout;
  const alarm = setTimeout(() => stop.abort(timeout), options.request.timeout);
  const onCancel = (): void => stop.abort(options.signal.reason);
  if (options.signal.aborted) onCancel();
  options.signal.addEventListener('abort', onCancel, { once: true });

  const during: Terms = { signal: stop.signal, until: deadline, wayBack: false };
  const contextFor = (stage: Stage, terms: Terms) => contextOf(options, stage, reportOf(reports, stage), terms);

  const runStage = async (stage: Stage): Promise<boolean> => {
    const report = reportOf(reports, stage);
    if (stage.skip !== undefined) {
      recorder.stageFinished(report, 'skipped', null);
      return true;
    }
    if (stop.signal.aborted && failure === null) {
      failure = failureOf(stage, stop.signal.reason, stop.signal);
      recorder.failed(failure.stage, failure.error, failure.exitCode);
    }
    if (stop.signal.aborted) return false;
    begun.push(stage);
    recorder.stageStarted(report);
    try {
      await stage.run(contextFor(stage, during));
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
        tolerated.push(stage);
        const told = asHomeportError(error);
        recorder.stageFinished(report, 'failed', told.message);
        recorder.warn(stage.name, `${told.message} ${told.hint}`);
        return true;
      }
      failure = failureOf(stage, error, stop.signal);
      recorder.failed(failure.stage, failure.error, failure.exitCode);
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

  const wayBack = termsOfTheWayBack(options.request);
  let rollback: RunResult['rollback'] = 'not-needed';
  let rollbackError: HomeportError | null = null;
  const rollbackReport = reportOf(reports, options.rollback);
  if (failure !== null && !facts.disturbed) {
    const context = contextFor(options.rollback, wayBack);
    facts.disturbed = (await options.rollback.needed?.(context).catch(() => false)) ?? false;
  }
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
    const context = contextFor(options.rollback, wayBack);
    rollbackError = await attempt(options.rollback, rollbackReport, context, recorder);
    rollback = rollbackError === null ? 'done' : 'failed';
  }

  // What was tolerated could perhaps not be cleaned up at once: the engine was away, say.
  const cleaned = failure === null ? tolerated : rollback === 'switched-off' ? [] : begun.reverse();
  const clean = await cleanUp(
    cleaned,
    (stage) => contextFor(stage, { ...wayBack, until: performance.now() + 60_000 }),
    recorder,
  );
  // A good deployment is over, whatever could not be removed: the next one of its kind removes it.
  return { failure, rollback, rollbackError, clean: failure === null || clean };
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
