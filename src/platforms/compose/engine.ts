import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { HomeportError } from '../../deployment/error.ts';
import type { Host } from '../../hosts/host.ts';
import { tryParseJson } from '../../request/parse-json.ts';
import type { ObservedContainer } from './observe.ts';

const oldestCompose = [2, 20] as const;

const versionSchema = z.object({ Server: z.object({ Version: z.string() }).nullish() });

/** Versions of a Docker that can be worked with. */
export interface Engine {
  readonly engine: string;
  readonly compose: string;
}

/** Throws `HomeportError` that says what is missing. */
export async function checkEngine(host: Host, timeout = 20_000): Promise<Engine> {
  const [told, compose] = await Promise.all([
    host.exec(['docker', 'version', '--format', '{{json .}}'], { timeout }),
    host.exec(['docker', 'compose', 'version', '--short'], { timeout }),
  ]);
  if (told.outcome === 'not-found') {
    throw new HomeportError('Docker is not installed on this host: the command `docker` was not found.', {
      hint: 'Install Docker Engine with the Compose plugin: https://docs.docker.com/engine/install/.',
    });
  }
  if (told.outcome === 'timeout') {
    throw new HomeportError(`The Docker engine did not answer within ${timeout / 1000} s.`, {
      hint: 'Look at `systemctl status docker` on the host.',
    });
  }
  if (/permission denied/i.test(told.stderr)) {
    throw new HomeportError('This user has no permission to use the Docker engine (its socket).', {
      hint: "Add the runner's user to the docker group (which makes it as powerful as root), or use rootless Docker with DOCKER_HOST set.",
    });
  }
  const version = versionSchema.safeParse(tryParseJson(told.stdout));
  const engine = version.success ? version.data.Server?.Version : undefined;
  if (told.outcome !== 'success' || engine === undefined) {
    throw new HomeportError(`The Docker engine is not running: ${told.stderr.trim().split('\n').at(-1) ?? ''}`, {
      hint: 'Start it: `sudo systemctl start docker`, and look at `journalctl -u docker` if it does not stay up.',
    });
  }
  const [, major, minor] = /^v?(\d+)\.(\d+)/.exec(compose.stdout.trim()) ?? [];
  if (compose.outcome !== 'success' || major === undefined) {
    throw new HomeportError('The Compose plugin of Docker is not installed.', {
      hint: 'Install it: `sudo apt-get install docker-compose-plugin`, or https://docs.docker.com/compose/install/linux/.',
    });
  }
  const [oldMajor, oldMinor] = oldestCompose;
  if (Number(major) < oldMajor || (Number(major) === oldMajor && Number(minor) < oldMinor)) {
    throw new HomeportError(
      `Docker Compose ${compose.stdout.trim()} is too old: Homeport needs ${oldMajor}.${oldMinor} or newer.`,
      { hint: 'Update the Compose plugin: https://docs.docker.com/compose/install/linux/.' },
    );
  }
  return { engine, compose: compose.stdout.trim() };
}

/** Milliseconds in which an engine that somebody restarts is there again, also on a slow disk. */
export const longestRestart = 120_000;

/**
 * Waits until the engine answers again: somebody restarts it, or it was killed and its supervisor brings it back. Gives
 * `false` after `timeout` ms.
 */
export async function awaitEngine(host: Host, timeout: number): Promise<boolean> {
  const deadline = performance.now() + timeout;
  for (;;) {
    // Half as long as `docker version`, which asks every component of the engine.
    const told = await host.exec(['docker', 'ps', '--quiet', '--last', '1'], { timeout: 10_000, record: false });
    if (told.outcome === 'success') return true;
    if (told.outcome === 'not-found' || performance.now() > deadline) return false;
    await sleep(500);
  }
}

/**
 * The folder in which the engine keeps its data; `null` when it isn't on this file system (a remote engine). Its own
 * containers tell it in no time, where there are any.
 */
export async function engineRoot(host: Host, containers: readonly ObservedContainer[]): Promise<string | null> {
  const [, told] = /^(\/.+)\/containers\/[0-9a-f]{64}\//.exec(containers[0]?.engineFile ?? '') ?? [];
  const path = told ?? (await askForRoot(host));
  return path !== null && (await host.files.stat(path)) !== null ? path : null;
}

async function askForRoot(host: Host): Promise<string | null> {
  const told = await host.exec(['docker', 'info', '--format', '{{.DockerRootDir}}'], {
    timeout: 20_000,
    record: false,
  });
  const path = told.stdout.trim();
  return told.outcome === 'success' && path.startsWith('/') ? path : null;
}
