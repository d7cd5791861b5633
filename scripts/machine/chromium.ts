import { candidateVersion, installPackages, readDistribution, refreshLists } from './apt.ts';
import { findExecutable, isRoot, type Say } from './commands.ts';

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'] as const;

/**
 * The path of a Chromium or Chrome. As root on Debian it is installed where there is none, and `say` hears of it first;
 * Ubuntu's package is only a door to a snap, which is no use in a container.
 * @throws with one sentence that says what to do, where this can't be done here
 */
export async function ensureChromium(say: Say): Promise<string> {
  const own = await installed();
  if (own !== undefined) return own;
  const { id, hasApt } = await readDistribution();
  if (!hasApt || id === 'ubuntu' || !isRoot()) {
    throw new Error('There is no browser for the tests of the HTML pages: install Chromium or Chrome.');
  }
  await refreshLists();
  // Without a font there is nothing to look at.
  const fonts = ['fonts-dejavu-core', 'fonts-noto-color-emoji'];
  const known = await Promise.all(
    fonts.map(async (name) => ((await candidateVersion(name)) === undefined ? [] : [name])),
  );
  const wanted = ['chromium', ...known.flat()];
  say(`Installing a browser with apt: ${wanted.join(', ')}.`);
  await installPackages(wanted);
  const path = await installed();
  if (path === undefined) throw new Error('apt-get installed chromium, but there is no such command on the PATH.');
  return path;
}

async function installed(): Promise<string | undefined> {
  for (const name of names) {
    const path = await findExecutable(name);
    if (path !== undefined) return path;
  }
  return undefined;
}
