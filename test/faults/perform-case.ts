import { setTimeout as sleep } from 'node:timers/promises';
import { leakedPortHint } from '../../src/platforms/compose/leaked-port.ts';
import { type CaseResult, type FaultCase, randomOf } from './case.ts';
import { beginAction, beginCli, type Command } from './command.ts';
import { inject } from './inject.ts';
import { nameOf } from './journal-points.ts';
import type { LaneState } from './lane-state.ts';
import { observeProject } from './observed.ts';
import { type Judgement, judge, judgeInterrupted, judgeNew } from './oracle.ts';
import { beginRecord } from './power-loss.ts';
import { signal } from './processes.ts';
import { scenarioFacts } from './scenarios.ts';
import type { Interrupted } from './truth.ts';
import { Writer } from './writer.ts';

/** What `begin` adds to the words of a command that it had to kill. */
const tookTooLong = /killed after \d+ ms\n$/;
// Far longer than a deployment of the small project takes.
const reachMs = 60_000;

/** What came of a case, with what was printed on the way. */
export interface CaseOutcome {
  readonly result: Omit<CaseResult, 'evidence'>;
  /** For whoever looks into a failure. */
  readonly told: string;
}

/**
 * Begins a deployment, does the harm at its moment, lets Homeport recover, and judges what is there then. The next
 * deployment must succeed without help.
 */
export async function performCase(lane: LaneState, one: FaultCase): Promise<CaseOutcome> {
  const begin = performance.now();
  const told: string[] = [];
  const problems: string[] = [];
  const old = lane.running;
  if (old === null) throw new Error('nothing runs that could be disturbed');
  // The last case has looked whether it is whole.
  const before = await observeProject(lane.stage, lane.engine);

  const { broken } = scenarioFacts[one.scenario];
  const fresh = one.scenario === 'rollback' ? lane.before : await lane.project.nextVersion(broken);
  if (fresh === null) throw new Error('there is no release to go back to');
  const writer = new Writer(`v${fresh.number}-${Date.now()}`);
  const { interrupted, problems: early } = await disturb(lane, one, told);
  problems.push(...early);
  let ended: CaseResult['ended'] = 'unknown';
  let recoverySeconds: number | null = null;
  const take = (judgement: Judgement): void => {
    problems.push(...judgement.problems);
    ended = judgement.ended;
    lane.running = judgement.ended === 'unknown' ? null : judgement.ended === 'old' ? old : fresh;
  };

  if (one.second !== null) await recoverAndKill(lane, one.second, told);
  if (one.recovery === 'recover') {
    let recovery = await recover(lane, told);
    if (await mendEngine(lane, recovery.output)) recovery = await recover(lane, told);
    recoverySeconds = interrupted.exitCode === null ? recovery.seconds : null;
    if (recovery.exitCode !== 0) problems.push(`\`homeport recover\` ended with ${recovery.exitCode}`);
    await writer.stop();
    take(await judge(lane, { old, fresh, interrupted, committed: writer.committed, before }));
  }

  // A proven backup is half of a deployment's time: most of those that only show that a deployment works do without.
  const isShort = randomOf(one.seed, `${one.id} next`)() < 0.75;
  const words = isShort ? ['--backup', 'none'] : [];
  let next = await lane.deploy(words);
  if (await mendEngine(lane, next.output)) next = await lane.deploy(words);
  told.push(`next deployment:\n${next.output}`);
  await writer.stop();
  if (next.exitCode !== 0) problems.push(`the next deployment ended with ${next.exitCode}`);
  const after = await judgeNew(lane, next.version, writer.committed);
  problems.push(...after.problems.map((problem) => `after the next deployment: ${problem}`));
  if (one.recovery === 'deploy') take(judgeInterrupted(lane, next.output, { old, fresh, interrupted }));
  if (problems.length === 0) lane.promoted(next.version);
  else lane.running = null;

  const point = 'afterMs' in one.at ? 'random' : nameOf(one.at);
  const moment = 'afterMs' in one.at ? `${Math.round(one.at.afterMs)} ms` : one.at.moment;
  const seconds = (performance.now() - begin) / 1000;
  const result = { id: one.id, problems, point, moment, fault: one.fault, ended, seconds, recoverySeconds };
  return { result, told: told.join('\n\n') };
}

