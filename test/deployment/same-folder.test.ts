import { expect, it } from 'vitest';
import { isAnotherFolder } from '../../src/deployment/same-folder.ts';

it.each([
  ['/work/repo/shop', '/work/repo', '/work/repo/shop', false],
  ['/work/repo/blog', '/work/repo', '/work/repo/shop', true],
  ['/work/repo', '/work/repo', '/work/repo/shop', true],
  ['/work/repo/shop', '/work/repo', '/work/repo', true],
  ['/work/repo', '/work/repo', '/work/repo', false],
  // The checkout is elsewhere now.
  ['/old/repo/shop', '/work/repo', '/work/repo/shop', false],
  ['/old/repo/workshop', '/work/repo', '/work/repo/shop', true],
  ['/old/repo', '/work/repo', '/work/repo', false],
])('A release of %s is of another folder than %s has at %s: %s', (before, root, workingDirectory, another) => {
  expect(isAnotherFolder(before, { root, workingDirectory })).toBe(another);
});
