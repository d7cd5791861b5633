import { describe, expect, it } from 'vitest';
import { readSmoke, writtenSmoke } from '../../src/deployment/recorded-smoke.ts';
import { request } from '../request/sources.ts';

describe('smoke checks that a release keeps', () => {
  it.each([
    'http: http://localhost:8000/health',
    'http: web:3000\n  status: 204\n  body: ok\n  under: 500ms\n  retries: 0',
    'http: https://localhost:8443/\n  redirects: follow\n  insecure: true\n  header: {content-type: /json/}',
    'http: web:3000\n  redirects: 302\n  body: /^v\\d/\n  json: {a.b: [1, null, {c: true}], d: 1.5}',
    'telegram: true',
    'resources: {memory: 90%, cpu: 87.5%, disk: 0%, restarts: 0}',
    'resources: {restarts: 3}',
    'resources: {memory: 80%}',
    'exec: {service: app, command: python -m app.check}',
    'exec: {service: app, command: [python, -m, app.check]}',
    'run: ./scripts/smoke.sh\n  interval: 1.5s\n  timeout: 2m',
    'tcp: db:5432\n  interval: 0s',
    'database: db',
  ])('are read back as they were: %j', async (entry) => {
    const token = { 'telegram-token': '1:a', 'telegram-chat': '1' };
    const { smoke } = await request({ door: { smoke: `- ${entry}`, ...token } });
    const stored: unknown[] = JSON.parse(JSON.stringify(writtenSmoke(smoke)));
    expect(smoke).toHaveLength(1);
    expect(readSmoke(stored)).toEqual(smoke);
  });

  it('throw where they were damaged', () => {
    expect(() => readSmoke([{ http: 'http://localhost', interval: 5 }])).toThrow();
  });
});
