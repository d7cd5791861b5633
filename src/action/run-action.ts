import { error, notice, setFailed, setOutput, warning } from '@actions/core';
import { cancelOnSignals } from '../deployment/cancel.ts';
import { prepareFor } from '../deployment/commands.ts';
import type { Door } from '../deployment/door.ts';
import { exitCodes, HomeportError, messageOf } from '../deployment/error.ts';
import { type Performed, perform } from '../deployment/perform.ts';
import { preview, renderPreview } from '../deployment/preview.ts';
import type { Report } from '../deployment/report.ts';
import { renderStatus, statusOf } from '../deployment/status.ts';
import { Redactor } from '../hosts/redactor.ts';
import { annotationsOf } from '../reporters/annotations.ts';
import { chosenReporters } from '../reporters/chosen.ts';
import { LogReporter } from '../reporters/log.ts';
import { writeSummary } from '../reporters/summary.ts';
import { UnderWay } from '../reporters/under-way.ts';
import type { Request } from '../request/schema.ts';
import { runFacts, showRunner } from './context.ts';
import { setOutputs } from './outputs.ts';
import { readRequest } from './read-request.ts';
import { saveBegun, saveEnded } from './state.ts';

type Environment = Record<string, string | undefined>;

/** The action: reads its inputs, performs, shows. Gives what the process exits with: 0, or 1 for a step that failed. */
export async function runAction(environment: Environment): Promise<number> {
  const write = (text: string): void => void process.stdout.write(text);
  const underWay = new UnderWay();
  const cancel = cancelOnSignals((line) => write(`${line}\n`), underWay);
  try {
    const redactor = new Redactor();
    const request = await readRequest(environment, redactor);
    await showRunner(environment.GITHUB_WORKSPACE ?? '.');
    const door: Door = {
      ...runFacts(environment),
      signal: cancel.signal,
      redactor,
      reporters: [
        underWay,
        new LogReporter({ mode: 'github', colour: false, write }),
        ...(await chosenReporters(request)),
      ],
    };
    if (request.command === 'plan') return await showPlan(request, door, write);
    if (request.command === 'status') return await showStatus(request, door, write);
    const prepare = prepareFor(request, door);
    const performed = await perform(request, door, async (host) => {
      const prepared = await prepare(host);
      saveBegun(prepared.name);
      return prepared;
    });
    saveEnded();
    return await show(request, performed, environment);
  } catch (problem) {
    return refuse(problem);
  } finally {
    cancel.dispose();
  }
}

async function show(request: Request, performed: Performed, environment: Environment): Promise<number> {
  const { report, path } = performed;
  setOutputs(report, path);
  annotate(report);
  const summary = environment.GITHUB_STEP_SUMMARY;
  if (request.summary && summary) {
    await writeSummary(report, summary).catch((problem: unknown) => {
      warning(`The job summary could not be written: ${messageOf(problem)}`);
    });
  }
  return report.status === 'success' ? 0 : 1;
}

function annotate(report: Report): void {
  const levels = { error, warning, notice };
  for (const { level, title, message } of annotationsOf(report)) levels[level](message, { title });
}

async function showPlan(request: Request, door: Door, write: (text: string) => void): Promise<number> {
  const seen = await preview(request, door);
  write(renderPreview(seen));
  setOutput('status', seen.problem === null ? 'success' : 'aborted');
  setOutput('exit-code', String(seen.problem?.exitCode ?? exitCodes.success));
  setOutput('commit', seen.commit ?? '');
  if (seen.problem === null) return 0;
  setFailed(`${seen.problem.message} ${seen.problem.hint}`);
  return 1;
}

async function showStatus(request: Request, door: Door, write: (text: string) => void): Promise<number> {
  const status = await statusOf(request, door.repository, door.redactor);
  write(renderStatus(status));
  setOutput('status', 'success');
  setOutput('exit-code', String(exitCodes.success));
  setOutput('release', status.release ?? '');
  setOutput('previous-release', status.previous_release ?? '');
  setOutput('commit', status.commit ?? '');
  return 0;
}

/** Nothing was begun: the request is invalid, or not even the first look was possible. */
function refuse(problem: unknown): number {
  const known = problem instanceof HomeportError;
  setOutput('status', 'aborted');
  setOutput('phase', 'preflight');
  setOutput('exit-code', String((known ? problem.exitCode : undefined) ?? exitCodes.aborted));
  setFailed(
    known
      ? `${problem.message}\n${problem.hint}`
      : `Something went wrong that Homeport did not foresee: ${messageOf(problem)}`,
  );
  return 1;
}
