import { homedir } from 'node:os';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { stateDirectoryOf } from '../../src/deployment/state-directory.ts';
import { request } from '../request/sources.ts';

afterEach(() => vi.restoreAllMocks());

async function placeFor(user: number, door: Record<string, unknown>, environment: Record<string, string>) {
  vi.spyOn(process, 'getuid').mockReturnValue(user);
  return stateDirectoryOf(await request({ door }), environment);
}

describe('the state directory', () => {
  it.each([
    ['the one that is asked for', 0, { 'state-directory': '/srv/state' }, {}, '/srv/state'],
    ["the system's for root", 0, {}, { XDG_STATE_HOME: '/xdg' }, '/var/lib/homeport'],
    ['in the XDG state folder for others', 1000, {}, { XDG_STATE_HOME: '/xdg' }, '/xdg/homeport'],
    ['in the home folder where that is not set', 1000, {}, {}, `${homedir()}/.local/state/homeport`],
  ])('is %s', async (_what, user, door, environment, place) => {
    expect(await placeFor(user, door, environment)).toBe(place);
  });
});
