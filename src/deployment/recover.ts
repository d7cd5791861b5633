import { join } from 'node:path';
import { listBackups } from '../databases/record.ts';
import type { Host } from '../hosts/host.ts';
import { stopOwned } from '../hosts/owned.ts';
import type { Redactor } from '../hosts/redactor.ts';
import { FanOut } from '../reporters/fan-out.ts';
import type { Reporter } from '../reporters/reporter.ts';
import { tryParseJson } from '../request/parse-json.ts';
import type { Request } from '../request/schema.ts';
import { BusyClock } from './busy-clock.ts';
import { contextOf, termsOfTheWayBack, type Workplace } from './context.ts';
import { CancelledError, exitCodes, HomeportError } from './error.ts';
import { newFacts } from './facts.ts';
import { emptyReport, finishReport, pendingStage } from './finish-report.ts';
import { Journal, readJournal } from './journal.ts';
import type { Undo } from './journal-entry.ts';
import { draftPath, type Places, releaseFolder, reportPath } from './places.ts';
import { planRecovery, type RecoveryPlan } from './plan.ts';
import { Recorder } from './recorder.ts';
import { currentRelease, type Release, readRelease } from './release.ts';
import { type Report, reportSchema, type StageReport, writeReport } from './report.ts';
import type { RunResult } from './run.ts';
import type { Stage } from './stage.ts';
import { recallFacts } from './undo.ts';
import { killedWhere, type Unfinished, unfinishedOf } from './unfinished.ts';
import { attempt, cleanUp } from './way-back.ts';

export interface RecoverOptions {
  /** Of the command that recovers: where its Telegram is, how long things may take. */
  readonly request: Request;
  readonly project: string;
  readonly places: Places;
  readonly host: Host;
  readonly redactor: Redactor;
  /** New ones, for the killed deployment's own report. */
  readonly reporters: (log: string | null) => Promise<readonly Reporter[]>;
  /** For the log of the command that recovers. */
  readonly tell: (line: string) => void;
}

export interface Recovered {
  /** Of the killed deployment, completed. */
  readonly report: Report;
  readonly reportPath: string;
  /** Two sentences: what was found, and what was done. */
  readonly sentence: string;
  /** Exactly one good release runs (or, on a first deployment, nothing). */
  readonly good: boolean;
}

/**
 * Brings a deployment to its end whose process was killed, from the journal and from what is seen: what passed its point
 * of no return is finished, everything else goes back. Only under the project's lock. Every step can be done again, so
 * that it may itself be killed anywhere. Gives `null` when nothing was left unfinished. Throws `HomeportError` where a
 * database that was being restored could be neither finished nor undone: nothing may write to it then.
 */
export async function recoverUnfinished(options: RecoverOptions): Promise<Recovered | null> {
  const { host, places, redactor, tell } = options;
  const unfinished = unfinishedOf(await readJournal(host.files, places.journal));
  if (unfinished === null) return null;
  const found = `The ${unfinished.command} ${unfinished.deployment} was killed ${killedWhere(unfinished)}.`;
  tell(`${found} Recovering.`);
  const stopped = await stopOwned(host, unfinished.begun.owner);
  if (stopped > 0) tell(`stopped ${stopped} processes that it had left running`);

  const work = await recall(options, unfinished);
  const { report, fanOut } = work;
  const result = await settle(work, unfinished);
  finish(work, unfinished, result, found);
  const sentence = `${found} ${String(report.details.recovered)}`;
  work.recorder.warn('recover', sentence);
  work.recorder.finished();
  const path = reportPath(places, report.deployment);
  await writeReport(host.files, path, report);
  await removeHalfWritten(host, places, report.deployment);
  const good = result.rollback !== 'failed';
  // What could not be recovered, or not be cleaned up, is tried again by the next command.
  if (good && result.clean) await work.journal.end(unfinished.command, { status: report.status, recovered: true });
  await fanOut.close();
  await writeReport(host.files, path, report);
  tell(redactor.redact(String(report.details.recovered)));
  return { report, reportPath: path, sentence, good };
}

