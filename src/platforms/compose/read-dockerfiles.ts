import { resolve } from 'node:path';
import type { Host } from '../../hosts/host.ts';
import type { ComposeModel } from './model.ts';
import { unescapeDollars } from './mounts.ts';

/** The texts of the Dockerfiles by service; one that can't be read is left out, which is for the build to complain about. */
export async function readDockerfiles(
  host: Host,
  model: ComposeModel,
  services: readonly string[],
): Promise<Record<string, string>> {
  const read = services.map(async (name) => {
    const { context, dockerfile, dockerfile_inline: inline } = model.services[name]?.build ?? {};
    if (inline !== undefined) return [[name, unescapeDollars(inline)]];
    if (context === undefined) return [];
    const path = resolve(unescapeDollars(context), unescapeDollars(dockerfile ?? 'Dockerfile'));
    const text = await host.files.readText(path).catch(() => null);
    return text === null ? [] : [[name, text]];
  });
  return Object.fromEntries((await Promise.all(read)).flat());
}
