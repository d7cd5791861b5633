import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { onTestFinished } from 'vitest';
import { begin, type Ended } from '../support/homeport.ts';

const entry = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

export interface Checkout {
  readonly folder: string;
  /** Without a home, without Docker: only git can be found. */
  homeport(words: readonly string[], environment?: Readonly<Record<string, string>>): Promise<Ended>;
  /** Every file below but git's own, by its path. */
  contents(): Promise<Record<string, string>>;
}

/** A checkout with these files, gone when the test is over. */
export async function checkout(files: Readonly<Record<string, string>>): Promise<Checkout> {
  const folder = await mkdtemp(join(tmpdir(), 'homeport-checkout-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  await execa('git', ['init', '--quiet', '--initial-branch=trunk'], { cwd: folder });
  const bin = join(folder, '.git', 'only-git');
  await mkdir(bin);
  const { stdout: git } = await execa('sh', ['-c', 'command -v git']);
  await writeFile(join(bin, 'git'), `#!/bin/sh\nexec ${git} "$@"\n`, { mode: 0o755 });
  return {
    folder,
    homeport: (words, environment = {}) =>
      begin([entry, ...words], { cwd: folder, env: { PATH: bin, HOME: bin, ...environment }, timeout: 60_000 }).ended,
    contents: async () => {
      const entries = await readdir(folder, { recursive: true, withFileTypes: true });
      const paths = entries.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name));
      const own = paths.filter((path) => !path.startsWith(join(folder, '.git/'))).sort();
      const texts = own.map(async (path) => [path.slice(folder.length + 1), await readFile(path, 'utf8')] as const);
      return Object.fromEntries(await Promise.all(texts));
    },
  };
}
