import { posix } from 'node:path';
import { HomeportError } from '../deployment/error.ts';
import type { ExecResult } from '../hosts/host.ts';
import type { InspectedContainer } from './containers.ts';
import type { DatabaseContext, DatabaseTarget } from './database.ts';
import { explain } from './explain.ts';
import { type HelperRun, runBeside } from './helper-container.ts';
import { nodeScript } from './sqlite-node.ts';
import { pythonScript } from './sqlite-python.ts';
import { shellScript } from './sqlite-shell.ts';

/** A program of the service's image that can work with its database. */
export interface Interpreter {
  readonly program: string;
  readonly arguments: readonly string[];
  readonly script: string;
  readonly probe: readonly string[];
}

/** Where a container of ours sees the folder of backups. */
export const mountedBackups = '/homeport-backups';

/** In the service's own container, or where that doesn't run, in one beside it. */
export async function runInside(
  target: DatabaseTarget,
  container: InspectedContainer,
  words: readonly string[],
  context: DatabaseContext,
  run: HelperRun,
): Promise<ExecResult> {
  if (!container.State.Running)
    return await runBeside(
      target,
      container,
      words,
      { ...run, volumes: ['--volumes-from', target.container] },
      context,
    );
  const exec = ['exec', '-i', '-u', '0:0', target.container, ...words];
  return await context.host.exec(['docker', ...exec], { ...run, record: false });
}

/** Throws `HomeportError` when the image has nothing to work with. */
export async function findInterpreter(
  target: DatabaseTarget,
  container: InspectedContainer,
  context: DatabaseContext,
): Promise<Interpreter> {
  const entrypoint = container.Config.Entrypoint?.[0] ?? '';
  const nodes = posix.basename(entrypoint) === 'node' ? ['node', entrypoint] : ['node'];
  const candidates: Interpreter[] = [
    ...nodes.map((program) => ({
      program,
      arguments: ['--no-warnings', '-'],
      script: nodeScript,
      probe: [program, '--no-warnings', '-e', "if (!require('node:sqlite').backup) process.exit(1)"],
    })),
    { program: 'python3', arguments: ['-'], script: pythonScript, probe: ['python3', '-c', 'import sqlite3'] },
    { program: 'sh', arguments: ['-s'], script: shellScript, probe: ['sqlite3', '--version'] },
  ];
  const run = { timeout: 30_000, signal: context.signal };
  for (const candidate of candidates) {
    const result = await runInside(target, container, candidate.probe, context, run);
    if (result.outcome === 'success') return candidate;
    if (result.outcome === 'cancelled') throw explain(result, `The database of ${target.service}`);
  }
  throw new HomeportError(
    `The SQLite database of ${target.service} belongs to another user, and its image has neither node (22.16 or later), python3 nor sqlite3 to back it up with.`,
    { hint: 'Install `sqlite3` in the image, or let Homeport run as root or as the owner of the file.' },
  );
}
