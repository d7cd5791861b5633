import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import type { FaultName } from './case.ts';
import { beginCli, beginPost, type Command, type Stage } from './command.ts';
import type { Engine } from './engine.ts';
import { losePower } from './power-loss.ts';
import { environmentOf, listProcesses, lives, type Process, signal, treeOf, until } from './processes.ts';
import type { SmallDisk } from './small-disk.ts';

/** What a fault can reach. */
export interface Situation {
  readonly stage: Stage;
  readonly engine: Engine;
  readonly stateDisk: SmallDisk;
  readonly command: Command;
  /** What Homeport was asked for. */
  readonly words: readonly string[];
  /** What was durable, for a loss of power. */
  readonly record: string;
  /** The runner's files of the action; only of a `cancel`. */
  readonly runnerFolder: string;
  readonly random: () => number;
}

/**
 * Does the harm to a command that stands still, and lets it go on where it still can. Resolves when the command has ended
 * and the machine is as a person would find it afterwards: the engine runs, the disks have room.
 * Gives what went wrong already then.
 */
export async function inject(fault: FaultName, situation: Situation): Promise<readonly string[]> {
  const problems = fault === 'rival' ? await bringRival(situation) : [];
  if (fault !== 'rival') await faults[fault](situation);
  await situation.command.running.ended;
  return problems;
}

type Harm = Exclude<FaultName, 'rival'>;

const faults: Readonly<Record<Harm, (situation: Situation) => Promise<void>>> = {
  kill: async ({ command }) => signal(command.pid, 'SIGKILL'),
  'second-kill': async ({ command }) => signal(command.pid, 'SIGKILL'),
  'kill-tree': async ({ command }) => killAll(command.pid),
  cancel: cancelAsTheRunnerDoes,
  'kill-compose': async ({ command }) => {
    goOn(command);
    await killOneCompose(command);
  },
  'engine-restart': async ({ command, engine }) => {
    const stopped = engine.stop();
    goOn(command);
    await stopped;
    await engine.start();
  },
  'engine-kill': killEngine,
  'database-kill': async ({ command, engine }) => {
    const containers = await engine.api.containers();
    const database = containers.find((one) => one.Config.Labels?.['com.docker.compose.service'] === 'db');
    // From outside: after `docker kill` the engine would take it for stopped on purpose.
    if (database !== undefined && database.State.Pid > 0) signal(database.State.Pid, 'SIGKILL');
    goOn(command);
  },
  'state-full': async ({ command, stateDisk }) => whileFull(stateDisk, command),
  'engine-full': async ({ command, engine }) => whileFull(engine.disk, command),
  pause: async ({ command }) => {
    const tree = treeOf(command.pid).filter(({ contained }) => !contained);
    for (const { pid } of tree) signal(pid, 'SIGSTOP');
    await sleep(2000);
    for (const { pid } of tree) signal(pid, 'SIGCONT');
  },
  'power-loss': async (situation) => {
    const { stage, engine, record, random } = situation;
    await powerOff(situation);
    losePower(join(stage.state, stage.project), record, () => random() < 0.7);
    await engine.start();
  },
};

/** Another deployment of the same project must wait, and give up in peace, however long the first one stands still. */
async function bringRival({ stage, command }: Situation): Promise<string[]> {
  const words = ['deploy', '--lock-timeout', '1s', '--skip-tests'];
  const rival = await beginCli(stage, words, { stop: null, record: null }).running.ended;
  goOn(command);
  const problems = rival.exitCode === 7 ? [] : [`another deployment at the same time ended with ${rival.exitCode}`];
  if (!lives(command.pid)) problems.push('another deployment ended the one that was under way');
  return problems;
}

function goOn(command: Command): void {
  signal(command.pid, 'SIGCONT');
}

async function whileFull(disk: SmallDisk, command: Command): Promise<void> {
  disk.fill();
  goOn(command);
  await command.running.ended;
  disk.free();
}

/** The process, what it started, and what of that lost its parent. */
async function killAll(root: number): Promise<void> {
  const isOurs = ({ pid, contained }: Process): boolean =>
    !contained && environmentOf(pid).some((line) => line.startsWith('HOMEPORT_OWNER='));
  // Twice: one may have started another in between.
  for (let round = 0; round < 2; round += 1) {
    const doomed = [...treeOf(root).filter(({ contained }) => !contained), ...listProcesses().filter(isOurs)];
    for (const { pid } of doomed) signal(pid, 'SIGKILL');
  }
  await until(() => !lives(root), 5000);
}

/**
 * An engine that was killed takes containers that restart `unless-stopped` for stopped by hand, and leaves them so (moby
 * 20.10: `restore` ends what still runs by a stop). Where the deployment is over by then, nobody could notice: it is
 * made good here, as a person would do it.
 */
async function killEngine({ command, engine }: Situation): Promise<void> {
  const ran = (await engine.api.containers()).filter(({ State }) => State.Status === 'running');
  await engine.kill();
  goOn(command);
  await engine.start();
  if (lives(command.pid)) return;
  for (const { Id } of ran) await engine.api.start(Id);
}

/** SIGINT to the process alone, SIGTERM 7.5 s later, SIGKILL 2.5 s after that; then `post`. */
async function cancelAsTheRunnerDoes({ command, words, stage, runnerFolder }: Situation): Promise<void> {
  signal(command.pid, 'SIGINT');
  goOn(command);
  const ended = command.running.ended.then(() => true);
  for (const [waitMs, next] of [
    [7500, 'SIGTERM'],
    [2500, 'SIGKILL'],
  ] as const) {
    if (await Promise.race([ended, sleep(waitMs, false, { ref: false })])) break;
    signal(command.pid, next);
  }
  await ended;
  await beginPost(stage, words, runnerFolder).running.ended;
}

/** The `docker compose` that runs now, else the next one that this command starts. */
async function killOneCompose(command: Command): Promise<void> {
  let ended = false;
  command.running.ended.then(() => {
    ended = true;
  });
  const isCompose = ({ command: words, contained }: Process): boolean =>
    !contained && /^\S*docker(-compose)? (compose )/.test(words);
  await until(
    () => {
      const found = treeOf(command.pid).filter(isCompose);
      for (const { pid } of found) signal(pid, 'SIGKILL');
      return found.length > 0 || ended;
    },
    120_000,
    // To look at all processes takes some milliseconds itself; Compose takes hundreds.
    40,
  );
}

/** All processes end at once, and what was only in memory is gone: the engine's run folder, its mounts. */
async function powerOff({ command, engine }: Situation): Promise<void> {
  signal(command.pid, 'SIGKILL');
  await killAll(command.pid);
  await engine.kill();
  const isEngines = ({ contained, name }: Process): boolean =>
    contained || name.startsWith('containerd') || name.startsWith('docker-proxy') || name.startsWith('runc');
  const gone = await until(() => {
    const left = listProcesses().filter((one) => isEngines(one) && one.state !== 'Z');
    for (const { pid } of left) signal(pid, 'SIGKILL');
    return left.length === 0;
  }, 10_000);
  if (!gone) throw new Error('Not all processes could be killed.');
  const below = mountPoints().filter((path) => path.startsWith(`${engine.folder}/`) && path !== engine.disk.path);
  for (const path of below.reverse()) await execa('umount', ['--lazy', path], { reject: false, timeout: 10_000 });
  rmSync(join(engine.folder, 'exec'), { recursive: true, force: true });
}

function mountPoints(): string[] {
  const lines = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  return lines.flatMap((line) => line.split(' ')[4] ?? []);
}
