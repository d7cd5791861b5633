import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  clockSettings,
  debianSources,
  installPackages,
  readDistribution,
  refreshLists,
  type Source,
  sourceLine,
} from './apt.ts';
import { addExtraAuthorities, BUNDLE } from './authorities.ts';
import { findExecutable, isRoot, pathWithSbin, run, type Say } from './commands.ts';

const RELEASE = 'bookworm';

/** What a Debian 12 made here depends on besides the files in its folder. */
export async function debianInputs(): Promise<string[]> {
  const [sources, clock, bundle] = await Promise.all([
    bookwormSources(),
    clockSettings(),
    readFile(BUNDLE, 'utf8').catch(() => ''),
  ]);
  return [...sources.map(sourceLine), ...clock, bundle];
}

/**
 * Makes Debian 12 from its packages with debootstrap, as an image without a tag.
 * @param work an empty folder for it, removed by the caller
 * @param overlay the folder of files to lay over the result
 * @returns the image's id
 */
export async function makeDebian(work: string, overlay: string, say: Say): Promise<string> {
  if (!isRoot() || !(await readDistribution()).hasApt) {
    throw new Error('only root on Debian or Ubuntu can make it from packages');
  }
  const wanted: string[] = [];
  if ((await findExecutable('debootstrap')) === undefined) wanted.push('debootstrap', 'debian-archive-keyring');
  if ((await findExecutable('gpgv')) === undefined) wanted.push('gpgv');
  if (wanted.length > 0) {
    say(`Installing ${wanted.join(', ')} with apt, to make debian:12.`);
    await refreshLists();
    await installPackages(wanted);
  }
  const root = join(work, 'root');
  const sources = await bookwormSources();
  // Without a mirror of the machine's own, debootstrap takes Debian's.
  const mirror = sources.find(({ suite }) => suite === RELEASE)?.uri;
  const env = { LC_ALL: 'C', PATH: pathWithSbin() };
  await run(
    [
      'debootstrap',
      '--variant=minbase',
      '--include=ca-certificates',
      RELEASE,
      root,
      ...(mirror === undefined ? [] : [mirror]),
    ],
    { seconds: 600, env },
  );
  const extra = await finishRoot(root, overlay, sources);

  const tar = join(work, 'root.tar');
  await run(['tar', '-C', root, '--numeric-owner', '-cf', tar, '.'], { seconds: 120 });
  const changes = ['CMD ["bash"]', 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'];
  // Node and pip bring authorities of their own and ask Debian's bundle only when told to.
  if (extra > 0) changes.push(`ENV SSL_CERT_FILE=${BUNDLE} NODE_EXTRA_CA_CERTS=${BUNDLE} PIP_CERT=${BUNDLE}`);
  const id = await run(['docker', 'import', ...changes.flatMap((change) => ['--change', change]), tar], {
    seconds: 120,
  });
  return id.trim();
}

async function finishRoot(root: string, overlay: string, sources: readonly Source[]): Promise<number> {
  await cp(overlay, root, { recursive: true });
  if (sources.length > 0) {
    await writeFile(join(root, 'etc/apt/sources.list'), `${sources.map(sourceLine).join('\n')}\n`);
  }
  const clock = await clockSettings();
  if (clock.length > 0) await writeFile(join(root, 'etc/apt/apt.conf.d/99clock'), `${clock.join('\n')}\n`);
  const extra = await addExtraAuthorities(root);
  await run(['chroot', root, 'update-ca-certificates'], { seconds: 120, env: { LC_ALL: 'C', PATH: pathWithSbin() } });
  // Docker writes these two into each container; the rest is what the packages' installation left behind.
  const leftovers = ['etc/resolv.conf', 'etc/hostname', 'var/cache/apt', 'var/lib/apt/lists', 'var/log/apt'];
  const logs = ['alternatives', 'bootstrap', 'dpkg'].map((name) => `var/log/${name}.log`);
  for (const path of [...leftovers, ...logs]) await rm(join(root, path), { recursive: true, force: true });
  return extra;
}

/** The machine's own Debian mirrors, for bookworm; a Debian of another release has the same ones. */
async function bookwormSources(): Promise<Source[]> {
  const { id, codename } = await readDistribution();
  if (id !== 'debian' || codename === '') return [];
  const sources = await debianSources(codename);
  return sources.map(({ uri, suite }) => ({ uri, suite: suite.replace(codename, RELEASE) }));
}
