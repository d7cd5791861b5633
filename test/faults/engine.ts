import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lastLines, pathWithSbin, run } from '../../scripts/machine/commands.ts';
import { EngineApi } from './engine-api.ts';
import { until } from './processes.ts';
import { SmallDisk } from './small-disk.ts';

const startMs = 40_000;
// Containers get their own grace period, and dockerd this long for all of them.
const shutdownSeconds = 6;
const diskBytes = 3 * 2 ** 30;

/**
 * A Docker engine of the harness alone, with everything of its own: it may be killed at any time. Only to be started inside
 * network, mount and PID namespaces that are not the machine's.
 */
export class Engine {
  readonly socket: string;
  readonly api: EngineApi;
  /** Where it keeps images, containers and volumes. */
  readonly disk: SmallDisk;
  readonly folder: string;
  readonly #cgroup: string;
  #daemon: ChildProcess | null = null;

  /** `cgroup`: an absolute name under which its containers' control groups are made. */
  constructor(folder: string, cgroup: string) {
    mkdirSync(folder, { recursive: true });
    this.folder = folder;
    this.#cgroup = cgroup;
    this.disk = new SmallDisk(join(folder, 'root'), diskBytes);
    this.socket = join(folder, 'docker.sock');
    this.api = new EngineApi(this.socket);
    writeFileSync(join(folder, 'daemon.json'), '{}\n');
  }

  /** What reaches this engine and no other. */
  get environment(): Record<string, string> {
    return { DOCKER_HOST: `unix://${this.socket}` };
  }

  /** Starts dockerd and waits until it answers. Throws with the last lines of its log. */
  async start(): Promise<void> {
    const logPath = join(this.folder, 'dockerd.log');
    const log = openSync(logPath, 'a');
    // A killed one leaves it, and its number may belong to somebody else by now.
    rmSync(join(this.folder, 'dockerd.pid'), { force: true });
    const flags = [
      ['--config-file', 'daemon.json'],
      ['--data-root', 'root'],
      ['--exec-root', 'exec'],
      ['--pidfile', 'dockerd.pid'],
    ].flatMap(([flag = '', name = '']) => [flag, join(this.folder, name)]);
    const daemon = spawn(
      'dockerd',
      [
        ...flags,
        ...['--host', `unix://${this.socket}`, '--cgroup-parent', this.#cgroup],
        ...['--shutdown-timeout', String(shutdownSeconds), '--storage-driver', 'overlay2'],
      ],
      { stdio: ['ignore', log, log], detached: true, env: { ...process.env, PATH: pathWithSbin() } },
    );
    this.#daemon = daemon;
    daemon.on('error', () => {});
    const answers = await until(() => hasEnded(daemon) || this.api.answers(), startMs, 50);
    if (answers && !hasEnded(daemon)) return;
    daemon.kill('SIGKILL');
    throw new Error(`The private engine didn't start:\n${lastLines(readFileSync(logPath, 'utf8'), 10)}`);
  }

  /** SIGKILL: containers and their shims stay, containerd goes with it. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** Containers are stopped as at a shutdown of the machine. */
  async stop(): Promise<void> {
    await this.#end('SIGTERM');
  }

  /** Loads images from a file that `docker save` wrote. */
  async load(archive: string): Promise<void> {
    await run(['docker', '--host', `unix://${this.socket}`, 'load', '--input', archive], { seconds: 300 });
  }

  async #end(name: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const daemon = this.#daemon;
    if (daemon === null || hasEnded(daemon)) return;
    const ended = once(daemon, 'exit');
    daemon.kill(name);
    const alarm = setTimeout(() => daemon.kill('SIGKILL'), (shutdownSeconds + 14) * 1000);
    await ended;
    clearTimeout(alarm);
  }
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null || child.pid === undefined;
}
