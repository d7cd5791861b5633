import { chownSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { git, tryGit } from '../../src/hosts/git.ts';
import { localHost, temporaryFolder } from './support.ts';

describe('git', () => {
  it('gives what it printed', async () => {
    const folder = temporaryFolder();
    await git(localHost(), folder, ['init', '--quiet', '--initial-branch', 'main']);
    expect(await git(localHost(), folder, ['symbolic-ref', 'HEAD'])).toBe('refs/heads/main\n');
  });

  it('tells in its own words why it failed, and what to do', async () => {
    const failing = git(localHost(), temporaryFolder(), ['rev-parse', 'HEAD']);
    await expect(failing).rejects.toMatchObject({
      message: expect.stringMatching(/^git rev-parse failed in .*not a git repository/),
      hint: expect.stringContaining('git status'),
    });
  });

  it('can have a failure as its answer', async () => {
    expect(await tryGit(localHost(), temporaryFolder(), ['rev-parse', 'HEAD'])).toMatchObject({
      ok: false,
      said: expect.stringContaining('not a git repository'),
    });
  });

  it('says so when the folder is not there', async () => {
    expect((await tryGit(localHost(), '/no/such/folder', ['status'])).said).toContain('/no/such/folder');
  });

  it.runIf(process.getuid?.() === 0)('works in a checkout that belongs to somebody else', async () => {
    const folder = temporaryFolder();
    await git(localHost(), folder, ['init', '--quiet']);
    chownSync(folder, 65534, 65534);
    expect((await tryGit(localHost(), folder, ['status', '--short'])).ok).toBe(true);
  });
});
