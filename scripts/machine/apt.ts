import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Answer, isRoot, lastLines, pathWithSbin, run, tryRun } from './commands.ts';

const DEBIAN_KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
// Unattended upgrades hold dpkg's lock for a while after boot: wait for them instead of failing.
const LOCK_SECONDS = 120;
const LOCK = ['-o', `DPkg::Lock::Timeout=${LOCK_SECONDS}`];
const CLOCK_OFF = ['-o', 'Acquire::Check-Valid-Until=false', '-o', 'Acquire::Check-Date=false'];

let clockIsOff = false;

export interface Distribution {
  /** `debian`, `ubuntu`, `fedora` … as in os-release. */
  id: string;
  /** `bookworm`, `noble` …; empty where there is none. */
  codename: string;
  hasApt: boolean;
}

export async function readDistribution(): Promise<Distribution> {
  const text = await readFile('/etc/os-release', 'utf8').catch(() => '');
  const field = (name: string) => new RegExp(`^${name}="?([^"\n]*)"?$`, 'm').exec(text)?.[1] ?? '';
  const family = [field('ID'), ...field('ID_LIKE').split(' ')];
  return {
    id: field('ID'),
    codename: field('VERSION_CODENAME'),
    hasApt: family.includes('debian') || family.includes('ubuntu'),
  };
}

let refreshed: Promise<void> | undefined;

/**
 * Refreshes the machine's package lists, once in this process. A source of the machine's owner that doesn't answer is no
 * reason to stop here: what is missing shows when the package is asked for.
 */
export async function refreshLists(): Promise<void> {
  refreshed ??= update([]);
  await refreshed;
}

async function update(options: readonly string[]): Promise<void> {
  const answer = await aptGet([...options, 'update', '-qq'], 240);
  if (answer.ok || clockIsOff || !/not valid yet|is expired/.test(answer.stderr)) return;
  // A machine whose clock is wrong, or a mirror frozen at a date, fails on the validity of the Release files alone.
  clockIsOff = true;
  await aptGet([...options, 'update', '-qq'], 240);
}

/** Installs packages, never removing one that is there. Wants root and refreshed lists. */
export async function installPackages(packages: readonly string[]): Promise<void> {
  const answer = await aptGet(['install', '-y', '-qq', '--no-install-recommends', '--no-remove', ...packages], 900);
  if (answer.ok) return;
  throw new Error(`apt-get couldn't install ${packages.join(', ')}:\n${lastLines(answer.stderr, 8)}`);
}

/** The version apt would install, or undefined where it knows no such package. */
export async function candidateVersion(name: string): Promise<string | undefined> {
  const { stdout } = await tryRun(['apt-cache', 'policy', name], { seconds: 30 });
  const version = /^ {2}Candidate: (\S+)$/m.exec(stdout)?.[1];
  return version === '(none)' ? undefined : version;
}

/** apt.conf lines that this machine needs to accept its mirror's Release files; none where its clock and mirror agree. */
export async function clockSettings(): Promise<string[]> {
  const { stdout } = await tryRun(['apt-config', 'dump', 'Acquire'], { seconds: 30 });
  return ['Check-Valid-Until', 'Check-Date'].flatMap((name) =>
    clockIsOff || new RegExp(`^Acquire::${name} "(false|no|0)";$`, 'mi').test(stdout)
      ? [`Acquire::${name} "false";`]
      : [],
  );
}

export interface Source {
  uri: string;
  suite: string;
}

/** The suites (`bookworm`, `bookworm-security` …) of this Debian machine's own sources that come from Debian itself. */
export async function debianSources(codename: string): Promise<Source[]> {
  const sources = await listSources(codename);
  if (sources.length > 0 || !isRoot()) return sources;
  // apt tells a source's origin only once it has its lists, and images of Debian come without.
  await refreshLists();
  return listSources(codename);
}

async function listSources(codename: string): Promise<Source[]> {
  const format = '$(REPO_URI)|$(RELEASE)|$(COMPONENT)|$(ORIGIN)';
  const { stdout } = await tryRun(['apt-get', 'indextargets', '--format', format, 'Created-By: Packages'], {
    seconds: 30,
  });
  const suites = [codename, `${codename}-updates`, `${codename}-security`];
  const found = new Map<string, Source>();
  for (const line of stdout.split('\n')) {
    const [uri = '', suite = '', component = '', origin = ''] = line.split('|');
    if (origin === 'Debian' && component === 'main' && suites.includes(suite) && !found.has(suite)) {
      found.set(suite, { uri, suite });
    }
  }
  return [...found.values()];
}

export function sourceLine(source: Source): string {
  return `deb [signed-by=${DEBIAN_KEYRING}] ${source.uri} ${source.suite} main`;
}

/**
 * Downloads packages of another Debian release and unpacks them into `folder`, touching neither this machine's apt lists
 * nor its packages.
 */
export async function unpackFrom(source: Source, packages: readonly string[], folder: string): Promise<void> {
  const work = await mkdtemp(join(tmpdir(), 'homeport-apt-'));
  try {
    const list = join(work, 'sources.list');
    const lists = join(work, 'lists');
    await writeFile(list, `${sourceLine(source)}\n`);
    await mkdir(join(lists, 'partial'), { recursive: true });
    const options = [
      ['-o', `Dir::Etc::sourcelist=${list}`],
      ['-o', 'Dir::Etc::sourceparts=/dev/null'],
      ['-o', `Dir::State::lists=${lists}`],
      // The machine's own package cache would mix its suites in.
      ['-o', 'Dir::Cache::pkgcache='],
      ['-o', 'Dir::Cache::srcpkgcache='],
      // apt's download user may not enter our private folder; root downloads it then, with a warning only.
      ['-o', 'APT::Sandbox::User=root'],
    ].flat();
    await update(options);
    const answer = await aptGet([...options, 'download', '-qq', ...packages], 300, work);
    if (!answer.ok) {
      throw new Error(`apt-get couldn't download ${packages.join(', ')}:\n${lastLines(answer.stderr, 8)}`);
    }
    for (const file of await readdir(work)) {
      if (file.endsWith('.deb')) await run(['dpkg', '-x', join(work, file), folder], { seconds: 120 });
    }
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function aptGet(args: readonly string[], seconds: number, cwd?: string): Promise<Answer> {
  const end = Date.now() + LOCK_SECONDS * 1000;
  for (;;) {
    const answer = await tryRun(['apt-get', ...LOCK, ...(clockIsOff ? CLOCK_OFF : []), ...args], {
      seconds,
      ...(cwd === undefined ? {} : { cwd }),
      env: { DEBIAN_FRONTEND: 'noninteractive', NEEDRESTART_MODE: 'a', LC_ALL: 'C', PATH: pathWithSbin() },
    });
    // apt waits for dpkg's lock itself, but not for the one on its lists.
    if (answer.ok || !answer.stderr.includes('Could not get lock') || Date.now() > end) return answer;
    await sleep(1000);
  }
}
