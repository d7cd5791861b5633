import { describe, expect, it } from 'vitest';
import { isRedisImage } from '../../src/databases/redis-finder.ts';
import { commandDirectives, fileDirectives } from '../../src/databases/redis-settings.ts';

describe('Redis is known by its image', () => {
  it.each([
    'redis',
    'redis:7-alpine',
    'docker.io/library/redis@sha256:0123',
    'valkey/valkey:8',
    'bitnami/redis:7.2',
    'bitnami/valkey',
  ])('%s is a server', (image) => expect(isRedisImage(image)).toBe(true));

  it.each([
    'rediscommander/redis-commander',
    'redis/redisinsight',
    'redis/redis-stack-server',
    'oliver006/redis_exporter',
    'bitnami/redis-sentinel',
    'bitnami/redis-cluster',
    'shop-redis-worker',
    undefined,
  ])('%s is none', (image) => expect(isRedisImage(image)).toBe(false));
});

describe('the settings of a Redis server', () => {
  it('stand in its command', () => {
    const words = ['redis-server', '--requirepass', 'one two', '--port', '6380', '--appendonly', '--save', ''];
    expect([...commandDirectives(words)]).toEqual([
      ['requirepass', 'one two'],
      ['port', '6380'],
      ['save', ''],
    ]);
  });

  it('stand in its file', () => {
    const text =
      '# requirepass no\nport 0\nTLS-Port 6379\r\nrequirepass "quoted"\nuser default on >pass ~* +@all\nuser other on >x\n';
    expect(Object.fromEntries(fileDirectives(text))).toMatchObject({
      port: '0',
      'tls-port': '6379',
      requirepass: 'pass',
    });
  });
});
