import { existsSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { tryGit } from '../hosts/git.ts';
import type { Host } from '../hosts/host.ts';
import { LocalHost } from '../hosts/local.ts';
import { chosenReporters } from '../reporters/chosen.ts';
import { DraftReporter } from '../reporters/draft.ts';
import { FanOut } from '../reporters/fan-out.ts';
import { LogFileReporter } from '../reporters/log-file.ts';
import type { DeploymentEvent } from '../reporters/reporter.ts';
import type { Request } from '../request/schema.ts';
import { BusyClock } from './busy-clock.ts';
import type { Door } from './door.ts';
import { exitCodes, HomeportError, messageOf } from './error.ts';
import { type Facts, newFacts } from './facts.ts';
import { emptyReport, finishReport } from './finish-report.ts';
import { hideRecorded, hideSecrets } from './hidden.ts';
import { deploymentId } from './ids.ts';
import { Journal } from './journal.ts';
import { ProjectLock } from './lock.ts';
import { draftPath, type Places, placesOf, reportPath } from './places.ts';
import type { Plan } from './plan.ts';
import { Recorder } from './recorder.ts';
import { type Recovered, recoverUnfinished } from './recover.ts';
import { currentRelease, type Release } from './release.ts';
import { type Report, writeReport } from './report.ts';
import { reserve } from './reserve.ts';
import { type RunResult, run } from './run.ts';
import { stateDirectoryOf } from './state-directory.ts';
import { distrust } from './trusted-state.ts';
import type { Beginning } from './unfinished.ts';

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
  await hideSecrets(door.redactor, request);
  const held: Held = { lock: null, owner: undefined };
  const host = clock.hostOf(hostFor(door, held));
  const opened = await open(request, host, prepare, startedAt);
  const { facts, places, log } = opened;
  await hideRecorded(door.redactor, host.files, places);
  const report = emptyReport(request, door, opened);
  report.commit = opened.commit;
  const draft = opened.problem === null ? [new DraftReporter(draftPath(places, facts.id))] : [];
  const reporters = [...door.reporters, ...(log === null ? [] : [new LogFileReporter(log)]), ...draft];
  const fanOut = new FanOut(reporters, (text) => recorder.warn('report', text));
  const emit = (event: DeploymentEvent): void => fanOut.event(event);
  const recorder: Recorder = new Recorder(report, { emit, redactor: door.redactor });
  recorder.started();
  if (request['skip-tests'] && request.command === 'deploy') {
    recorder.warn('test', 'Tests, coverage and budgets were skipped (`skip-tests: true`).');
  }

  const journal = new Journal(host, places.journal, facts.id);
  let begun = false;
  let result: RunResult;
  try {
    if (opened.problem !== null) throw opened.problem;
    const say = (line: string) => recorder.say('preflight', line);
    const what = `${request.command} ${facts.id}`;
    const who = { what, id: facts.id, commit: opened.commit, since: facts.startedAt };
    await clock.during(() => takeLock({ held, host, request, door, places, tell: say, who }));
    const recovered = await recoverUnfinished({
      ...recovery(request, door),
      host,
      places,
      project: facts.project,
      tell: say,
    });
    if (recovered !== null) {
      recorder.warn('preflight', recovered.sentence);
      facts.details = { ...facts.details, recovered_before: recovered.report.deployment };
    }
    await journal.begin(request.command, beginning(request, door, opened, held.owner ?? ''));
    begun = true;
    result = await run({ ...opened.plan, request, facts, places, host, journal, recorder, clock, signal: door.signal });
  } catch (error) {
    result = notBegun(error, opened.plan);
  }
  finishReport(report, result, {
    ...opened,
    minimumCoverage: request['coverage-minimum'] ?? null,
    busyMs: clock.busyMs,
    redact: (text) => recorder.redact(text),
  });
  // The verdict is on the disk before anybody hears it, and before the next deployment begins.
  const path = await keepReport(host, opened, report);
  for (const reporter of draft) await reporter.discard(host.files);
  // A way back that failed, or something that could not be cleaned up, is tried again by whoever comes next.
  if (begun && result.rollback !== 'failed' && result.clean) {
    await journal.end(request.command, { status: report.status }).catch(() => {});
  }
  held.lock?.release();
  // What goes wrong with the reporters stands in the report too.
  recorder.finished();
  const warnings = report.warnings.length;
  await fanOut.close();
  return { report, path: report.warnings.length === warnings ? path : await keepReport(host, opened, report) };
}

/** What this process holds of a project, and what marks its children. */
interface Held {
  lock: ProjectLock | null;
  owner: string | undefined;
}

function hostFor(door: Pick<Door, 'redactor'>, held: Held): LocalHost {
  const { redactor } = door;
  return new LocalHost({ redactor, lockDescriptor: () => held.lock?.descriptor, owner: () => held.owner });
}

