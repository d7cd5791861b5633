import { error, setFailed, warning } from '@actions/core';
import { HomeportError, messageOf } from '../deployment/error.ts';
import { recoverProject } from '../deployment/perform.ts';
import { Redactor } from '../hosts/redactor.ts';
import { writeSummary } from '../reporters/summary.ts';
import { runFacts } from './context.ts';
import { readRequest } from './read-request.ts';
import { leftUnfinished } from './state.ts';

/** Milliseconds to wait for commands of the killed step; the runner gives a `post` step 5 minutes in all. */
const longestWait = 120_000;

/**
 * After the step, whatever became of it: when its process was killed in the middle (a cancelled job gets 10 s), what it
 * had begun is finished or undone. Gives what the process exits with.
 */
export async function runPost(environment: Record<string, string | undefined>): Promise<number> {
  const project = leftUnfinished();
  if (project === null) return 0;
  const write = (line: string): void => void process.stdout.write(`${line}\n`);
  try {
    const redactor = new Redactor();
    const request = await readRequest(environment, redactor);
    const door = { ...runFacts(environment), redactor, signal: new AbortController().signal };
    const asked = { ...request, 'lock-timeout': Math.min(request['lock-timeout'], longestWait) };
    const recovered = await recoverProject(asked, door, project, write);
    if (recovered === null) {
      write('The step was stopped before it changed anything.');
      return 0;
    }
    if (request.summary && environment.GITHUB_STEP_SUMMARY) {
      await writeSummary(recovered.report, environment.GITHUB_STEP_SUMMARY).catch((problem: unknown) => {
        warning(`The job summary could not be written: ${messageOf(problem)}`);
      });
    }
    if (recovered.good) warning(recovered.sentence, { title: 'Recovered' });
    else error(recovered.sentence, { title: 'CRITICAL: recovery failed' });
    return recovered.good ? 0 : 1;
  } catch (problem) {
    const hint = problem instanceof HomeportError ? ` ${problem.hint}` : '';
    setFailed(`What the step left could not be recovered: ${messageOf(problem)}${hint}`);
    return 1;
  }
}
