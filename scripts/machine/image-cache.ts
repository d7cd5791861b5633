import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { run, tryRun } from './commands.ts';

const ABANDONED_AFTER_MS = 60 * 60 * 1000;

export function cacheFolder(): string {
  const configured = process.env.XDG_CACHE_HOME ?? '';
  return join(configured === '' ? join(homedir(), '.cache') : configured, 'homeport');
}

/** One image's place in the cache: what it is called, and a digest of everything it is made from. */
export interface CacheKey {
  slug: string;
  digest: string;
}

/** Loads the image, without a tag, and gives its id; undefined where the cache has none, or a broken one. */
export async function loadImage(key: CacheKey): Promise<string | undefined> {
  const path = tarPath(key);
  if (!(await exists(path))) return undefined;
  const answer = await tryRun(['docker', 'load', '--input', path], { seconds: 300 });
  const id = /sha256:[0-9a-f]{64}/.exec(answer.stdout)?.[0];
  if (answer.ok && id !== undefined) return id;
  await rm(path, { force: true });
  return undefined;
}

/** Keeps the image for the next run, in place of older ones of the same name. */
export async function saveImage(key: CacheKey, id: string): Promise<void> {
  const path = tarPath(key);
  // Named by process: two runs may save the same image at once.
  const partial = `${path}.${process.pid}.partial`;
  await mkdir(imagesFolder(), { recursive: true });
  try {
    // By id, not by tag: loading it must not move a tag that is somebody else's by then.
    await run(['docker', 'save', '--output', partial, id], { seconds: 300 });
    await rename(partial, path);
  } finally {
    await rm(partial, { force: true });
  }
  await forgetOlder(key);
}

async function forgetOlder(key: CacheKey): Promise<void> {
  for (const file of await readdir(imagesFolder())) {
    const path = join(imagesFolder(), file);
    if (!file.startsWith(`${key.slug}-`) || path === tarPath(key)) continue;
    // The partial file of a run that is still saving is not ours to take.
    if (file.endsWith('.partial') && !(await isAbandoned(path))) continue;
    await rm(path, { force: true });
  }
}

async function isAbandoned(path: string): Promise<boolean> {
  return stat(path).then(
    ({ mtimeMs }) => Date.now() - mtimeMs > ABANDONED_AFTER_MS,
    () => false,
  );
}

function imagesFolder(): string {
  return join(cacheFolder(), 'images');
}

function tarPath({ slug, digest }: CacheKey): string {
  return join(imagesFolder(), `${slug}-${digest}.tar`);
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
