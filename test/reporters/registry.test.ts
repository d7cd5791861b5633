import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Report } from '../../src/deployment/report.ts';
import { RegistryReporter } from '../../src/reporters/registry.ts';
import { gateFailed, smokeRolledBack, successful } from '../support/reports.ts';
import { type Call, type Step, WebService } from '../support/web-service.ts';

/** What the registry has, by service. */
let registered: Map<string, unknown>;
let service: WebService;
beforeEach(async () => {
  registered = new Map();
  service = await WebService.start(answer);
});
afterEach(async () => {
  await service.close();
});

function answer({ method, path, body }: Call): Step {
  const [, name = ''] = /^\/api\/services\/([^/]+)$/.exec(path) ?? [];
  const known = registered.get(name);
  if (method === 'GET') return known === undefined ? { status: 404 } : { status: 200, body: JSON.stringify(known) };
  if (path !== '/api/register') return { status: 404 };
  const asked = JSON.parse(body) as { service_name: string };
  registered.set(asked.service_name, asked);
  return { status: 201, body: '{}' };
}

const never = new AbortController().signal;

async function tell(value: Report, options: { url?: string; signal?: AbortSignal } = {}): Promise<void> {
  const reporter = new RegistryReporter({
    url: options.url ?? `${service.url}/api/`,
    environmentUrl: 'https://mundus.example.org',
  });
  reporter.event({ type: 'finished', report: value });
  await reporter.close(options.signal ?? never);
}

const asked = () => service.calls.map(({ method, path }) => `${method} ${path}`);

describe('the service registry', () => {
  it.each(['deploy', 'rollback'])('is told what runs after a %s that went well, and asked for it', async (command) => {
    await tell({ ...successful, command });
    expect(asked()).toEqual(['POST /api/register', 'GET /api/services/mundus']);
    expect(registered.get('mundus')).toEqual({
      service_name: 'mundus',
      project: 'mundus',
      release: successful.release,
      commit: successful.commit,
      deployment: successful.deployment,
      command,
      repository: 'octo/mundus',
      branch: 'main',
      endpoint: 'https://mundus.example.org',
      url: 'https://mundus.example.org',
      systems: ['local'],
      registered_at: successful.finished_at,
    });
  });

  it.each([
    ['a gate said no', gateFailed],
    ['it was rolled back', smokeRolledBack],
    ['it was a backup', { ...successful, command: 'backup' }],
  ])('is told nothing when %s: what it knows is still true', async (_, value) => {
    await tell(value);
    expect(asked()).toEqual([]);
  });

  it.each([404, 405])('is taken at its word where it has no page to ask (%i)', async (status) => {
    service.answer({ status: 200 }, { status });
    await tell(successful);
    expect(asked()).toHaveLength(2);
  });

  it.each([
    ['the release', { release: successful.release }],
    ['the release of the service', { service: { name: 'mundus', release: successful.release } }],
    ['nothing but the name', { name: 'mundus' }],
    ['nothing but the name, and more that is of no use', { service_name: 'mundus', release: 7, registration: null }],
  ])('is believed when it tells %s', async (_, body) => {
    service.answer({ status: 200 }, { status: 200, body: JSON.stringify(body) });
    await tell(successful);
    expect(asked()).toHaveLength(2);
  });

  it('may be a moment behind itself', async () => {
    const old = { status: 200, body: JSON.stringify({ release: successful.previous_release }) };
    service.answer({ status: 200 }, old, old);
    await tell(successful);
    expect(asked()).toEqual(['POST /api/register', ...Array(3).fill('GET /api/services/mundus')]);
  });

  it.each([
    [{ release: 'an older one' }, 'when asked it has the release an older one'],
    [{ name: 'another' }, 'when asked it has not this service'],
    ['<html>', 'when asked it has not this service'],
  ])(
    'is not believed when it says %j',
    async (body, said) => {
      service.answer({ status: 200 }, ...Array(8).fill({ status: 200, body: JSON.stringify(body) }));
      await expect(tell(successful)).rejects.toThrow(said);
    },
    10_000,
  );

  it('may have it already', async () => {
    registered.set('mundus', { release: successful.release });
    service.answer({ status: 409 });
    await tell(successful);
    expect(asked()).toHaveLength(2);
  });

  it('is not believed when it has something already, and does not tell what', async () => {
    service.answer({ status: 409 });
    await expect(tell(successful)).rejects.toThrow('409 Conflict, and does not tell what it has');
  });

  it('is told again after server errors and lost connections', async () => {
    service.answer({ status: 500 }, 'lost');
    await tell(successful);
    expect(asked().slice(0, 3)).toEqual(Array(3).fill('POST /api/register'));
    expect(registered.has('mundus')).toBe(true);
  });

  it('is asked once where the answer will not change', async () => {
    service.answer({ status: 422 });
    await expect(tell(successful)).rejects.toThrow(`${service.host} answered 422 Unprocessable Entity`);
    expect(service.calls).toHaveLength(1);
  });

  it('holds nobody up for more than 10 s when it hangs', async () => {
    service.answer(...Array.from({ length: 20 }, () => 'hang' as const));
    const begun = Date.now();
    await expect(tell(successful)).rejects.toThrow('did not answer');
    expect(Date.now() - begun).toBeLessThan(10_000);
  }, 15_000);

  it('holds nobody up when it is dead, and leaves no connection when it is not', async () => {
    await expect(tell(successful, { url: 'http://127.0.0.1:1', signal: AbortSignal.timeout(500) })).rejects.toThrow(
      'connection refused',
    );
    await tell(successful);
    await vi.waitFor(async () => expect(await service.connections()).toBe(0));
  });
});
