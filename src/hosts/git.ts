import { HomeportError } from '../deployment/error.ts';
import type { Host } from './host.ts';

/**
 * Asks git about a checkout, and gives its standard output. A runner's checkout often belongs to another user than the
 * one who deploys, which git refuses unless the folder is named as safe.
 * Throws `HomeportError` with git's own words.
 */
export async function git(
  host: Host,
  folder: string,
  args: readonly string[],
  options: { env?: Record<string, string>; changes?: true } = {},
): Promise<string> {
  const result = await tryGit(host, folder, args, options);
  if (result.ok) return result.stdout;
  throw new HomeportError(`git ${args[0] ?? ''} failed in ${folder}: ${result.said}`, {
    hint: 'Check that the checkout is whole: `git status` and `git fsck` in that folder.',
  });
}

/** The same, where a failure is an answer. */
export async function tryGit(
  host: Host,
  folder: string,
  args: readonly string[],
  options: { env?: Record<string, string>; changes?: true } = {},
): Promise<{ ok: boolean; stdout: string; said: string }> {
  const result = await host.exec(['git', '-c', 'safe.directory=*', ...args], {
    cwd: folder,
    timeout: 60_000,
    record: false,
    ...options,
  });
  const said = result.outcome === 'not-found' ? result.tail : (result.tail.split('\n').at(-1) ?? '');
  return { ok: result.outcome === 'success', stdout: result.stdout, said };
}
