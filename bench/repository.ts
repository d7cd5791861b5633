import { cp, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { run } from '../scripts/machine/commands.ts';
import { plainEnvironment } from './measure.ts';

/** A Git repository in a folder of its own, and clones of it: what both sides of a comparison deploy. */
export class Repository {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** Copies `source`, lets `prepare` change the copy, and commits it. */
  static async create(source: string, folder: string, prepare: (folder: string) => Promise<void>): Promise<Repository> {
    await mkdir(dirname(folder), { recursive: true });
    const skipped = [join(source, 'demo'), join(source, 'coverage.xml'), join(source, 'lcov.info')];
    await cp(source, folder, { recursive: true, filter: (path) => !skipped.includes(path) });
    await prepare(folder);
    const repository = new Repository(folder);
    await git(folder, 'init', '--quiet', '--initial-branch=main');
    await repository.#commit('The example');
    return repository;
  }

  /** Writes one file and commits it. */
  async change(path: string, text: string): Promise<void> {
    await writeFile(join(this.folder, path), text);
    await this.#commit(`Change ${path}`);
  }

  /**
   * A checkout of its own, with one untracked file that no other checkout has: the same commit then makes another image,
   * and no side finds in the build cache what the other has built.
   */
  async clone(folder: string, untracked: { path: string; text: string }): Promise<Checkout> {
    await git(this.folder, 'clone', '--quiet', this.folder, folder);
    await writeFile(join(folder, '.git/info/exclude'), `${untracked.path}\n`);
    await writeFile(join(folder, untracked.path), untracked.text);
    return { folder, update: () => git(folder, 'pull', '--quiet', '--ff-only') };
  }

  async #commit(message: string): Promise<void> {
    await git(this.folder, 'add', '--all');
    await git(this.folder, 'commit', '--quiet', `--message=${message}`);
  }
}

export interface Checkout {
  readonly folder: string;
  /** Brings it to the repository's newest commit. */
  update(): Promise<void>;
}

async function git(folder: string, ...args: string[]): Promise<void> {
  // Neither hooks nor signatures nor templates of the person who runs this.
  const plain = { GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' };
  const people = ['AUTHOR', 'COMMITTER'].flatMap((role) => [
    [`GIT_${role}_NAME`, 'Bench'],
    [`GIT_${role}_EMAIL`, 'bench@localhost'],
  ]);
  const env = { ...plainEnvironment(), ...plain, ...Object.fromEntries(people) };
  await run(['git', ...args], { seconds: 60, cwd: folder, env });
}
