import { describe, expect, it } from 'vitest';
import { observeContainers } from '../../../src/platforms/compose/observe.ts';
import { stubHost } from '../../deployment/support.ts';

/** What `docker inspect` prints of a container, as far as it is read, with these settings of its log. */
function inspected(LogConfig: unknown): object {
  return {
    Id: 'id',
    Name: '/shop-web-1',
    Image: 'sha256:1',
    RestartCount: 0,
    State: { Status: 'running', ExitCode: 0, OOMKilled: false, StartedAt: '2025-11-21T10:00:00Z' },
    Config: { Image: 'web', Labels: null, Env: null },
    HostConfig: { NetworkMode: 'bridge', RestartPolicy: { Name: 'no' }, LogConfig },
    NetworkSettings: {},
  };
}

describe('the log of a container', () => {
  it.each([
    [true, { Type: 'json-file', Config: {} }],
    [true, { Type: 'json-file', Config: null }],
    [true, { Type: 'json-file', Config: { 'max-file': '3', 'max-size': '-1' } }],
    [false, { Type: 'json-file', Config: { 'max-size': '10m' } }],
    [false, { Type: 'local', Config: {} }],
    [false, { Type: 'journald', Config: {} }],
    [false, undefined],
    [false, 'something else'],
  ])('grows without an end: %s, by %j', async (grows, settings) => {
    const host = stubHost(() => ({ stdout: JSON.stringify([inspected(settings)]) }));
    const [container] = await observeContainers(host, ['id']);
    expect(container?.logGrows).toBe(grows);
  });
});
