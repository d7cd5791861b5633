import { join } from 'node:path';
import { z } from 'zod';
import type { HostFiles } from '../hosts/host.ts';
import { HomeportError } from './error.ts';
import { type Places, releaseFolder } from './places.ts';

/** `release.json`: an immutable, recorded version. */
const releaseSchema = z.object({
  schema: z.literal(1),
  id: z.string(),
  project: z.string(),
  commit: z.string().nullable(),
  branch: z.string().nullable(),
  repository: z.string().nullable(),
  created_at: z.string(),
  /** `candidate` until smoke has passed; only a `good` release is ever gone back to. */
  verdict: z.enum(['candidate', 'good']),
  /** When it was last marked good, by a deployment or a rollback. */
  good_at: z.string().nullable(),
  /** `adopted`: it ran before Homeport came, and was recorded from its containers. */
  origin: z.enum(['deployed', 'adopted']),
  /** SHA-256 over the rendered model and the environment: equal digests run the same thing. */
  digest: z.string(),
  environment_digest: z.string(),
  /** The services that are started; others of the model are not asked for. */
  services: z.record(
    z.string(),
    z.object({
      /** As the rendered model names it. */
      image: z.string(),
      image_id: z.string(),
      /** Keeps the image from being pruned: `<project>-<service>:homeport-<release>`. */
      pin: z.string(),
      /** The name in the user's compose file that moves at `promote`; `null` for images that are not built here. */
      public_name: z.string().nullable(),
      replicas: z.number(),
    }),
  ),
  /** Names under `files/` that the rendered model mounts. */
  files: z.array(z.string()),
  /** Checks as the request had them: a rollback runs those of the release it goes to. */
  smoke: z.array(z.unknown()),
  /** The tracked working directory under `files/`, kept when a smoke check runs a script of it. */
  working_tree: z.string().nullable(),
  working_directory: z.string(),
});
export type Release = z.infer<typeof releaseSchema>;

export function composePath(places: Places, release: string): string {
  return join(releaseFolder(places, release), 'compose.yaml');
}

export function environmentPath(places: Places, release: string): string {
  return join(releaseFolder(places, release), 'environment.json');
}

const environmentSchema = z.record(z.string(), z.string());

/** The release's secrets; empty when it has none. */
export async function readEnvironment(files: HostFiles, places: Places, id: string): Promise<Record<string, string>> {
  const text = await files.readText(environmentPath(places, id));
  return text === null ? {} : environmentSchema.parse(JSON.parse(text));
}

export async function writeRelease(files: HostFiles, places: Places, release: Release): Promise<void> {
  const path = join(releaseFolder(places, release.id), 'release.json');
  await files.writeText(path, `${JSON.stringify(release, null, 2)}\n`, 0o600);
}

/** `null` when there is no such release; throws `HomeportError` when its file can't be understood. */
export async function readRelease(files: HostFiles, places: Places, id: string): Promise<Release | null> {
  const path = join(releaseFolder(places, id), 'release.json');
  const text = await files.readText(path);
  if (text === null) return null;
  try {
    return releaseSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new HomeportError(`The release file ${path} can not be read.`, {
      hint: 'It was damaged or written by another version. Move its folder away and deploy again.',
      cause: error,
    });
  }
}

/** All recorded releases, oldest first. */
export async function listReleases(files: HostFiles, places: Places): Promise<Release[]> {
  const found: Release[] = [];
  for (const entry of await files.list(places.releases)) {
    if (entry.kind !== 'folder') continue;
    const release = await readRelease(files, places, entry.name);
    if (release !== null) found.push(release);
  }
  return found;
}

/** The release that is good and running by the record; `null` before the first good deployment. */
export async function currentRelease(files: HostFiles, places: Places): Promise<Release | null> {
  const target = await files.readLink(places.current);
  return target === null ? null : await readRelease(files, places, target.split('/').at(-1) ?? '');
}

/** Now; where the clock was put back, a moment after every other release was good: their order is told by it. */
export function nextGoodAt(releases: readonly Release[], now: Date): string {
  const moments = releases.flatMap(({ good_at }) => (good_at === null ? [] : [Date.parse(good_at) + 1]));
  return new Date(Math.max(now.getTime(), ...moments)).toISOString();
}

/**
 * The last good release before the running one: where `rollback` goes by itself. Of the older ones the one that was good
 * last: a release that somebody went back from is not where the next one goes back to.
 */
export function releaseBefore(releases: readonly Release[], current: Release | null): Release | null {
  const good = releases.filter((release) => release.verdict === 'good' && release.id !== current?.id);
  const older = current === null ? good : good.filter((release) => release.id < current.id);
  const goodAt = ({ good_at, created_at }: Release) => good_at ?? created_at;
  return older.toSorted((a, b) => (goodAt(a) < goodAt(b) ? -1 : goodAt(a) > goodAt(b) ? 1 : 0)).at(-1) ?? null;
}
