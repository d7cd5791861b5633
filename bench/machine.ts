import { cpus, loadavg, release, totalmem } from 'node:os';
import { tryRun } from '../scripts/machine/commands.ts';
import { version } from '../src/version.ts';

/** What the numbers depend on. */
export interface Machine {
  readonly processor: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly kernel: string;
  readonly node: string;
  readonly docker: string;
  readonly compose: string;
  readonly homeport: string;
  /** Of the minute before the start. */
  readonly load: number;
}

export async function describeMachine(): Promise<Machine> {
  const [docker, compose] = await Promise.all([
    tryRun(['docker', 'version', '--format', '{{.Server.Version}}'], { seconds: 20 }),
    tryRun(['docker', 'compose', 'version', '--short'], { seconds: 20 }),
  ]);
  return {
    processor: cpus()[0]?.model.trim() || 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.versions.node,
    docker: docker.stdout.trim(),
    compose: compose.stdout.trim(),
    homeport: version,
    load: Math.round((loadavg()[0] ?? 0) * 100) / 100,
  };
}
