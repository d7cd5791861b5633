import { HomeportError } from '../../deployment/error.ts';
import { releaseTag } from '../../deployment/ids.ts';
import type { Release } from '../../deployment/release.ts';
import type { Host } from '../../hosts/host.ts';
import type { ComposeModel } from './model.ts';
import { imageIdsOf } from './observe.ts';

/** Where the image of a service in a release comes from. */
export interface ImageSource {
  readonly service: string;
  /** `built`: by this deployment; `local`: was there before; `pulled`: somebody else's image. */
  readonly from: 'built' | 'local' | 'pulled';
  /** The name under which it is found once it is there. */
  readonly name: string;
  /** The name in the user's compose file that moves at `promote`; `null` for somebody else's image. */
  readonly publicName: string | null;
  /** The service whose `build` makes it; `null` when nothing is built. */
  readonly builder: string | null;
}

/**
 * Says for each service where its image comes from. A service without a `build` of its own that shares the image name of
 * one that is built follows that one.
 */
export function imageSources(
  model: ComposeModel,
  options: { project: string; release: string; services: readonly string[]; build: boolean },
): ImageSource[] {
  const publicNames = new Map<string, string>();
  for (const [name, service] of Object.entries(model.services)) {
    if (service.build !== undefined) publicNames.set(wholeName(service.image ?? `${options.project}-${name}`), name);
  }
  return options.services.map((name): ImageSource => {
    const service = model.services[name];
    const publicName = service?.image ?? `${options.project}-${name}`;
    const builder = service?.build === undefined ? publicNames.get(wholeName(publicName)) : name;
    if (builder === undefined)
      return { service: name, from: 'pulled', name: publicName, publicName: null, builder: null };
    if (!options.build) return { service: name, from: 'local', name: publicName, publicName, builder: null };
    const tag = releaseTag(options.project, builder, options.release);
    return { service: name, from: 'built', name: tag, publicName, builder };
  });
}

/** `app`, `app:latest` and `docker.io/library/app` are one image to the engine. */
export function wholeName(name: string): string {
  const short = name.replace(/^(?:index\.)?docker\.io\//, '').replace(/^library\//, '');
  return /[:@]/.test(short.slice(short.lastIndexOf('/') + 1)) ? short : `${short}:latest`;
}

/**
 * Which name and image each service gets. Where the current release runs the very same content, its name is carried on:
 * Compose would recreate a container for a new name alone.
 * Throws `HomeportError` where an image isn't there.
 */
export async function settleImages(
  host: Host,
  sources: readonly ImageSource[],
  current: Release | null,
): Promise<Record<string, { name: string; id: string }>> {
  const names = sources.flatMap(({ name, service }) => [name, current?.services[service]?.image ?? name]);
  const ids = await imageIdsOf(host, names);
  const settled = await Promise.all(
    sources.map(async (source) => [source.service, await settle(host, source, current, ids)] as const),
  );
  return Object.fromEntries(settled);
}

async function settle(
  host: Host,
  source: ImageSource,
  current: Release | null,
  ids: ReadonlyMap<string, string | null>,
): Promise<{ name: string; id: string }> {
  const before = current?.services[source.service];
  const id = ids.get(source.name) ?? null;
  if (id === null) {
    throw new HomeportError(`The image ${source.name} of the service ${source.service} is not on this host.`, {
      hint:
        source.from === 'local'
          ? 'Set `build: true`, or build it before this step.'
          : 'Check the image name and that its registry can be reached from the host.',
    });
  }
  const same =
    before !== undefined &&
    ids.get(before.image) === before.image_id &&
    (before.image_id === id || (source.from === 'built' && (await sameContent(host, before.image_id, id))));
  return same ? { name: before.image, id: before.image_id } : { name: source.name, id };
}

/** Whether two images hold the same layers and settings: a new build may differ in nothing but its date. */
async function sameContent(host: Host, one: string, other: string): Promise<boolean> {
  const format = '{{json .RootFS.Layers}} {{json .Config}}';
  const argv = ['docker', 'image', 'inspect', '--format', format, one, other] as const;
  const told = await host.exec(argv, { timeout: 30_000, record: false });
  const [a, b] = told.stdout.trim().split('\n');
  return told.outcome === 'success' && a !== undefined && a === b;
}

/** Gives an image one more name. Throws `HomeportError`. */
export async function tagImage(host: Host, id: string, name: string): Promise<void> {
  const result = await host.exec(['docker', 'tag', id, name], { timeout: 30_000, record: false, changes: true });
  if (result.outcome === 'success') return;
  throw new HomeportError(`The image ${id.slice(0, 19)} could not be tagged as ${name}: ${result.tail}`, {
    hint: 'Look at `docker images` on the host.',
  });
}

/** Takes a name away from an image; gone already, or in use by a container, is fine. Throws where the engine is gone. */
export async function untagImage(host: Host, name: string): Promise<void> {
  const result = await host.exec(['docker', 'rmi', '--no-prune', name], {
    timeout: 60_000,
    record: false,
    changes: true,
  });
  if (result.outcome === 'success' || /no such image|conflict/i.test(result.tail)) return;
  throw new HomeportError(`The image name ${name} could not be removed: ${result.tail}`, {
    hint: 'The next command tries it again.',
  });
}
