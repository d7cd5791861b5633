import { createHash } from 'node:crypto';
import { copyFile, cp, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { installPackages, readDistribution, refreshLists } from './apt.ts';
import { findExecutable, isRoot, run, type Say, tryRun } from './commands.ts';
import { debianInputs, makeDebian } from './debian-base.ts';
import { type CacheKey, loadImage, saveImage } from './image-cache.ts';

const RECIPES = join(import.meta.dirname, '../images');
// The npm that Node 24 comes with is a little older or newer with each release; 11 is its major version.
const NPM_VERSION = '11.19.1';

export const BASE_IMAGES = [
  'debian:12',
  'busybox:stable',
  'node:24-slim',
  'python:3.11-slim',
  'postgres:15',
  'mariadb:11',
  'redis:7',
] as const;
export type BaseImage = (typeof BASE_IMAGES)[number];

export interface StandIn {
  id: string;
  /** Loaded from an earlier run's file instead of made anew. */
  isFromCache: boolean;
}

/**
 * Makes images that stand in for the official ones where no registry answers, from the distribution's and npm's packages,
 * and keeps them in the cache. They have no tag, only an id.
 */
export class StandIns {
  readonly #say: Say;
  #debian: Promise<StandIn> | undefined;
  // Named by process: another run may come to its end, and untag its own base, while this one builds.
  readonly #baseTag = `homeport-base:debian-12-${process.pid}`;

  constructor(say: Say) {
    this.#say = say;
  }

  async make(name: BaseImage): Promise<StandIn> {
    if (name === 'debian:12') return this.#makeDebianOnce();
    return this.#cached(name, (work) => this.#build(name, work));
  }

  /** Gives up the tag that Debian had while the others were built on it. */
  async close(): Promise<void> {
    if (this.#debian === undefined) return;
    await this.#debian.then(
      () => tryRun(['docker', 'image', 'rm', this.#baseTag], { seconds: 60 }),
      () => undefined,
    );
  }

  async #makeDebianOnce(): Promise<StandIn> {
    this.#debian ??= this.#cached('debian:12', (work) =>
      makeDebian(work, join(RECIPES, 'debian-12/rootfs'), this.#say),
    ).then(async (debian) => {
      await run(['docker', 'tag', debian.id, this.#baseTag], { seconds: 30 });
      return debian;
    });
    return this.#debian;
  }

  async #cached(name: BaseImage, make: (work: string) => Promise<string>): Promise<StandIn> {
    const key = await cacheKey(name);
    const cached = await loadImage(key);
    if (cached !== undefined) return { id: cached, isFromCache: true };
    const work = await mkdtemp(join(tmpdir(), 'homeport-image-'));
    try {
      const id = await make(work);
      // A full disk costs the next run its time, nothing else.
      await saveImage(key, id).catch((error: Error) => this.#say(`Not kept for the next time: ${error.message}`));
      return { id, isFromCache: false };
    } finally {
      await rm(work, { recursive: true, force: true });
    }
  }

  async #build(name: Exclude<BaseImage, 'debian:12'>, work: string): Promise<string> {
    const context = join(work, 'context');
    await cp(join(RECIPES, slugOf(name)), context, { recursive: true });
    if (name === 'busybox:stable') {
      await addBusybox(context, this.#say);
      return buildImage(context, work, {});
    }
    // npm's package can be fetched while Debian is being made.
    const nodeVersion = name === 'node:24-slim' ? addNode(context) : undefined;
    const [version] = await Promise.all([nodeVersion, this.#makeDebianOnce()]);
    return buildImage(context, work, {
      BASE: this.#baseTag,
      ...(version === undefined ? {} : { NODE_VERSION: version }),
    });
  }
}

async function buildImage(context: string, work: string, args: Readonly<Record<string, string>>): Promise<string> {
  const idFile = join(work, 'id');
  // The builder of the engine in use: one made with `buildx create` sees neither the engine's images nor fills them.
  const builder = await run(['docker', 'context', 'inspect', '--format', '{{.Name}}'], { seconds: 30 });
  const buildArgs = Object.entries(args).flatMap(([key, value]) => ['--build-arg', `${key}=${value}`]);
  await run(
    [
      'docker',
      'buildx',
      'build',
      ...['--builder', builder.trim(), '--load', '--provenance=false', '--no-cache', '--progress=plain'],
      ...['--iidfile', idFile, ...buildArgs, context],
    ],
    { seconds: 900 },
  );
  return (await readFile(idFile, 'utf8')).trim();
}

async function addBusybox(context: string, say: Say): Promise<void> {
  // Debian's path for it: another busybox on the machine may need libraries, which the image doesn't have.
  const path = '/bin/busybox';
  const owned = await run(['dpkg', '-S', path], { seconds: 30 }).catch(() => '');
  if (!owned.startsWith('busybox-static:')) {
    if (!isRoot() || !(await readDistribution()).hasApt) {
      throw new Error('only root on Debian or Ubuntu can make it from packages');
    }
    say('Installing busybox-static with apt, to make busybox:stable.');
    await refreshLists();
    await installPackages(['busybox-static']);
  }
  await copyFile(path, join(context, 'busybox'));
}

/** Puts Node's binary and npm into the build context and gives Node's version. */
async function addNode(context: string): Promise<string> {
  const { version, binary } = await nodePackage();
  const npm = join(context, 'npm');
  await mkdir(npm);
  await Promise.all([copyFile(binary, join(context, 'node')), fetchNpm(npm)]);
  return version;
}

async function nodePackage(): Promise<{ version: string; binary: string }> {
  const name = `node-linux-${process.arch}`;
  const manifest = createRequire(import.meta.url).resolve(`${name}/package.json`);
  const { version }: { version: string } = JSON.parse(await readFile(manifest, 'utf8'));
  return { version, binary: join(dirname(manifest), 'bin/node') };
}

async function fetchNpm(folder: string): Promise<void> {
  const npm = (await findExecutable('npm')) ?? 'npm';
  await run([npm, 'pack', `npm@${NPM_VERSION}`, '--silent', '--pack-destination', folder], {
    seconds: 120,
    cwd: folder,
  });
  const tarball = `npm-${NPM_VERSION}.tgz`;
  await run(['tar', '-xzf', tarball, '--strip-components=1', '--no-same-owner'], { seconds: 60, cwd: folder });
  await rm(join(folder, tarball));
}

/** A digest of everything the image is made from: its folder, this code, and what the machine adds to it. */
async function cacheKey(name: BaseImage): Promise<CacheKey> {
  const hash = createHash('sha256');
  const inputs = name === 'busybox:stable' ? [] : await debianInputs();
  if (name === 'node:24-slim') inputs.push((await nodePackage()).version, NPM_VERSION);
  for (const input of [process.arch, ...inputs]) hash.update(`${input}\0`);
  const code = ['stand-ins.ts', 'debian-base.ts', 'authorities.ts'].map((file) => join(import.meta.dirname, file));
  const folders = name === 'busybox:stable' ? [slugOf(name)] : ['debian-12', slugOf(name)];
  const files = await Promise.all(folders.map((folder) => filesUnder(join(RECIPES, folder))));
  for (const file of [...code, ...files.flat()]) hash.update(await readFile(file)).update('\0');
  return { slug: slugOf(name), digest: hash.digest('hex').slice(0, 16) };
}

async function filesUnder(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** `node:24-slim` is `node-24-slim` in a file's name. */
function slugOf(name: BaseImage): string {
  return name.replace(':', '-');
}
