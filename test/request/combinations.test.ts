import { describe, expect, it } from 'vitest';
import { complaint, request } from './sources.ts';

describe('a rollback that restores the database', () => {
  it.each(['none', '[]'])('is refused where `backup: %s` leaves nothing to restore', async (backup) => {
    expect(await complaint({ door: { 'rollback-database': 'true', backup } })).toBe(
      'rollback-database (input): expected something to back up: `backup` is `none`',
    );
  });

  it('is off unless it is asked for', async () => {
    expect((await request({}))['rollback-database']).toBe(false);
    expect((await request({ door: { 'rollback-database': 'true' } }))['rollback-database']).toBe(true);
  });
});

describe('what hears of a deployment', () => {
  const token = { 'github-token': 'ghs_x' };

  it.each([
    [
      { environment: 'production' },
      'environment (input): expected `github-token` beside it, for the GitHub Deployment',
    ],
    [
      { 'environment-url': 'https://a.example' },
      'environment-url (input): expected `environment` or `registry-url` beside it',
    ],
    [
      { 'webhook-secret': 'x' },
      'webhook-secret (input): expected `webhook-url` beside it, where the signed report goes',
    ],
  ])('is refused where %j makes no sense alone', async (door, said) => {
    expect(await complaint({ door })).toBe(said);
  });

  it.each([
    { environment: 'production', ...token },
    { environment: 'production', ...token, 'environment-url': 'https://a.example' },
    { 'registry-url': 'http://127.0.0.1:8000/api/', 'environment-url': 'https://a.example' },
    { 'webhook-url': 'https://a:b@a.example/x?y=z', 'webhook-secret': 'x' },
    token,
    { 'metrics-file': '/var/lib/prometheus/node-exporter/shop.prom' },
  ])('may be %j', async (door) => {
    expect(await request({ door })).toMatchObject(door);
  });

  it('may be an environment of homeport.yml without a token: a person on the host has none', async () => {
    const files = { 'homeport.yml': 'environment: production\n' };
    expect((await request({ files })).environment).toBe('production');
  });

  it.each([
    [{ 'registry-url': 'http://dana:pass@a.example' }, 'without a user, a password or a query in it'],
    [{ 'registry-url': 'http://a.example/?key=1' }, 'without a user, a password or a query in it'],
    [{ 'registry-url': 'registry:8000' }, 'a URL such as `http://registry.example.org:8000`'],
    [{ 'webhook-url': 'ftp://a.example' }, 'a URL such as `https://hooks.example.org/deployments`'],
    [{ 'metrics-file': '/etc/passwd' }, 'a path that ends in `.prom`'],
    [{ 'metrics-file': '/srv/.prom' }, 'a path that ends in `.prom`'],
    [{ environment: 'x'.repeat(256), ...token }, 'a name of at most 255 characters'],
  ])('is refused as %j', async (door, said) => {
    expect(await complaint({ door })).toContain(said);
  });

  it.each(['github-token', 'webhook-secret', 'webhook-url'])(
    'has a secret in %s, which no build argument holds',
    async (key) => {
      const secret = 'https://hooks.example.org/t0ken';
      const door = { 'webhook-url': 'https://a.example', [key]: secret, 'build-args': `A=x ${secret}` };
      const told = await complaint({ door });
      expect(told).toContain('build-args.A (input): expected no secret');
      expect(told).not.toContain(secret);
    },
  );
});