function recovery(request: Request, door: Pick<Door, 'redactor'>) {
  const reporters = async (log: string | null) => [
    ...(log === null ? [] : [new LogFileReporter(log)]),
    ...(await chosenReporters(request)),
  ];
  return { request, redactor: door.redactor, reporters };
}

/**
 * `homeport recover` and the action's `post` step: brings to its end what a killed process left of this project, and
 * nothing else. Waits for whoever is at work there. Gives `null` when nothing had been left unfinished. Throws
 * `HomeportError` when the lock is not to be had, or a database could be neither finished nor undone.
 */
export async function recoverProject(
  request: Request,
  door: Pick<Door, 'redactor' | 'who' | 'runUrl' | 'signal'>,
  project: string,
  tell: (line: string) => void,
): Promise<Recovered | null> {
  await hideSecrets(door.redactor, request);
  const places = placesOf(stateDirectoryOf(request, process.env), project);
  const held: Held = { lock: null, owner: undefined };
  const host = hostFor(door, held);
  const untrusted = await distrust(places, userInfo());
  if (untrusted !== null) throw untrusted;
  if ((await host.files.stat(places.journal)) === null) return null;
  await hideRecorded(door.redactor, host.files, places);
  const who = { what: 'recover', id: `recover-${process.pid}`, commit: null, since: new Date() };
  try {
    await takeLock({ held, host, request, door, places, tell, who });
    return await recoverUnfinished({ ...recovery(request, door), host, places, project, tell });
  } finally {
    held.lock?.release();
  }
}

/** Takes the project's lock; from then on what this process starts is marked as its own. */
async function takeLock(options: {
  held: Held;
  host: Host;
  request: Request;
  door: Pick<Door, 'who' | 'runUrl' | 'signal'>;
  places: Places;
  tell: (line: string) => void;
  who: { what: string; id: string; commit: string | null; since: Date };
}): Promise<void> {
  const { held, host, request, door, places, tell } = options;
  const { what, id, commit, since } = options.who;
  const owner = `${places.root}#${id}`;
  held.owner = owner;
  held.lock = new ProjectLock(places.lock);
  const holder = { what, who: door.who, commit, runUrl: door.runUrl, since: since.toISOString(), owner };
  await held.lock.take(host, holder, {
    timeout: request['lock-timeout'],
    signal: door.signal,
    onWait: (text) => tell(`waiting for: ${text.trim().replaceAll('\n', ', ')}`),
  });
}

function beginning(request: Request, door: Door, opened: Opened, owner: string): Beginning {
  return {
    owner,
    who: door.who,
    branch: door.branch,
    repository: door.repository,
    commit: opened.commit,
    triggeredBy: door.triggeredBy,
    runUrl: door.runUrl,
    startedAt: opened.facts.startedAt,
    log: opened.log,
    startTimeout: request['start-timeout'],
    startupWait: request['startup-wait'],
  };
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
  const folder = resolve(request['working-directory']);
  const [{ name, plan, invalid }, head] = await Promise.all([
    prepare(host),
    tryGit(host, existsSync(folder) ? folder : '.', ['rev-parse', 'HEAD']),
  ]);
  const commit = head.ok ? head.stdout.trim() : null;
  const factsOf = (at: Date): Facts => newFacts(deploymentId(at, commit ?? '0000000'), name, startedAt);
  const places = placesOf(stateDirectoryOf(request, process.env), name);
  const recorded = await currentRelease(host.files, places).catch(() => null);
  const refused = invalid ?? (await distrust(places, userInfo()));
  if (refused) return { facts: factsOf(startedAt), places, plan, recorded, problem: refused, log: null, commit };
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

/** What no stage could say: the state folder or the lock was not to be had. */
function notBegun(error: unknown, plan: Plan): RunResult {
  const problem = error instanceof HomeportError ? error : new HomeportError(messageOf(error), { hint: '' });
  const stage = plan.stages[0]?.name ?? 'preflight';
  return {
    failure: { stage, error: problem, exitCode: problem.exitCode ?? exitCodes.aborted },
    rollback: 'not-needed',
    rollbackError: null,
    clean: true,
  };
}

/** In the state folder; where that can't be written, in the temporary folder, so that the report is never lost. */
async function keepReport(host: Host, opened: Opened, report: Report): Promise<string | null> {
  const elsewhere = join(process.env.RUNNER_TEMP ?? tmpdir(), `${report.deployment}.json`);
  const paths = opened.problem === null ? [reportPath(opened.places, report.deployment), elsewhere] : [elsewhere];
  for (const path of paths) {
    try {
      await writeReport(host.files, path, report);
      return path;
    } catch {
      // The next place may have room.
    }
  }
  return null;
}
