import { posix } from 'node:path';
import { HomeportError } from '../deployment/error.ts';
import { type InspectedContainer, isWithin } from './containers.ts';
import type { DatabaseTarget } from './database.ts';

/** A file of a container as the host has it. */
export interface HostPlace {
  /** Absolute, inside the container. */
  readonly path: string;
  /** Absolute, on the host of the engine; not necessarily readable for this process. */
  readonly hostPath: string;
  /** The folder of the host that is mounted. */
  readonly source: string;
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
