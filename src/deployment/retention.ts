import { type Release, releaseBefore } from './release.ts';

/**
 * Releases that may go: beyond the newest `keep` and older than `keepMs`, both. Never the running one, nor the last good
 * one before it.
 */
export function expiredReleases(
  releases: readonly Release[],
  current: Release,
  options: { keep: number; keepMs: number; now: Date },
): Release[] {
  const before = releaseBefore(releases, current);
  const newestFirst = [...releases].sort((a, b) => (a.id < b.id ? 1 : -1));
  return newestFirst.filter((release, index) => {
    if (release.id === current.id || release.id === before?.id) return false;
    const age = options.now.getTime() - Date.parse(release.good_at ?? release.created_at);
    return index >= options.keep && age > options.keepMs;
  });
}

/** Image tags of a release that no kept one starts from: names are carried on where an image didn't change. */
export function unusedTags(release: Release, kept: readonly Release[]): string[] {
  const used = new Set(kept.flatMap((one) => Object.values(one.services).flatMap(({ image, pin }) => [image, pin])));
  const own = Object.values(release.services).flatMap(({ image, pin }) => [image, pin]);
  return [...new Set(own)].filter((tag) => tag.endsWith(`:homeport-${release.id}`) && !used.has(tag));
}

/** Names under `files/` that no kept release mounts. */
export function unusedFiles(names: readonly string[], kept: readonly Release[]): string[] {
  const used = new Set(kept.flatMap((release) => release.files));
  return names.filter((name) => /^[0-9a-f]{40,64}$/.test(name) && !used.has(name));
}
