import { asHomeportError, type HomeportError, messageOf } from './error.ts';
import type { Recorder } from './recorder.ts';
import type { StageReport } from './report.ts';
import type { Stage, StageContext } from './stage.ts';

/** Runs a stage that stands outside of the walk, and reports it. Gives why it failed, or `null`. */
export async function attempt(
  stage: Stage,
  report: StageReport,
  context: StageContext,
  recorder: Recorder,
): Promise<HomeportError | null> {
  recorder.stageStarted(report);
  try {
    await stage.run(context);
    recorder.stageFinished(report, 'success', null);
    return null;
  } catch (error) {
    const told = asHomeportError(error);
    recorder.stageFinished(report, 'failed', told.message);
    return told;
  }
}

/** Each stage removes what it made and nobody uses. Gives whether nothing is left; what is, stands in every report. */
export async function cleanUp(
  stages: readonly Stage[],
  contextFor: (stage: Stage) => StageContext,
  recorder: Recorder,
): Promise<boolean> {
  let clean = true;
  for (const stage of stages) {
    try {
      await stage.cleanUp?.(contextFor(stage));
    } catch (error) {
      clean = false;
      recorder.warn(stage.name, `Cleaning up after the stage ${stage.name} failed: ${messageOf(error)}`);
    }
  }
  return clean;
}
