import { describe, expect, it } from 'vitest';
import type { Release } from '../../src/deployment/release.ts';
import { expiredReleases, unusedFiles, unusedTags } from '../../src/deployment/retention.ts';
import { release } from './support.ts';

const day = 86_400_000;
const now = new Date('2025-11-30T00:00:00.000Z');

/** A release by its age in days: `good`, or a candidate that never was. */
function aged(days: number, good = true): Release {
  const at = new Date(now.getTime() - days * day).toISOString();
  const id = `r${String(100 - days).padStart(3, '0')}`;
  return release(id, { created_at: at, good_at: good ? at : null, verdict: good ? 'good' : 'candidate' });
}

function agesOf(releases: readonly Release[]): number[] {
  return releases.map(({ id }) => 100 - Number(id.slice(1))).sort((a, b) => a - b);
}

describe('releases that may go', () => {
  const all = [40, 30, 20, 10, 5, 1].map((days) => aged(days));
  const current = aged(1);

  it.each([
    ['beyond the newest two and older than a week', { keep: 2, days: 7 }, [10, 20, 30, 40]],
    ['none beyond the newest two while all are young enough', { keep: 2, days: 50 }, []],
    ['none that are old while the newest ten are kept', { keep: 10, days: 1 }, []],
    ['never the running one nor the last good one before it', { keep: 1, days: 0 }, [10, 20, 30, 40]],
  ])('are %s', (_what, { keep, days }, ages) => {
    expect(agesOf(expiredReleases(all, current, { keep, keepMs: days * day, now }))).toEqual(ages);
  });

  it('are never the running one and the one before it, however old, after going back', () => {
    const expired = expiredReleases(all, aged(30), { keep: 1, keepMs: 0, now });
    expect(agesOf(expired)).toEqual([5, 10, 20]);
  });

  it('count a candidate that never was good as any other, which protects nobody behind it', () => {
    const releases = [aged(40), aged(30), aged(20, false), aged(10)];
    expect(agesOf(expiredReleases(releases, aged(10), { keep: 1, keepMs: 0, now }))).toEqual([20, 40]);
  });

  it('are as old as the day on which they were last marked good', () => {
    const revived = { ...aged(40), good_at: new Date(now.getTime() - day).toISOString() };
    const releases = [revived, aged(30), aged(20), aged(10)];
    expect(agesOf(expiredReleases(releases, aged(10), { keep: 1, keepMs: 7 * day, now }))).toEqual([20, 30]);
  });
});

describe('image tags of a release that goes', () => {
  const service = (image: string, pin: string) => ({
    image,
    image_id: 'sha256:1',
    pin,
    public_name: null,
    replicas: 1,
  });
  const gone = release('r1', {
    services: {
      web: service('shop-web:homeport-r1', 'shop-web:homeport-r1'),
      worker: service('shop-web:homeport-r1', 'shop-worker:homeport-r1'),
      db: service('postgres:15', 'shop-db:homeport-r1'),
    },
  });

  it('are all its own, each once, and nobody else’s', () => {
    expect(unusedTags(gone, [])).toEqual(['shop-web:homeport-r1', 'shop-worker:homeport-r1', 'shop-db:homeport-r1']);
  });

  it('stay where a kept release carries one on', () => {
    const kept = release('r2', { services: { web: service('shop-web:homeport-r1', 'shop-web:homeport-r2') } });
    expect(unusedTags(gone, [kept])).toEqual(['shop-worker:homeport-r1', 'shop-db:homeport-r1']);
  });

  it('leave alone what it carried on itself from one before', () => {
    const later = release('r2', { services: { web: service('shop-web:homeport-r1', 'shop-web:homeport-r2') } });
    expect(unusedTags(later, [])).toEqual(['shop-web:homeport-r2']);
  });
});

describe('kept files', () => {
  const [a, b, c] = ['a', 'b', 'c'].map((letter) => letter.repeat(40)) as [string, string, string];
  const sha256 = 'd'.repeat(64);

  it('go when no kept release mounts them', () => {
    const kept = [release('r1', { files: [a] }), release('r2', { files: [b] })];
    expect(unusedFiles([a, b, c, sha256], kept)).toEqual([c, sha256]);
  });

  it('go only where their names are content', () => {
    expect(unusedFiles(['README', `${c}.partial`, c.toUpperCase(), c], [])).toEqual([c]);
  });
});
