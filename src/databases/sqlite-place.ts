import { posix } from 'node:path';
import { z } from 'zod';
import { HomeportError } from '../deployment/error.ts';
import type { DatabaseContext, DatabaseTarget } from './database.ts';

const inspected = z.object({
  Id: z.string(),
  State: z.object({ Running: z.boolean() }),
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

/** A file of a container as the host has it. */
export interface HostPlace {
  /** Absolute, inside the container. */
  readonly path: string;
  /** Absolute, on the host of the engine; not necessarily readable for this process. */
  readonly hostPath: string;
  /** The folder of the host that is mounted. */
  readonly source: string;
}

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

/** Where the database file of a target is. Throws `HomeportError` for a place that no backup can be trusted in. */
export function locate(target: DatabaseTarget, path: string, container: InspectedContainer): HostPlace {
  const absolute = posix.resolve(container.Config.WorkingDir || '/', path);
  const mount = container.Mounts.filter((one) => isWithin(absolute, one.Destination)).sort(
    (a, b) => b.Destination.length - a.Destination.length,
  )[0];
  if (mount === undefined) {
    throw new HomeportError(
      `${absolute} of ${target.service} is in no volume: every deployment starts with an empty database there.`,
      { hint: `Mount a volume at ${posix.dirname(absolute)} in the Compose file; \`docker cp\` saves what is there.` },
    );
  }
  if (mount.Type === 'tmpfs' || !mount.Source) {
    throw new HomeportError(`${absolute} of ${target.service} is in memory (tmpfs): a restart loses it.`, {
      hint: `Mount a volume at ${posix.dirname(absolute)} in the Compose file, or take the entry out of \`backup:\`.`,
    });
  }
  if (mount.Destination === absolute) {
    throw new HomeportError(
      `Only the file ${absolute} itself is mounted into ${target.service}: SQLite's log beside it is lost with the container.`,
      { hint: `Mount the folder ${posix.dirname(absolute)} instead of the file.` },
    );
  }
  const hostPath = posix.join(mount.Source, posix.relative(mount.Destination, absolute));
  return { path: absolute, hostPath, source: mount.Source };
}

/** Whether a container has a file of the host mounted, wherever it sees it. */
export function mounts(container: InspectedContainer, hostPath: string): boolean {
  return container.Mounts.some((mount) => mount.Source && isWithin(hostPath, mount.Source));
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith('/') ? folder : `${folder}/`);
}