/** The draft, and files that were being written. Others who wait for the lock may be writing theirs: only what is ours. */
async function removeHalfWritten({ files }: Host, places: Places, deployment: string): Promise<void> {
  const half = /\.[0-9a-f]{8}\.tmp$/;
  const ours: readonly [string, (name: string) => boolean][] = [
    [
      places.reports,
      (name) => name.startsWith(`${deployment}.draft`) || (name.startsWith(`${deployment}.`) && half.test(name)),
    ],
    [places.root, (name) => /^(current|journal\.jsonl)\./.test(name) && half.test(name)],
    [places.backups, (name) => half.test(name)],
    [releaseFolder(places, deployment), (name) => half.test(name)],
  ];
  for (const [folder, isOurs] of ours) {
    for (const { name } of await files.list(folder)) if (isOurs(name)) await files.remove(join(folder, name));
  }
}

interface Work extends Workplace {
  readonly plan: RecoveryPlan;
  readonly report: Report;
  readonly fanOut: FanOut;
}

/** The killed deployment as it knew itself: by the journal, and by the draft of its report. */
async function recall(options: RecoverOptions, unfinished: Unfinished): Promise<Work> {
  const { host, places, redactor } = options;
  const { begun, undo, deployment } = unfinished;
  const request = { ...options.request, 'start-timeout': begun.startTimeout, 'startup-wait': begun.startupWait };
  const facts = newFacts(deployment, options.project, begun.startedAt);
  recallFacts(facts, undo, {
    previous: await previousOf(host, places, undo),
    own: undo.release === undefined ? null : await readRelease(host.files, places, undo.release),
  });
  facts.backups = (await listBackups(host, places.backups)).filter(
    ({ createdAt }) => new Date(createdAt) >= begun.startedAt,
  );
  const plan = planRecovery(request);
  const draft = reportSchema.safeParse(
    tryParseJson((await host.files.readText(draftPath(places, deployment)).catch(() => null)) ?? ''),
  );
  const skeleton = emptyReport({ ...request, command: unfinished.command as Request['command'] }, begun, {
    facts,
    plan: { stages: plan.stages, rollback: plan.back },
    log: begun.log,
  });
  const report = draft.success ? draft.data : { ...skeleton, commit: begun.commit };
  facts.changes = report.changes;
  facts.details = report.details;
  const reporters = await options.reporters(begun.log);
  const fanOut = new FanOut(reporters, (text) => recorder.warn('report', text));
  const recorder: Recorder = new Recorder(report, { emit: (event) => fanOut.event(event), redactor });
  const journal = new Journal(host, places.journal, deployment);
  return { request, facts, places, host, journal, recorder, clock: new BusyClock(), plan, report, fanOut };
}

/** The release that was good before; `null` on a first deployment. Throws `HomeportError` where its record is gone. */
async function previousOf({ files }: Host, places: Places, { previous }: Undo): Promise<Release | null> {
  if (previous === undefined) return await currentRelease(files, places);
  const release = previous === null ? null : await readRelease(files, places, previous);
  if (previous === null || release !== null) return release;
  throw new HomeportError(`The release ${previous}, which ran before, is recorded no more in ${places.releases}.`, {
    hint: 'Somebody removed it. Compare `docker ps` with `homeport history`; when what runs is right, move the journal away.',
    exitCode: exitCodes.aborted,
  });
}

