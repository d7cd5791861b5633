import { randomBytes } from 'node:crypto';
import { posix } from 'node:path';
import { HomeportError } from '../deployment/error.ts';
import type { ExecResult } from '../hosts/host.ts';
import type { DatabaseContext, DatabaseTarget } from './database.ts';
import { explain } from './explain.ts';
import { nodeScript } from './sqlite-node.ts';
import type { InspectedContainer } from './sqlite-place.ts';
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

interface Run {
  readonly input?: string;
  readonly timeout: number;
  readonly signal: AbortSignal;
}

/** In the service's own container, or where that doesn't run, in one beside it. */
export async function runInside(
  target: DatabaseTarget,
  container: InspectedContainer,
  words: readonly string[],
  context: DatabaseContext,
  run: Run,
): Promise<ExecResult> {
  if (!container.State.Running) return await runBeside(target, container, words, null, context, run);
  const exec = ['exec', '-i', '-u', '0:0', target.container, ...words];
  return await context.host.exec(['docker', ...exec], { ...run, record: false });
}

/** A container of the same image with the same volumes, without a network, for one command. */
export async function runBeside(
  target: DatabaseTarget,
  container: InspectedContainer,
  words: readonly string[],
  backups: string | null,
  { host }: DatabaseContext,
  run: Run,
): Promise<ExecResult> {
  const name = `homeport-sqlite-${randomBytes(6).toString('hex')}`;
  const labels = { ...helperLabels(container), ...notOfCompose };
  const isolation = ['--network', 'none', '--pull', 'never', '--user', '0:0', '--security-opt', 'label=disable'];
  const volumes = [
    '--volumes-from',
    target.container,
    ...(backups === null ? [] : ['-v', `${backups}:${mountedBackups}`]),
  ];
  const [program = '', ...rest] = words;
  const once = [
    ...['run', '--rm', '-i', '--name', name],
    ...Object.entries(labels).flatMap(([label, value]) => ['--label', `${label}=${value}`]),
    ...[...isolation, ...volumes, '--entrypoint', program, target.imageId, ...rest],
  ];
  const result = await host.exec(['docker', ...once], { ...run, changes: true });
  if (result.outcome !== 'success') {
    // A client that was stopped leaves the container at work.
    await host.exec(['docker', 'rm', '--force', '--volumes', name], { timeout: 60_000, record: false });
  }
  return result;
}

/** By which the helpers of one project are found again, whatever became of the container that they were made for. */
function helperLabels(container: InspectedContainer): Record<string, string> {
  const project = container.Config.Labels?.['com.docker.compose.project'] || container.Id;
  return { 'homeport.helper': 'sqlite', 'homeport.project': project };
}

/** Images that Compose built carry its labels: who looks for the containers of a service must not find a helper. */
const notOfCompose = { 'com.docker.compose.project': '', 'com.docker.compose.service': '' };

/**
 * Removes the containers that killed runs left at work on databases of the same project, and waits until they are gone.
 * Throws `HomeportError`.
 */
export async function removeHelpers(container: InspectedContainer, context: DatabaseContext): Promise<void> {
  const { host, signal } = context;
  const filters = Object.entries(helperLabels(container)).flatMap(([label, value]) => [
    '--filter',
    `label=${label}=${value}`,
  ]);
  let said: ExecResult | null = null;
  for (let attempt = 0; attempt < 5; attempt += 1) {
    const listed = await host.exec(['docker', 'ps', '--all', '--quiet', '--no-trunc', ...filters], {
      timeout: 30_000,
      signal,
      record: false,
    });
    if (listed.outcome !== 'success')
      throw explain(listed, 'The containers that a killed backup left could not be listed');
    const ids = listed.stdout.split('\n').filter((id) => id !== '');
    if (ids.length === 0) return;
    // One that goes by itself at this moment makes it fail: the list tells.
    said = await host.exec(['docker', 'rm', '--force', ...ids], { timeout: 60_000, signal, changes: true });
  }
  throw new HomeportError(`A container that a killed backup left at work could not be removed: ${said?.tail ?? ''}`, {
    hint: 'Look at `docker ps --all --filter label=homeport.helper`.',
  });
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
