import { describe, expect, it } from 'vitest';
import { parseHttpTarget, parseTcpTarget } from '../../src/checks/target.ts';

const services = ['web', 'db', 'api.v2'];

describe('the target of an http check', () => {
  it.each([
    ['web:3000/health', { service: 'web', port: 3000, path: '/health' }],
    ['web:3000', { service: 'web', port: 3000, path: '/' }],
    ['web', { service: 'web', port: 80, path: '/' }],
    ['web/health?deep=1', { service: 'web', port: 80, path: '/health?deep=1' }],
    ['web:3000?deep=1', { service: 'web', port: 3000, path: '/?deep=1' }],
    ['api.v2:8080/', { service: 'api.v2', port: 8080, path: '/' }],
  ])('%s is a service of the release', (text, expected) => {
    expect(parseHttpTarget(text, services)).toEqual({ kind: 'service', ...expected });
  });

  it.each([
    ['http://localhost:8000/health', 'http://localhost:8000/health'],
    ['https://shop.example.org', 'https://shop.example.org/'],
    ['HTTP://[::1]:80/', 'http://[::1]/'],
    // A scheme always means this host, also when a service has that name.
    ['http://web:3000/health', 'http://web:3000/health'],
  ])('%s is a URL for this host', (text, href) => {
    const target = parseHttpTarget(text, services);
    expect(target.kind === 'url' && target.url.href).toBe(href);
  });

  it.each([
    [
      'wbe:3000/health',
      'no running service `wbe`; there are: web, db, api.v2. For a request from this host write `http://wbe:3000/health`',
    ],
    ['localhost:8000/health', 'write `http://localhost:8000/health`'],
    ['ftp://web/file', "`ftp://` can't be asked"],
    ['http://', '`http://` is not a URL'],
    ['web:99999/', 'is neither a URL nor `<service>:<port>/<path>`'],
    ['web:0/', 'is neither a URL nor'],
    ['web:http/', 'is neither a URL nor'],
    ['/health', 'is neither a URL nor'],
  ])('%s is wrong, and the reason helps', (text, why) => {
    const target = parseHttpTarget(text, services);
    expect(target.kind === 'wrong' && target.why).toContain(why);
  });

  it('says that nothing runs when nothing runs', () => {
    const target = parseHttpTarget('web:80/', []);
    expect(target.kind === 'wrong' && target.why).toContain('the release has no running container');
  });
});

describe('the target of a tcp check', () => {
  it.each([
    ['db:5432', { kind: 'service', service: 'db', port: 5432 }],
    ['localhost:5432', { kind: 'host', host: 'localhost', port: 5432 }],
    ['192.0.2.7:22', { kind: 'host', host: '192.0.2.7', port: 22 }],
    ['[::1]:5432', { kind: 'host', host: '::1', port: 5432 }],
  ])('%s', (text, expected) => {
    expect(parseTcpTarget(text, services)).toEqual(expected);
  });

  it.each(['db', 'db:', 'db:0', 'db:70000', 'tcp://db:5432', ':5432', '::1:5432'])('%s is wrong', (text) => {
    expect(parseTcpTarget(text, services)).toMatchObject({ kind: 'wrong' });
  });
});
