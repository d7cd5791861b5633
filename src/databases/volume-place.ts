import { posix } from 'node:path';
import { HomeportError } from '../deployment/error.ts';
import { type InspectedContainer, inspectContainers, isWithin } from './containers.ts';
import type { DatabaseContext, DatabaseTarget } from './database.ts';

/** A folder of a container that lasts longer than it. */
export interface VolumePlace {
  readonly container: InspectedContainer;
  /** Absolute, inside the container. */
  readonly folder: string;
  /** Absolute, on the host of the engine. */
  readonly hostPath: string;
}

/** Throws `HomeportError` for a folder that can't be backed up as a whole. */
export async function volumePlace(target: DatabaseTarget, context: DatabaseContext): Promise<VolumePlace> {
  const [container] = await inspectContainers([target.container], context);
  if (container === undefined || target.path === undefined) {
    throw new HomeportError(`The volume of ${target.service} has no path or no container.`, {
      hint: 'Give it a `path:` under `backup:`.',
    });
  }
  return { container, ...locateFolder(target.service, target.path, container) };
}

/** Pure. */
export function locateFolder(
  service: string,
  path: string,
  container: InspectedContainer,
): Pick<VolumePlace, 'folder' | 'hostPath'> {
  const folder = posix.resolve(container.Config.WorkingDir || '/', path);
  const mount = container.Mounts.filter((one) => isWithin(folder, one.Destination)).sort(
    (a, b) => b.Destination.length - a.Destination.length,
  )[0];
  if (mount === undefined) {
    throw new HomeportError(
      `${folder} of ${service} is in no volume: every deployment starts with an empty one there.`,
      {
        hint: `Mount a volume at ${folder} in the Compose file; \`docker cp\` saves what is there.`,
      },
    );
  }
  if (mount.Type === 'tmpfs' || !mount.Source) {
    throw new HomeportError(`${folder} of ${service} is in memory (tmpfs): a restart loses it.`, {
      hint: `Mount a volume at ${folder} in the Compose file, or take the entry out of \`backup:\`.`,
    });
  }
  const inner = container.Mounts.find(({ Destination }) => Destination !== folder && isWithin(Destination, folder));
  if (inner !== undefined) {
    throw new HomeportError(`${folder} of ${service} has another mount in it, ${inner.Destination}.`, {
      hint: 'A restore puts a whole folder in its place, which no mount can be moved with: name the folders beside it, each in an entry of its own.',
    });
  }
  return { folder, hostPath: posix.join(mount.Source, posix.relative(mount.Destination, folder)) };
}
