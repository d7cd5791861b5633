import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { tryGit } from '../hosts/git.ts';
import type { Host } from '../hosts/host.ts';
import { LocalHost } from '../hosts/local.ts';
import { FanOut } from '../reporters/fan-out.ts';
import { LogFileReporter } from '../reporters/log-file.ts';
import type { DeploymentEvent } from '../reporters/reporter.ts';
import type { Request } from '../request/schema.ts';
import { BusyClock } from './busy-clock.ts';
import type { Door } from './door.ts';
import { exitCodes, HomeportError, messageOf } from './error.ts';
import { type Facts, newFacts } from './facts.ts';
import { emptyReport, finishReport } from './finish-report.ts';
import { deploymentId } from './ids.ts';
import { Journal } from './journal.ts';
import { ProjectLock } from './lock.ts';
import { type Places, placesOf } from './places.ts';
import type { Plan } from './plan.ts';
import { Recorder } from './recorder.ts';
import { currentRelease, type Release } from './release.ts';
import type { Report } from './report.ts';
import { reserve } from './reserve.ts';
import { type RunResult, run } from './run.ts';
import { stateDirectoryOf } from './state-directory.ts';

/** Finds the project's name and what is to be done. */
export type Prepare = (host: Host) => Promise<{
  readonly name: string;
  readonly plan: Plan;
  /** Why the request can't be meant as it is: nothing is touched then, the state folder neither. */
  readonly invalid?: HomeportError | null;
}>;

export interface Performed {
  readonly report: Report;
  /** Where the report was written; `null` when no disk would take it. */
  readonly path: string | null;
}

/**
 * Performs one command that changes something: takes the project's lock, runs the plan's stages, reports. Never rejects
 * for what goes wrong on the way: that is the report.
 */
export async function perform(request: Request, door: Door, prepare: Prepare): Promise<Performed> {
  const startedAt = new Date();
  const clock = new BusyClock();
  for (const secret of secretsOf(request)) door.redactor.add(secret);
  let lock: ProjectLock | null = null;
  const host = clock.hostOf(new LocalHost({ redactor: door.redactor, lockDescriptor: () => lock?.descriptor }));
  const opened = await open(request, host, prepare, startedAt);
  const { facts, places } = opened;

  const { log } = opened;
  const report = emptyReport(request, door, opened);
  report.commit = opened.commit;
  const reporters = [...door.reporters, ...(log === null ? [] : [new LogFileReporter(log)])];
  const fanOut = new FanOut(reporters, (text) => recorder.warn('report', text));
  const emit = (event: DeploymentEvent): void => fanOut.event(event);
  const recorder: Recorder = new Recorder(report, { emit, redactor: door.redactor });
  recorder.started();
  if (request['skip-tests']) recorder.warn('test', 'Tests and coverage were skipped (`skip-tests: true`).');

  let result: RunResult;
  try {
    if (opened.problem !== null) throw opened.problem;
    lock = new ProjectLock(places.lock);
    await takeLock(lock, host, request, door, facts, recorder, clock);
    const journal = new Journal(host.files, places.journal, facts.id);
    result = await run({ ...opened.plan, request, facts, places, host, journal, recorder, clock, signal: door.signal });
  } catch (error) {
    result = notBegun(error, opened.plan);
  }
  lock?.release();
  finishReport(report, result, {
    ...opened,
    minimumCoverage: request['coverage-minimum'] ?? null,
    busyMs: clock.busyMs,
    redact: (text) => recorder.redact(text),
  });
  // Reporters end before the report is written, so that what went wrong with them stands in it.
  recorder.finished();
  await fanOut.close();
  return { report, path: await writeReport(host, opened, report) };
}

async function takeLock(
  lock: ProjectLock,
  host: Host,
  request: Request,
  door: Door,
  facts: Facts,
  recorder: Recorder,
  clock: BusyClock,
): Promise<void> {
  const holder = { what: `${request.command} ${facts.id}`, who: door.who, since: facts.startedAt.toISOString() };
  await clock.during(() =>
    lock.take(host, holder, {
      timeout: request['lock-timeout'],
      signal: door.signal,
      onWait: (text) => recorder.say('preflight', `waiting for: ${text.trim().replaceAll('\n', ', ')}`),
    }),
  );
}

interface Opened {
  readonly facts: Facts;
  readonly places: Places;
  readonly plan: Plan;
  /** The good release by the record, whatever was found out since. */
  readonly recorded: Release | null;
  /** Why the request or the state folder can't be used; `null` when both can. */
  readonly problem: HomeportError | null;
  readonly log: string | null;
  /** Of the checkout. */
  readonly commit: string | null;
}

/** Finds the project and makes its state folder, unless the request is invalid. */
async function open(request: Request, host: Host, prepare: Prepare, startedAt: Date): Promise<Opened> {
  const { name, plan, invalid } = await prepare(host);
  const folder = resolve(request['working-directory']);
  const head = await tryGit(host, existsSync(folder) ? folder : '.', ['rev-parse', 'HEAD']);
  const commit = head.ok ? head.stdout.trim() : null;
  const factsOf = (at: Date): Facts => newFacts(deploymentId(at, commit ?? '0000000'), name, startedAt);
  const places = placesOf(stateDirectoryOf(request, process.env), name);
  const recorded = await currentRelease(host.files, places).catch(() => null);
  if (invalid) return { facts: factsOf(startedAt), places, plan, recorded, problem: invalid, log: null, commit };
  try {
    for (const place of [places.root, places.releases, places.logs, places.reports]) {
      await host.files.makeFolder(place, 0o700);
    }
    const probe = join(places.root, `.probe-${process.pid}`);
    await host.files.writeText(probe, '', 0o600);
    await host.files.remove(probe);
    const { at, log } = reserve(places, startedAt);
    return { facts: factsOf(at), places, plan, recorded, problem: null, log, commit };
  } catch (error) {
    const problem = new HomeportError(`The state folder ${places.root} can not be written: ${messageOf(error)}.`, {
      hint: "Give it to the runner's user (`sudo chown`), free its disk, or set `state-directory`.",
    });
    return { facts: factsOf(startedAt), places, plan, recorded, problem, log: null, commit };
  }
}

function secretsOf(request: Request): string[] {
  const token = request['telegram-token'];
  return [...Object.values(request.secrets), ...(token === undefined ? [] : [token])];
}

/** What no stage could say: the state folder or the lock was not to be had. */
function notBegun(error: unknown, plan: Plan): RunResult {
  const problem = error instanceof HomeportError ? error : new HomeportError(messageOf(error), { hint: '' });
  const stage = plan.stages[0]?.name ?? 'preflight';
  return {
    failure: { stage, error: problem, exitCode: problem.exitCode ?? exitCodes.aborted },
    rollback: 'not-needed',
    rollbackError: null,
  };
}

/** In the state folder; where that can't be written, in the temporary folder, so that the report is never lost. */
async function writeReport(host: Host, opened: Opened, report: Report): Promise<string | null> {
  const text = `${JSON.stringify(report, null, 2)}\n`;
  const places = [opened.places.reports, process.env.RUNNER_TEMP ?? tmpdir()];
  for (const place of opened.problem === null ? places : places.slice(1)) {
    const path = join(place, `${report.deployment}.json`);
    try {
      await host.files.writeText(path, text, 0o600);
      return path;
    } catch {
      // The next place may have room.
    }
  }
  return null;
}
