import { readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Places, placesOf } from '../../src/deployment/places.ts';
import {
  currentRelease,
  listReleases,
  nextGoodAt,
  readEnvironment,
  readRelease,
  releaseBefore,
  writeRelease,
} from '../../src/deployment/release.ts';
import { LocalFiles } from '../../src/hosts/local-files.ts';
import { temporaryFolder } from '../hosts/support.ts';
import { release } from './support.ts';

const files = new LocalFiles();

async function recorded(...ids: string[]): Promise<Places> {
  const places = placesOf(temporaryFolder(), 'shop');
  for (const id of ids) {
    await files.makeFolder(join(places.releases, id), 0o700);
    await writeRelease(files, places, release(id));
  }
  return places;
}

describe('a recorded release', () => {
  it('is read as it was written, and is nobody else’s to read', async () => {
    const places = await recorded('r1');
    expect(await readRelease(files, places, 'r1')).toEqual(release('r1'));
    expect(statSync(join(places.releases, 'r1', 'release.json')).mode & 0o777).toBe(0o600);
  });

  it('that is not there is `null`', async () => {
    expect(await readRelease(files, await recorded('r1'), 'r2')).toBeNull();
  });

  it.each(['{', '{}', '{"schema": 2}'])('that is damaged (%s) is told with its file and a way on', async (text) => {
    const places = await recorded('r1');
    writeFileSync(join(places.releases, 'r1', 'release.json'), text);
    await expect(readRelease(files, places, 'r1')).rejects.toMatchObject({
      message: expect.stringContaining(join(places.releases, 'r1', 'release.json')),
      hint: expect.stringContaining('Move its folder away'),
    });
  });

  it('has an environment, or an empty one', async () => {
    const places = await recorded('r1');
    expect(await readEnvironment(files, places, 'r1')).toEqual({});
    writeFileSync(join(places.releases, 'r1', 'environment.json'), '{"KEY":"value"}');
    expect(await readEnvironment(files, places, 'r1')).toEqual({ KEY: 'value' });
  });
});

describe('all releases', () => {
  it('are listed from the oldest on; a folder without a record and a stray file are none', async () => {
    const places = await recorded('20251121T101500Z-b', '20251120T101500Z-a');
    await files.makeFolder(join(places.releases, '20251122T101500Z-half'), 0o700);
    writeFileSync(join(places.releases, 'note'), '');
    expect((await listReleases(files, places)).map(({ id }) => id)).toEqual([
      '20251120T101500Z-a',
      '20251121T101500Z-b',
    ]);
    expect(readdirSync(places.releases)).toHaveLength(4);
  });

  it('are none before the first deployment', async () => {
    expect(await listReleases(files, placesOf(temporaryFolder(), 'shop'))).toEqual([]);
  });

  it('have a current one where the link points', async () => {
    const places = await recorded('r1', 'r2');
    expect(await currentRelease(files, places)).toBeNull();
    symlinkSync('releases/r2', places.current);
    expect((await currentRelease(files, places))?.id).toBe('r2');
  });
});

describe('the release before', () => {
  const good = (id: string) => release(id);
  const candidate = (id: string) => release(id, { verdict: 'candidate' });

  it.each([
    ['the newest good one that is older than the running one', ['r1', 'r2', 'r3'], 'r3', 'r2'],
    ['never a newer one, after going back', ['r1', 'r2', 'r3'], 'r2', 'r1'],
    ['not a candidate that never was good', ['r1', '-r2', 'r3'], 'r3', 'r1'],
    ['none for the first one', ['r1'], 'r1', null],
    ['the newest good one when none is running', ['r1', 'r2', '-r3'], null, 'r2'],
    ['none when nothing was ever good', ['-r1'], null, null],
  ])('is %s', (_what, names, current, before) => {
    const releases = names.map((name) => (name.startsWith('-') ? candidate(name.slice(1)) : good(name)));
    expect(releaseBefore(releases, current === null ? null : good(current))?.id ?? null).toBe(before);
  });

  it('is the one that was good last: not one that somebody has gone back from meanwhile', () => {
    const goneBackTo = release('r1', { good_at: '2025-11-22T10:00:00.000Z' });
    const goneBackFrom = release('r2', { good_at: '2025-11-21T10:00:00.000Z' });
    const running = release('r3', { good_at: '2025-11-23T10:00:00.000Z' });
    expect(releaseBefore([goneBackTo, goneBackFrom, running], running)?.id).toBe('r1');
  });
});

describe('the moment at which a release is good', () => {
  const now = new Date('2025-11-21T10:00:00.000Z');

  it('is now', () => {
    const earlier = release('r1', { good_at: '2025-11-21T09:00:00.000Z' });
    expect(nextGoodAt([earlier, release('r2', { good_at: null })], now)).toBe(now.toISOString());
  });

  it('is after that of every other one, where the clock was put back', () => {
    const earlier = release('r1', { good_at: '2025-11-21T12:00:00.000Z' });
    expect(nextGoodAt([earlier], now)).toBe('2025-11-21T12:00:00.001Z');
  });
});
