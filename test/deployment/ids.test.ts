import { describe, expect, it } from 'vitest';
import { deploymentId, releaseTag, rollbackTag, utcStamp } from '../../src/deployment/ids.ts';

const at = new Date('2025-11-21T10:15:00.987Z');

describe('names', () => {
  it('of deployments tell the time and the commit', () => {
    expect(utcStamp(at)).toBe('20251121T101500Z');
    expect(deploymentId(at, '3f2a9c1d5b7e4f60a1b2c3d4e5f60718293a4b5c')).toBe('20251121T101500Z-3f2a9c1');
  });

  it('of images tell the project, the service and the release', () => {
    expect(releaseTag('shop', 'web', 'r1')).toBe('shop-web:homeport-r1');
    expect(rollbackTag('shop', 'web')).toBe('shop-web:rollback');
  });

  // https://github.com/distribution/reference: the grammar of a repository's name.
  const repository = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
  it.each([
    ['shop', 'Web'],
    ['shop', '_web'],
    ['shop', 'web.'],
    ['shop_', 'web'],
    ['shop', 'a___b'],
  ])('of images are ones that the engine takes, for what Compose allows: %s, %s', (project, service) => {
    expect(releaseTag(project, service, 'r1').split(':')[0]).toMatch(repository);
    expect(rollbackTag(project, service).split(':')[0]).toMatch(repository);
  });

  it('of images are never the same for two services', () => {
    const names = ['web', 'Web', 'WEB', '_web', 'web_', '-web'].map((service) => rollbackTag('shop', service));
    expect(new Set(names).size).toBe(names.length);
  });
});
