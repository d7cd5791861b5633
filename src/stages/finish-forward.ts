import { known } from '../deployment/facts.ts';
import type { Stage } from '../deployment/stage.ts';
import { makeRun } from './make-run.ts';
import { promoteStage } from './promote.ts';

/** What is left of a promotion whose deployment was killed: the release was found good, and must run. */
export function finishForwardStage(): Stage {
  const promote = promoteStage();
  return {
    ...promote,
    run: async (context) => {
      await makeRun(context, known(context.facts.release, 'release'));
      await promote.run(context);
    },
  };
}
