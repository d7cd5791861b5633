import { expect, it } from 'vitest';
import { repositoryOfRemote } from '../../src/hosts/github-remote.ts';

const github = 'https://github.com';

it.each([
  ['https://github.com/octo/mundus.git', 'octo/mundus'],
  ['https://github.com/octo/mundus', 'octo/mundus'],
  ['https://github.com/octo/mundus.git/\n', 'octo/mundus'],
  ['https://x-access-token:ghs_secret@github.com/octo/mun.dus-2.git', 'octo/mun.dus-2'],
  ['git@github.com:octo/mundus.git', 'octo/mundus'],
  ['github.com:octo/mundus', 'octo/mundus'],
  ['ssh://git@github.com/octo/mundus.git', 'octo/mundus'],
  ['ssh://git@ssh.github.com:443/octo/mundus.git', 'octo/mundus'],
])('%s is a repository of GitHub', (remote, repository) => {
  expect(repositoryOfRemote(remote, github)).toBe(repository);
});

it.each([
  'https://gitlab.com/octo/mundus.git',
  'git@github.com.example.org:octo/mundus.git',
  'https://github.com/octo',
  'https://github.com/octo/mundus/tree/main',
  '/srv/git/mundus.git',
  '../mundus',
  'file:///srv/github.com/octo/mundus',
  '',
])('"%s" is none', (remote) => {
  expect(repositoryOfRemote(remote, github)).toBeNull();
});

it('is looked for on the server that is asked for', () => {
  expect(repositoryOfRemote('git@git.example.org:octo/mundus.git', 'https://git.example.org')).toBe('octo/mundus');
  expect(repositoryOfRemote('git@github.com:octo/mundus.git', 'https://git.example.org')).toBeNull();
});
