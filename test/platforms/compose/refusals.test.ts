import { describe, expect, it } from 'vitest';
import type { ComposeModel, ComposeService } from '../../../src/platforms/compose/model.ts';
import { refusalOf } from '../../../src/platforms/compose/refusals.ts';
import { modelOf } from './support.ts';

function refused(web: ComposeService, more: Partial<ComposeModel> = {}, build = true) {
  return refusalOf(modelOf({ web }, more), ['web'], { build });
}

describe('a build context by URL', () => {
  it.each([
    'https://github.com/o/r.git#main',
    'http://host/r.tar.gz',
    'git://host/r.git',
    'ssh://git@host/r.git',
    'git@host:o/r.git',
    'github.com/o/r',
  ])('is refused with a reason and a way: %s', (context) => {
    const error = refused({ build: { context } });
    expect(error?.message).toMatch(
      /^The service web is built from .*, a context by URL: .* no commit of this repository/,
    );
    expect(error?.hint).toMatch(/submodule/);
    expect(refused({ build: { context: '/checkout', additional_contexts: { more: context } } })).not.toBeNull();
  });

  it('does not show the credentials in it', () => {
    const error = refused({ build: { context: 'https://me:ghp_secret@github.com/o/r.git' } });
    expect(error?.message).toContain('https://github.com/o/r.git');
    expect(error?.message).not.toContain('ghp_secret');
  });

  it('is nothing else', () => {
    const additional = { image: 'docker-image://busybox:stable', folder: '/checkout/base', service: 'service:base' };
    expect(refused({ build: { context: '/checkout/https:/x', additional_contexts: additional } })).toBeNull();
    expect(refused({ image: 'web:1' })).toBeNull();
  });

  it('is of no matter where nothing is built, or another service is asked for', () => {
    const web = { build: { context: 'https://host/r.git' } };
    expect(refused(web, {}, false)).toBeNull();
    expect(refusalOf(modelOf({ web, db: {} }), ['db'], { build: true })).toBeNull();
  });
});

describe('one port for several containers', () => {
  const port = { target: 80, published: '8080' };
  it.each<[boolean, ComposeService]>([
    [true, { scale: 2, ports: [port] }],
    [true, { deploy: { replicas: 3 }, ports: [{ target: 81 }, { ...port, host_ip: '127.0.0.1' }] }],
    [false, { scale: 1, ports: [port] }],
    [false, { scale: 2, ports: [{ target: 80, published: '8080-8081' }] }],
    [false, { scale: 2, ports: [{ target: 80 }] }],
    [false, { scale: 2, network_mode: 'host', ports: [port] }],
  ])('is refused: %s, of %j', (refuses, service) => {
    const error = refused(service);
    expect(error !== null).toBe(refuses);
    if (refuses) expect(error?.message).toMatch(/asks for \d containers and publishes the port 8080/);
  });

  it('comes with a range that would do', () => {
    expect(refused({ scale: 3, ports: [port] })?.hint).toContain('"8080-8082:80"');
  });
});

describe('a config or secret of Swarm', () => {
  it('is refused where a service takes it', () => {
    const secrets = { token: { external: true }, own: { file: '/x' } };
    expect(refused({ secrets: [{ source: 'token' }] }, { secrets })?.message).toContain('token of secrets');
    expect(refused({ secrets: [{ source: 'own' }] }, { secrets })).toBeNull();
    expect(refused({}, { secrets })).toBeNull();
  });
});

it('Everything that is refused is told at once', () => {
  const web = { build: { context: 'https://host/r.git' }, scale: 2, ports: [{ target: 80, published: '80' }] };
  const { message, hint } = refused(web) ?? {};
  expect(message).toMatch(/a context by URL.*publishes the port 80,/);
  expect(hint).toMatch(/submodule.*Publish a range/);
});
