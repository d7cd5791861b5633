import { z } from 'zod';
import { HomeportError } from '../deployment/error.ts';
import type { DatabaseContext, DatabaseTarget } from './database.ts';
import { explain } from './explain.ts';

const inspected = z.object({
  Id: z.string(),
  State: z.object({ Running: z.boolean(), Paused: z.boolean().optional() }),
  Config: z.object({
    WorkingDir: z.string().nullish(),
    Entrypoint: z.array(z.string()).nullish(),
    Labels: z.record(z.string(), z.string()).nullish(),
  }),
  Mounts: z
    .array(z.object({ Type: z.string(), Source: z.string().nullish(), Destination: z.string() }))
    .nullish()
    .transform((mounts) => mounts ?? []),
});

export type InspectedContainer = z.infer<typeof inspected>;

/** Throws `HomeportError` when the engine doesn't know a container. */
export async function inspectContainers(
  ids: readonly string[],
  context: DatabaseContext,
): Promise<InspectedContainer[]> {
  if (ids.length === 0) return [];
  const { host, signal } = context;
  const argv = ['docker', 'inspect', '--type', 'container', ...ids] as const;
  const result = await host.exec(argv, { timeout: Math.min(context.timeout, 60_000), signal, record: false });
  const parsed = z.array(inspected).safeParse(result.outcome === 'success' ? JSON.parse(result.stdout) : null);
  if (parsed.success) return parsed.data;
  throw new HomeportError(`The containers of the database could not be inspected: ${result.tail.split('\n').at(-1)}`, {
    hint: 'Look at `docker ps` and `systemctl status docker` on the host.',
  });
}

/**
 * The containers of the same Compose project that run with a file or folder of the host in one of their mounts, or with a
 * part of it. Throws `HomeportError`.
 */
export async function runningUsers(
  target: DatabaseTarget,
  container: InspectedContainer,
  hostPath: string,
  context: DatabaseContext,
): Promise<InspectedContainer[]> {
  const project = container.Config.Labels?.['com.docker.compose.project'];
  if (project === undefined) return container.State.Running ? [container] : [];
  const filter = `label=com.docker.compose.project=${project}`;
  const argv = ['docker', 'ps', '--quiet', '--no-trunc', '--filter', filter] as const;
  const listed = await context.host.exec(argv, { timeout: 30_000, record: false });
  if (listed.outcome !== 'success')
    throw explain(listed, `The containers beside ${target.service} could not be listed`);
  const ids = listed.stdout.split('\n').filter((id) => id !== '');
  const containers = await inspectContainers(ids, context);
  return containers.filter((one) => one.State.Running && mounts(one, hostPath));
}

/**
 * Stops the project's running containers that have a file or folder mounted, and starts them again whatever happens in
 * between. Throws `HomeportError`.
 */
export async function whileStopped<T>(
  target: DatabaseTarget,
  place: { readonly container: InspectedContainer; readonly hostPath: string },
  context: DatabaseContext,
  work: () => Promise<T>,
): Promise<T> {
  const users = (await runningUsers(target, place.container, place.hostPath, context)).map(({ Id }) => Id);
  if (users.length === 0) return await work();
  try {
    await docker(['stop', ...users], 'stopped', context);
    return await work();
  } finally {
    await docker(['start', ...users], `started again after the work on ${target.database}`, context);
  }
}

async function docker(words: readonly string[], what: string, context: DatabaseContext): Promise<void> {
  const result = await context.host.exec(['docker', ...words], { timeout: 120_000, changes: true });
  if (result.outcome !== 'success') {
    throw explain(result, `The containers that use the database could not be ${what}`, 'Look at `docker ps --all`.');
  }
}

function mounts(container: InspectedContainer, hostPath: string): boolean {
  return container.Mounts.some(({ Source }) => Source && (isWithin(hostPath, Source) || isWithin(Source, hostPath)));
}

/** Whether a path is a folder, or somewhere in it. Both are absolute. */
export function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith('/') ? folder : `${folder}/`);
}
