import { chmod, copyFile, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { candidateVersion, debianSources, installPackages, readDistribution, refreshLists, unpackFrom } from './apt.ts';
import { isRoot, type Say, tryRun } from './commands.ts';

const OLDEST_COMPOSE = [2, 20] as const;
const PLUGIN_FOLDER = '/usr/local/lib/docker/cli-plugins';

const plugins = {
  // Docker's own packages first: they are there only where Docker's repository was set up on purpose.
  compose: { title: 'Docker Compose', packages: ['docker-compose-plugin', 'docker-compose-v2', 'docker-compose'] },
  buildx: { title: 'Docker buildx', packages: ['docker-buildx-plugin', 'docker-buildx'] },
} as const;

type Plugin = keyof typeof plugins;

/**
 * Makes sure that `docker compose` (2.20 or newer) and `docker buildx` work, installing what is missing as root on
 * Debian and Ubuntu.
 * @throws with one sentence that says what to install, where this can't be done here
 */
export async function ensurePlugins(say: Say): Promise<void> {
  const missing = await missingPlugins();
  if (missing.length === 0) return;
  const titles = missing.map((plugin) => plugins[plugin].title).join(' and ');
  const distribution = await readDistribution();
  if (!isRoot() || !distribution.hasApt) throw new Error(advice(missing));

  say(`Installing ${titles}, which the docker command lacks.`);
  await refreshLists();
  const packages = await Promise.all(missing.map(packageOf));
  if (packages.every((name) => name !== undefined)) {
    await installPackages(packages);
  } else {
    await unpackFromTrixie(missing, distribution.codename);
  }
  const still = await missingPlugins();
  if (still.length > 0) throw new Error(advice(still));
}

/** `2.26.1-4`, `v2.40.3`, `5.5.1+ds`: is this a Compose that Homeport works with? */
export function isComposeNewEnough(version: string): boolean {
  const parts = /^v?(\d+)\.(\d+)/.exec(version.trim());
  if (parts === null) return false;
  const [major, minor] = [Number(parts[1]), Number(parts[2])];
  return major > OLDEST_COMPOSE[0] || (major === OLDEST_COMPOSE[0] && minor >= OLDEST_COMPOSE[1]);
}

async function missingPlugins(): Promise<Plugin[]> {
  const [compose, buildx] = await Promise.all([
    tryRun(['docker', 'compose', 'version', '--short'], { seconds: 20 }),
    tryRun(['docker', 'buildx', 'version'], { seconds: 20 }),
  ]);
  const missing: Plugin[] = [];
  if (!compose.ok || !isComposeNewEnough(compose.stdout)) missing.push('compose');
  if (!buildx.ok) missing.push('buildx');
  return missing;
}

async function packageOf(plugin: Plugin): Promise<string | undefined> {
  for (const name of plugins[plugin].packages) {
    const version = await candidateVersion(name);
    if (version === undefined) continue;
    // Debian 12's docker-compose is the old Python program 1.29, no plugin. An epoch (`5:`) may stand first.
    if (plugin === 'buildx' || isComposeNewEnough(version.replace(/^\d+:/, ''))) return name;
  }
  return undefined;
}

/** Debian 12 and older have no such packages; the next release's are single static files that run there. */
async function unpackFromTrixie(missing: readonly Plugin[], codename: string): Promise<void> {
  const source = (await debianSources(codename)).find(({ suite }) => suite === codename);
  if (source === undefined) throw new Error(advice(missing));
  const work = await mkdtemp(join(tmpdir(), 'homeport-plugins-'));
  try {
    const packages = missing.map((plugin) => `docker-${plugin}`);
    await unpackFrom({ uri: source.uri, suite: 'trixie' }, packages, work);
    await mkdir(PLUGIN_FOLDER, { recursive: true });
    for (const name of packages) {
      const fresh = join(PLUGIN_FOLDER, `.${name}.${process.pid}`);
      await copyFile(join(work, 'usr/libexec/docker/cli-plugins', name), fresh);
      await chmod(fresh, 0o755);
      await rename(fresh, join(PLUGIN_FOLDER, name));
    }
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

function advice(missing: readonly Plugin[]): string {
  const wanted = missing.map((plugin) =>
    plugin === 'compose'
      ? `Docker Compose ${OLDEST_COMPOSE.join('.')} or newer (docker-compose-plugin)`
      : 'Docker buildx (docker-buildx-plugin)',
  );
  return `Please install ${wanted.join(' and ')}: https://docs.docker.com/engine/install/ has the packages for each distribution.`;
}
