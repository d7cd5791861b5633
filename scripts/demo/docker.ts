import { execa } from 'execa';
import { z } from 'zod';

const containerSchema = z.object({
  Id: z.string(),
  Image: z.string(),
  State: z.object({ Status: z.string(), Health: z.object({ Status: z.string() }).optional() }),
});

/** The one container of a service, as the engine sees it. */
export interface RunningContainer {
  id: string;
  /** `sha256:…` */
  imageId: string;
  /** `healthy`, or the state where it has no health check. */
  state: string;
}

/**
 * What runs for a service of a Compose project.
 * @throws when that isn't exactly one container
 */
export async function containerOf(project: string, service: string): Promise<RunningContainer> {
  const labels = [`label=${projectLabel(project)}`, `label=com.docker.compose.service=${service}`];
  const ids = await list(['ps', '--quiet', '--no-trunc', ...labels.flatMap((label) => ['--filter', label])]);
  const [id] = ids;
  if (id === undefined || ids.length > 1) {
    throw new Error(`${ids.length} containers of ${service} are running instead of one.`);
  }
  const [container] = z.array(containerSchema).parse(JSON.parse(await docker(['inspect', id])));
  if (container === undefined) throw new Error(`The container ${id} is gone.`);
  const { Id, Image, State } = container;
  return { id: Id, imageId: Image, state: State.Health?.Status ?? State.Status };
}

/**
 * Removes all that a Compose project has on this engine, each by its ID: containers (also such that only mount its
 * volumes), volumes, networks and the images that were built for it.
 */
export async function removeProject(project: string): Promise<void> {
  const ours = ['--filter', `label=${projectLabel(project)}`];
  const volumes = await list(['volume', 'ls', '--quiet', ...ours]);
  const mounting = await Promise.all(
    volumes.map((volume) => list(['ps', '--all', '--quiet', '--no-trunc', '--filter', `volume=${volume}`])),
  );
  const containers = await list(['ps', '--all', '--quiet', '--no-trunc', ...ours]);
  await remove(['rm', '--force', '--volumes'], [...containers, ...mounting.flat()]);
  await remove(['volume', 'rm'], volumes);
  await remove(['network', 'rm'], await list(['network', 'ls', '--quiet', '--no-trunc', ...ours]));
  // By force because an image has several tags; no other project's image has this label.
  await remove(['image', 'rm', '--force'], await list(['image', 'ls', '--quiet', '--no-trunc', ...ours]));
}

function projectLabel(project: string): string {
  return `com.docker.compose.project=${project}`;
}

async function remove(command: readonly string[], ids: readonly string[]): Promise<void> {
  if (ids.length > 0) await docker([...command, ...new Set(ids)]);
}

async function list(args: readonly string[]): Promise<string[]> {
  const lines = (await docker(args)).split('\n');
  return [...new Set(lines.filter((line) => line !== ''))];
}

/** Runs docker and gives its stdout; in a process group of its own, so that a Ctrl-C doesn't end a clean-up half-way. */
async function docker(args: readonly string[]): Promise<string> {
  const result = await execa('docker', args, { reject: false, stdin: 'ignore', timeout: 60_000, detached: true });
  if (result.failed) throw new Error(result.stderr.trim() || result.shortMessage);
  return result.stdout;
}