/** Does what the journal says must be done, as far as what is seen says so too. */
async function settle(work: Work, unfinished: Unfinished): Promise<RunResult> {
  const { facts, recorder, plan } = work;
  const contextFor = (stage: Stage) =>
    contextOf(work, stage, stageReport(work.report, stage), termsOfTheWayBack(work.request));
  const make = (stage: Stage) => attempt(stage, stageReport(work.report, stage), contextFor(stage), recorder);
  const failure = failureOf(work.report, unfinished);
  await plan.settleDatabases(contextFor(plan.back), unfinished.restoring);

  if (unfinished.recovery === 'forward' && facts.release !== undefined) {
    const error = await make(plan.forward);
    if (error === null) return { failure: null, rollback: 'not-needed', rollbackError: null, clean: true };
    const stopped = { stage: plan.forward.name, error, exitCode: exitCodes.critical };
    return { failure: stopped, rollback: 'failed', rollbackError: error, clean: true };
  }

  facts.disturbed = unfinished.recovery !== 'forget' || ((await plan.back.needed?.(contextFor(plan.back))) ?? false);
  const rollbackError = facts.disturbed ? await make(plan.back) : null;
  const clean = await cleanUp(plan.stages.toReversed(), contextFor, recorder);
  const rollback = !facts.disturbed ? 'not-needed' : rollbackError === null ? 'done' : 'failed';
  return { failure, rollback, rollbackError, clean };
}

/** What said no before the kill, else the kill itself. */
function failureOf(report: Report, unfinished: Unfinished): NonNullable<RunResult['failure']> {
  if (report.error !== null) {
    const { stage, message, hint, excerpt } = report.error;
    const error = new HomeportError(message, { hint, ...(excerpt === null ? {} : { excerpt }) });
    const exitCode = Object.values(exitCodes).find((code) => code === report.exit_code) ?? exitCodes.aborted;
    return { stage, error, exitCode };
  }
  const stage = report.stages.find(({ status }) => status === 'running')?.name ?? unfinished.last?.stage ?? 'preflight';
  const error = new CancelledError(
    `The ${unfinished.command} was killed ${killedWhere(unfinished)}.`,
    'Nothing is to be done: what runs is a whole release. Deploy again whenever you like.',
  );
  return { stage, error, exitCode: exitCodes.aborted };
}

function finish(work: Work, unfinished: Unfinished, result: RunResult, found: string): void {
  const { report, facts, recorder } = work;
  for (const stage of report.stages) if (stage.status === 'running') stage.status = 'cancelled';
  finishReport(report, result, {
    facts,
    plan: { stages: [{ name: 'promote' }] },
    recorded: facts.snapshot?.release ?? null,
    minimumCoverage: null,
    busyMs: Date.now() - facts.startedAt.getTime(),
    redact: (text) => recorder.redact(text),
  });
  report.details = { ...report.details, recovered: didWhat(work, unfinished, result), recovered_from: found };
}

/** For people, a sentence; one that failed says why, and what to do. */
function didWhat({ facts }: Work, unfinished: Unfinished, result: RunResult): string {
  const before = facts.snapshot?.release ?? null;
  if (result.rollback === 'failed') {
    return `Recovery failed. ${result.rollbackError?.message ?? ''} ${result.rollbackError?.hint ?? ''}`.trimEnd();
  }
  if (result.failure === null) return `Finished: ${facts.release?.id ?? 'the new release'} is the good release now.`;
  if (result.rollback === 'not-needed') {
    const runs = before === null ? 'nothing of this project ran' : `${before.id} runs as before`;
    return `What it had made was removed; ${runs}.`;
  }
  return before === null
    ? 'What it had started was removed; nothing of this project ran before.'
    : `Went back: ${before.id} runs again${unfinished.undo.migrated === true && facts.migrated ? ', on a schema that may be ahead of it' : ''}.`;
}

/** The killed deployment's own entry for a stage; recovery may need one that it had not planned. */
function stageReport(report: Report, stage: Stage): StageReport {
  const own = report.stages.find(({ name }) => name === stage.name);
  if (own !== undefined) return own;
  const fresh = pendingStage(stage);
  report.stages.push(fresh);
  return fresh;
}
