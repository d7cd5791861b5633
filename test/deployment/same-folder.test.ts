import { expect, it } from 'vitest';
import { isAnotherFolder } from '../../src/deployment/same-folder.ts';

it.each([
  ['/srv/repo/shop', '/srv/repo', '/srv/repo/shop', false],
  ['/srv/repo/blog', '/srv/repo', '/srv/repo/shop', true],
  ['/srv/repo', '/srv/repo', '/srv/repo/shop', true],
  ['/srv/repo/shop', '/srv/repo', '/srv/repo', true],
  ['/srv/repo', '/srv/repo', '/srv/repo', false],
  // The checkout is elsewhere now.
  ['/old/repo/shop', '/srv/repo', '/srv/repo/shop', false],
  ['/old/repo/workshop', '/srv/repo', '/srv/repo/shop', true],
  ['/old/repo', '/srv/repo', '/srv/repo', false],
])('A release of %s is of another folder than %s has at %s: %s', (before, root, workingDirectory, another) => {
  expect(isAnotherFolder(before, { root, workingDirectory })).toBe(another);
});
