import { existsSync, lstatSync, readFileSync, realpathSync } from 'node:fs';
import { join, posix, relative, resolve } from 'node:path';
import { exitCodes, HomeportError } from '../deployment/error.ts';
import { tryGit } from '../hosts/git.ts';
import { LocalHost } from '../hosts/local.ts';
import { Redactor } from '../hosts/redactor.ts';

/** What a checkout of the repository would have in it; all paths are relative to its top, with `/`. */
export interface Repository {
  /** Absolute. */
  readonly root: string;
  /** Where the work is: `''` at the top, else a folder such as `apps/shop`. */
  readonly folder: string;
  /** Tracked, or new and not ignored; sorted, without what is far down or other people's. */
  readonly files: readonly string[];
  /** The branch that is deployed. */
  readonly branch: string;
  has(path: string): boolean;
  /** `null` where there is no such file, or one that nobody writes by hand: above 1 MiB. */
  read(path: string): string | null;
}

const foreign = /(^|\/)(node_modules|vendor|\.venv|venv|site-packages|dist|testdata|fixtures|third_party)\//;
const deepest = 6;
const largest = 2 ** 20;

/** Throws `HomeportError` where there is no such folder, or no git repository around it. */
export async function lookAt(workingDirectory: string): Promise<Repository> {
  const place = resolve(workingDirectory);
  if (!existsSync(place) || !lstatSync(realpathSync(place)).isDirectory()) {
    throw new HomeportError(`\`working-directory\`: there is no folder ${place}.`, {
      hint: 'Name one that is there; it is relative to where you are.',
      exitCode: exitCodes.invalid,
    });
  }
  const host = new LocalHost({ redactor: new Redactor() });
  const top = await tryGit(host, place, ['rev-parse', '--show-toplevel']);
  if (!top.ok) {
    throw new HomeportError(`${place} is in no git repository: ${top.said}`, {
      hint: 'Homeport deploys commits: `git init` first, or `--working-directory` with the folder of a checkout.',
    });
  }
  const root = realpathSync(top.stdout.replace(/\n$/, ''));
  const listed = await tryGit(host, root, ['ls-files', '-z', '--cached', '--others', '--exclude-standard']);
  return repositoryOf({
    root,
    folder: relative(root, realpathSync(place)).split('\\').join('/'),
    files: listed.stdout.split('\0').filter((path) => path !== ''),
    branch: await branchOf(host, root),
  });
}

function repositoryOf(facts: Pick<Repository, 'root' | 'folder' | 'files' | 'branch'>): Repository {
  const near = facts.files.filter((path) => path.split('/').length <= deepest && !foreign.test(path));
  const files = [...new Set(near)].filter((path) => existsSync(join(facts.root, path))).sort();
  const known = new Set(files);
  return {
    ...facts,
    files,
    has: (path) => known.has(posix.normalize(path)),
    read: (path) => {
      const normal = posix.normalize(path);
      if (!known.has(normal)) return null;
      const absolute = join(facts.root, normal);
      // A link may lead out of the repository.
      const entry = lstatSync(absolute);
      return entry.isFile() && entry.size <= largest ? readFileSync(absolute, 'utf8') : null;
    },
  };
}

/** That of the remote by preference: whoever starts this may be on a branch of their own. */
async function branchOf(host: LocalHost, root: string): Promise<string> {
  const remote = await tryGit(host, root, ['symbolic-ref', '--quiet', '--short', 'refs/remotes/origin/HEAD']);
  if (remote.ok) return remote.stdout.trim().replace(/^origin\//, '');
  const own = await tryGit(host, root, ['symbolic-ref', '--quiet', '--short', 'HEAD']);
  return own.ok && own.stdout.trim() !== '' ? own.stdout.trim() : 'main';
}

/** `apps/shop` below `apps` → `shop`; `.` for the same folder; `null` for what is not below it. */
export function below(path: string, folder: string): string | null {
  const way = posix.relative(folder, path);
  if (way === '') return '.';
  return way.startsWith('..') ? null : way;
}

/** The folder of a file, `''` at the top. */
export function folderOf(path: string): string {
  const folder = posix.dirname(path);
  return folder === '.' ? '' : folder;
}
