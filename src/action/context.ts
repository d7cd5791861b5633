import { endGroup, startGroup } from '@actions/core';
import { exec } from '@actions/exec';
import { context } from '@actions/github';
import type { Door } from '../deployment/door.ts';

/** What the runner tells of the workflow run. */
export type RunFacts = Pick<Door, 'triggeredBy' | 'who' | 'repository' | 'branch' | 'runUrl'>;

export function runFacts(environment: Readonly<Record<string, string | undefined>>): RunFacts {
  const repository = environment.GITHUB_REPOSITORY || null;
  const runUrl =
    repository === null || !Number.isSafeInteger(context.runId) || context.runId <= 0
      ? null
      : `${context.serverUrl}/${repository}/actions/runs/${context.runId}`;
  return {
    triggeredBy: context.eventName || 'action',
    who: `${context.actor || 'somebody'} by ${runUrl ?? 'a workflow'}`,
    repository,
    // On a pull request or a tag this is its name: what the run was for.
    branch: environment.GITHUB_REF_NAME || null,
    runUrl,
  };
}

/**
 * Shows whose machine this is and what room it has, as the runner shows the commands of every action. These only look,
 * and nobody waits for their answer: all else goes through `Host.exec`, which has time-outs and process groups.
 */
export async function showRunner(folder: string): Promise<void> {
  startGroup('Runner');
  const look = { ignoreReturnCode: true };
  await exec('timeout', ['5', 'id'], look);
  await exec('timeout', ['5', 'df', '-h', folder], look);
  endGroup();
}
