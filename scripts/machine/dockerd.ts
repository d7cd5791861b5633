import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findExecutable, lastLines, pathWithSbin, tryRun } from './commands.ts';

// A first start makes bridges and firewall rules and takes some seconds on a slow disk.
const START_SECONDS = 60;
// dockerd itself gives its containers 15 s to end.
const STOP_SECONDS = 20;

export interface Daemon {
  pid: number;
  stop(): Promise<void>;
}

/** Does an engine answer? `client` is `['docker']` with the options that choose the engine. */
export async function engineAnswers(client: readonly [string, ...string[]]): Promise<boolean> {
  const answer = await tryRun([...client, 'version', '--format', '{{.Server.Version}}'], { seconds: 15 });
  return answer.ok && answer.stdout.trim() !== '';
}

/** Waits until the engine answers; false after 60 s, or as soon as `hasGivenUp` says there is nothing to wait for. */
export async function waitForEngine(
  client: readonly [string, ...string[]],
  hasGivenUp: () => boolean,
): Promise<boolean> {
  const end = Date.now() + START_SECONDS * 1000;
  while (Date.now() < end && !hasGivenUp()) {
    if (await engineAnswers(client)) return true;
    await sleep(200);
  }
  return false;
}

/** A killed dockerd leaves its pid file, and another process may have that number by now: dockerd would not start. */
async function forgetDeadEngine(): Promise<void> {
  const file = '/var/run/docker.pid';
  const pid = (await readFile(file, 'utf8').catch(() => '')).trim();
  if (pid === '') return;
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const alive = /^Name:\s+dockerd$/m.test(status) && !/^State:\s+Z/m.test(status);
  if (!alive) await rm(file, { force: true });
}

/**
 * Starts dockerd in the background, in a process group of its own, so that a Ctrl-C in the terminal doesn't take the
 * engine away from under the tests, and waits until it answers.
 * @throws with the last lines of dockerd's log when it doesn't
 */
export async function startDockerd(flags: readonly string[], client: readonly [string, ...string[]]): Promise<Daemon> {
  const dockerd = await findExecutable('dockerd');
  if (dockerd === undefined) throw new Error('dockerd is not installed.');
  await forgetDeadEngine();
  const folder = await mkdtemp(join(tmpdir(), 'homeport-dockerd-'));
  const logPath = join(folder, 'dockerd.log');
  const log = await open(logPath, 'a');
  const child = spawn(dockerd, flags, {
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
    env: { ...process.env, PATH: pathWithSbin() },
  });
  const [pid] = await Promise.all([startedPid(child), log.close()]);
  child.unref();

  const daemon: Daemon = {
    pid,
    async stop() {
      await endDaemon(child, pid);
      await rm(folder, { recursive: true, force: true });
    },
  };
  if (await waitForEngine(client, () => hasExited(child))) return daemon;
  const words = lastLines(await readFile(logPath, 'utf8').catch(() => ''), 10);
  await daemon.stop();
  throw new Error(`The Docker engine didn't start. The last lines of its log:\n${words}`);
}

async function startedPid(child: ChildProcess): Promise<number> {
  if (child.pid === undefined) await once(child, 'spawn'); // rejects with the reason
  if (child.pid === undefined) throw new Error('dockerd could not be started.');
  return child.pid;
}

async function endDaemon(child: ChildProcess, pid: number): Promise<void> {
  if (hasExited(child)) return;
  const exited = once(child, 'exit').then(() => true);
  child.kill('SIGTERM');
  if (await Promise.race([exited, sleep(STOP_SECONDS * 1000, false)])) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    return; // it ended in the meantime
  }
  // containerd has a session of its own; the kernel kills it with dockerd, its parent.
  await Promise.race([exited, sleep(5000)]);
}

function hasExited(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}
