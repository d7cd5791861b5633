import { randomBytes } from 'node:crypto';
import { HomeportError } from '../deployment/error.ts';
import type { ExecOptions, ExecResult } from '../hosts/host.ts';
import type { InspectedContainer } from './containers.ts';
import type { DatabaseContext, DatabaseTarget } from './database.ts';
import { explain } from './explain.ts';

export type HelperRun = Pick<ExecOptions, 'input' | 'output' | 'timeout' | 'signal' | 'env'>;

export interface BesideRun extends HelperRun {
  /** Flags of `docker run` that give the helper volumes; none for one that needs no data of the service. */
  readonly volumes: readonly string[];
}

/** The words and the environment of a shell script whose standard input is data; its text would only fill the log. */
export function scriptWords(script: string, ...args: string[]): { words: string[]; env: Record<string, string> } {
  return { words: ['sh', '-c', 'eval "$HOMEPORT_SCRIPT"', 'homeport', ...args], env: { HOMEPORT_SCRIPT: script } };
}

/** A container of the service's own image, without a network, for one command. It goes when the command has ended. */
export async function runBeside(
  target: DatabaseTarget,
  container: InspectedContainer,
  words: readonly string[],
  { volumes, ...run }: BesideRun,
  { host }: DatabaseContext,
): Promise<ExecResult> {
  const name = `homeport-${target.kind}-${randomBytes(6).toString('hex')}`;
  const labels = { ...helperLabels(target.kind, container), ...notOfCompose };
  const isolation = ['--network', 'none', '--pull', 'never', '--user', '0:0', '--security-opt', 'label=disable'];
  // Else the engine would keep all that it prints, a whole archive perhaps, as the container's log.
  const unlogged = ['--log-driver', 'none'];
  const [program = '', ...rest] = words;
  const once = [
    ...['run', '--rm', '-i', '--name', name],
    ...Object.entries(labels).flatMap(([label, value]) => ['--label', `${label}=${value}`]),
    ...Object.keys(run.env ?? {}).flatMap((variable) => ['-e', variable]),
    ...[...isolation, ...unlogged, ...volumes, '--entrypoint', program, target.imageId, ...rest],
  ];
  const result = await host.exec(['docker', ...once], { ...run, changes: true });
  if (result.outcome !== 'success') {
    // A client that was stopped leaves the container at work.
    await host.exec(['docker', 'rm', '--force', '--volumes', name], { timeout: 60_000, record: false });
  }
  return result;
}

/** By which the helpers of one project are found again, whatever became of the container that they were made for. */
function helperLabels(kind: string, container: InspectedContainer): Record<string, string> {
  const project = container.Config.Labels?.['com.docker.compose.project'] || container.Id;
  return { 'homeport.helper': kind, 'homeport.project': project };
}

/** Images that Compose built carry its labels: who looks for the containers of a service must not find a helper. */
const notOfCompose = { 'com.docker.compose.project': '', 'com.docker.compose.service': '' };

/**
 * Removes the containers that killed runs left at work on databases of the same kind and project, and waits until they
 * are gone. Throws `HomeportError`.
 */
export async function removeHelpers(
  kind: string,
  container: InspectedContainer,
  context: DatabaseContext,
): Promise<void> {
  const { host, signal } = context;
  const filters = Object.entries(helperLabels(kind, container)).flatMap(([label, value]) => [
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
    said = await host.exec(['docker', 'rm', '--force', '--volumes', ...ids], {
      timeout: 60_000,
      signal,
      changes: true,
    });
  }
  throw new HomeportError(`A container that a killed backup left at work could not be removed: ${said?.tail ?? ''}`, {
    hint: 'Look at `docker ps --all --filter label=homeport.helper`.',
  });
}