/** To prove a backup takes as long as all the rest: where the fault is far from it, there is less of it or none. */
function wordsOf(one: FaultCase): readonly string[] {
  const { words } = scenarioFacts[one.scenario];
  if (words[0] !== 'deploy' || 'afterMs' in one.at) return words;
  const { stage } = one.at;
  if (one.scenario !== 'restore' && ['start', 'promote', 'rollback'].includes(stage))
    return [...words, '--backup', 'none'];
  return ['backup', 'deployment', 'migrate'].includes(stage) ? words : [...words, '--backup-verify', 'read'];
}

interface Disturbed {
  readonly interrupted: Interrupted;
  readonly problems: readonly string[];
}

/** The deployment and the harm that is done to it. */
async function disturb(lane: LaneState, one: FaultCase, told: string[]): Promise<Disturbed> {
  const earlier = lane.deployments();
  const isPowerLoss = one.fault === 'power-loss';
  if (isPowerLoss) beginRecord(`${lane.stage.state}/${lane.stage.project}`, lane.record);
  const stop = 'afterMs' in one.at ? null : one.at;
  const wanted = { stop, record: isPowerLoss ? lane.record : null };
  const door = one.fault === 'cancel' ? 'action' : 'cli';
  const words = wordsOf(one);
  const command =
    door === 'action' ? beginAction(lane.stage, words, lane.runnerFolder, wanted) : beginCli(lane.stage, words, wanted);
  const reached = await arrive(command, one);
  const problems: string[] = [];
  if (!reached && stop !== null) problems.push('it never came to its point');
  if (reached) {
    const said = await inject(one.fault, {
      stage: lane.stage,
      engine: lane.engine,
      stateDisk: lane.stateDisk,
      command,
      words,
      record: lane.record,
      runnerFolder: lane.runnerFolder,
      random: chanceOf(one),
    });
    problems.push(...said);
  }
  const { exitCode, output, stderr } = await command.running.ended;
  told.push(`interrupted${reached ? '' : ' (it never came to the point)'}, exit code ${exitCode}:\n${output}`);
  if (tookTooLong.test(stderr)) problems.push('it hung, and was killed after a long time');
  const entries = lane.entries().filter((entry) => !earlier.has(entry.deployment));
  const deployment = entries[0]?.deployment ?? null;
  const ended = entries.some((entry) => entry.deployment === deployment && entry.type === 'end');
  return { interrupted: { deployment, ended, exitCode, output, door }, problems };
}

/** What a loss of power takes: everything that it can before and after a change, else as chance will have it. */
function chanceOf(one: FaultCase): () => number {
  const isBetween = !('afterMs' in one.at) && one.at.moment !== 'during' && one.at.moment !== 'before';
  return isBetween ? () => 0 : randomOf(one.seed, `${one.id} power`);
}

/** Waits until the command stands at its point, or its time has come; false when it ended before that. */
async function arrive(command: Command, one: FaultCase): Promise<boolean> {
  if (!('afterMs' in one.at)) return await command.stopped(reachMs);
  const ended = command.running.ended.then(() => true);
  if (await Promise.race([ended, sleep(one.at.afterMs, false)])) return false;
  signal(command.pid, 'SIGSTOP');
  return true;
}

interface Recovery {
  readonly exitCode: number | null;
  readonly seconds: number;
  readonly output: string;
}

/**
 * An engine that was killed while it started a container keeps its ports until it is restarted. Nobody without the power
 * over the whole machine can do that: Homeport says so, and here is who does it.
 */
async function mendEngine({ engine }: LaneState, output: string): Promise<boolean> {
  if (!output.includes(leakedPortHint)) return false;
  await engine.stop();
  await engine.start();
  return true;
}

/** A recovery that is killed on its way. */
async function recoverAndKill(
  lane: LaneState,
  second: NonNullable<FaultCase['second']>,
  told: string[],
): Promise<void> {
  const byTheClock = 'afterMs' in second;
  const command = beginCli(lane.stage, ['recover'], { stop: byTheClock ? null : second, record: null });
  const ended = command.running.ended.then(() => true);
  const reached = byTheClock
    ? !(await Promise.race([ended, sleep(second.afterMs, false)]))
    : await command.stopped(reachMs);
  if (reached) signal(command.pid, 'SIGKILL');
  const { output } = await command.running.ended;
  told.push(`first recovery${reached ? ', killed' : ' (it ended before its point)'}:\n${output}`);
}

async function recover(lane: LaneState, told: string[]): Promise<Recovery> {
  const begin = performance.now();
  const { exitCode, output } = await beginCli(lane.stage, ['recover'], { stop: null, record: null }).running.ended;
  told.push(`recovery, exit code ${exitCode}:\n${output}`);
  return { exitCode, output, seconds: (performance.now() - begin) / 1000 };
}
