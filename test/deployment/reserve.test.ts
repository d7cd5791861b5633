import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { momentOf } from '../../src/deployment/ids.ts';
import { type Places, placesOf } from '../../src/deployment/places.ts';
import { reserve } from '../../src/deployment/reserve.ts';
import { temporaryFolder } from '../hosts/support.ts';

const now = new Date('2025-11-21T10:15:00.987Z');

function stateWith(...releases: readonly string[]): Places {
  const places = placesOf(temporaryFolder(), 'shop');
  mkdirSync(places.logs, { recursive: true });
  for (const id of ['', ...releases]) mkdirSync(join(places.releases, id), { recursive: true });
  return places;
}

describe('the moment of a deployment', () => {
  it('is now, and has a log file of its own', () => {
    const { at, log } = reserve(stateWith('20251121T101459Z-3f2a9c1'), now);
    expect(at).toEqual(now);
    expect(log).toMatch(/deployment_20251121T101500Z\.log$/);
    expect(existsSync(log)).toBe(true);
  });

  it('is a second later than that of another one which began in the same second', () => {
    const places = stateWith();
    reserve(places, now);
    expect(reserve(places, now).log).toMatch(/deployment_20251121T101501Z\.log$/);
  });

  it('is after every release, where the clock was put back', () => {
    const places = stateWith('20251121T120000Z-3f2a9c1', '20251121T101000Z-adopted', 'what somebody put there');
    expect(reserve(places, now).at).toEqual(new Date('2025-11-21T12:00:01.000Z'));
  });
});

describe('a state folder that takes no log file', () => {
  it('is told as the disk says it', () => {
    const places = stateWith();
    rmSync(places.logs, { recursive: true });
    expect(() => reserve(places, now)).toThrow(/ENOENT/);
  });
});

describe('the moment that an ID tells', () => {
  it.each([
    ['20251121T101500Z-3f2a9c1', Date.UTC(2025, 10, 21, 10, 15)],
    ['20240229T235959Z-adopted', Date.UTC(2024, 1, 29, 23, 59, 59)],
    ['lost+found', 0],
  ])('%s: %i', (id, moment) => {
    expect(momentOf(id)).toBe(moment);
  });
});
