import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { candidateVersion, installPackages, readDistribution, refreshLists } from './machine/apt.ts';
import { findExecutable, isRoot, messageOf, run, type Say, tryRun } from './machine/commands.ts';
import { engineAnswers, startDockerd, waitForEngine } from './machine/dockerd.ts';
import { ensurePlugins } from './machine/plugins.ts';

export interface Engine {
  /** True when this process started dockerd by hand, and so should stop it. */
  startedHere: boolean;
  /** Stops the engine if this process started it by hand; otherwise does nothing. */
  stop(): Promise<void>;
}

const DOCKER = ['docker'] as const;
const SOCKET = '/var/run/docker.sock';
const running: Engine = { startedHere: false, stop: async () => {} };

/**
 * Makes sure that a Docker engine answers and that `docker compose` and `docker buildx` work. A running engine is used as
 * it is; as root on Debian and Ubuntu what is missing is installed and started, and `say` hears of it first.
 * @throws with one sentence that says what to do, where this can't be done here
 */
export async function ensureEngine(say: Say): Promise<Engine> {
  const engine = await ensureServer(say);
  try {
    await ensurePlugins(say);
  } catch (error) {
    await engine.stop();
    throw error;
  }
  return engine;
}

async function ensureServer(say: Say): Promise<Engine> {
  if (await engineAnswers(DOCKER)) return running;
  await refuseWhatWeCannotHelp();
  await installEngine(say);
  // Debian's package may have started it.
  if (await engineAnswers(DOCKER)) return running;
  if (await isSystemdRunning()) return startWithSystemd(say);
  say('Starting the Docker engine (dockerd) in the background.');
  const daemon = await startDockerd([], DOCKER);
  return { startedHere: true, stop: daemon.stop };
}

async function refuseWhatWeCannotHelp(): Promise<void> {
  const host = process.env.DOCKER_HOST ?? '';
  if (host !== '') throw new Error(`No Docker engine answers at DOCKER_HOST=${host}: start it, or unset DOCKER_HOST.`);
  if (process.platform !== 'linux')
    throw new Error('No Docker engine answers: please install and start Docker Desktop.');
  if (isRoot()) return;
  if (await isSocketForbidden()) {
    throw new Error(
      'You may not use the Docker engine of this machine: add your user to the docker group (sudo usermod -aG docker "$USER", then log in again) or set up rootless Docker.',
    );
  }
  throw new Error(
    'No Docker engine answers: install or start it (sudo systemctl enable --now docker), run this as root, or set up rootless Docker.',
  );
}

async function isSocketForbidden(): Promise<boolean> {
  const exists = await stat(SOCKET).then(
    () => true,
    () => false,
  );
  if (!exists) return false;
  return access(SOCKET, constants.R_OK | constants.W_OK).then(
    () => false,
    () => true,
  );
}

async function installEngine(say: Say): Promise<void> {
  const [daemon, client] = await Promise.all([findExecutable('dockerd'), findExecutable('docker')]);
  if (daemon !== undefined && client !== undefined) return;
  if (!(await readDistribution()).hasApt) {
    throw new Error('There is no Docker engine here: please install Docker (https://docs.docker.com/engine/install/).');
  }
  const wanted = ['docker.io', 'iptables', 'ca-certificates'];
  say(`Installing the Docker engine with apt: ${wanted.join(', ')}.`);
  await refreshLists();
  // From Debian 13 on, the docker command is a package of its own, and only recommended.
  if (client === undefined && (await candidateVersion('docker-cli')) !== undefined) wanted.push('docker-cli');
  await installPackages(wanted);
}

/** The test that sd_booted(3) gives. */
async function isSystemdRunning(): Promise<boolean> {
  return stat('/run/systemd/system').then(
    (entry) => entry.isDirectory(),
    () => false,
  );
}

async function startWithSystemd(say: Say): Promise<Engine> {
  say('Starting the Docker engine: systemctl enable --now docker.');
  await run(['systemctl', 'enable', '--now', 'docker'], { seconds: 120 });
  if (await waitForEngine(DOCKER, () => false)) return running;
  throw new Error('systemd started docker.service, but no engine answers: see journalctl -u docker.');
}

async function describeEngine(): Promise<string> {
  const [server, compose, buildx] = await Promise.all([
    run(['docker', 'version', '--format', '{{.Server.Version}}'], { seconds: 20 }),
    run(['docker', 'compose', 'version', '--short'], { seconds: 20 }),
    tryRun(['docker', 'buildx', 'version'], { seconds: 20 }),
  ]);
  const buildxVersion = buildx.stdout.split(' ')[1] ?? '';
  return `Docker engine ${server.trim()}, Compose ${compose.trim()}, buildx ${buildxVersion}`;
}

if (import.meta.main) {
  try {
    const engine = await ensureEngine(console.log);
    const manner = engine.startedHere ? 'started now, and left running' : 'ready';
    console.log(`${await describeEngine()}: ${manner}.`);
  } catch (error) {
    console.error(messageOf(error));
    process.exitCode = 1;
  }
}
