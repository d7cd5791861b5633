import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { CancelledError } from '../../../src/deployment/error.ts';
import { observe } from '../../../src/platforms/compose/observe.ts';
import { awaitReady, awaitStaysUp, troubleOf } from '../../../src/platforms/compose/watch.ts';
import { stubHost } from '../../deployment/support.ts';
import { engineThatSays, expecting, idOf, inStage, type Moment, type Seen } from './engine-double.ts';
import { observed } from './support.ts';

const web = { service: 'web' };

async function ready(
  moments: readonly Moment[],
  options: {
    replicas?: Record<string, number>;
    untouched?: string[];
    existing?: string[];
    timeout?: number;
    signal?: AbortSignal;
  } = {},
) {
  const expected = expecting(options.replicas ?? { web: 1 }, options.untouched, options.existing);
  return await inStage(
    engineThatSays(moments),
    (context) => awaitReady(context, expected, options.timeout ?? 5000),
    options.signal,
  );
}

describe('waiting until everything is ready', () => {
  it.each<[string, readonly Moment[], Record<string, number>]>([
    ['what runs and has no health check', [[web]], { web: 1 }],
    ['what is healthy', [[{ ...web, health: 'healthy' }]], { web: 1 }],
    ['what becomes healthy', [[{ ...web, health: 'starting' }], [{ ...web, health: 'healthy' }]], { web: 1 }],
    ['what is created first', [[], [{ ...web, state: 'created' }], [web]], { web: 1 }],
    ['a one-shot container that has ended well', [[{ ...web, state: 'exited', policy: 'no' }]], { web: 1 }],
    [
      'a one-shot container that would come back after a failure',
      [[{ ...web, state: 'exited', policy: 'on-failure' }]],
      { web: 1 },
    ],
    ['each of several containers', [[web], [web, { ...web, id: 'second' }]], { web: 2 }],
    ['a service of which none is asked for', [[]], { web: 0 }],
    [
      'whatever happens to services that are not asked for',
      [[web, { service: 'old', state: 'exited', exitCode: 1 }]],
      { web: 1 },
    ],
    [
      'whatever happens to one-off containers',
      [[web, { ...web, id: 'run', oneOff: true, state: 'exited', exitCode: 1 }]],
      { web: 1 },
    ],
  ])('ends with %s', async (_what, moments, replicas) => {
    const { gave } = await ready(moments, { replicas });
    const wanted =
      moments.at(-1)?.filter(({ service, oneOff }) => (replicas[service] ?? 0) > 0 && oneOff !== true) ?? [];
    expect(gave.map(({ id }) => id).sort()).toEqual(wanted.map(idOf).sort());
  });

  it('says what it waits for, once each', async () => {
    const starting = { ...web, health: 'starting' };
    const { said } = await ready([[], [starting], [starting], [{ ...web, health: 'healthy' }]]);
    expect(said).toEqual(['waiting for web (no container)', 'waiting for web (starting)']);
  });

  it.each<[string, Seen, string]>([
    ['restarts', { ...web, restarts: 1, exitCode: 137 }, 'restarted (exit code 137)'],
    ['is about to restart', { ...web, state: 'restarting', exitCode: 2 }, 'restarted (exit code 2)'],
    ['fails', { ...web, state: 'exited', exitCode: 3, policy: 'no' }, 'exited with code 3'],
    [
      'runs out of memory',
      { ...web, state: 'exited', exitCode: 137, oomKilled: true, policy: 'no' },
      'exited with code 137, out of memory',
    ],
    ['ends and is meant to stay', { ...web, state: 'exited', policy: 'always' }, 'exited with code 0'],
    [
      'turns unhealthy',
      { ...web, health: 'unhealthy', healthOutput: 'refused hunter2\n' },
      'is unhealthy; its health check says: refused',
    ],
    ['dies', { ...web, state: 'dead' }, 'is dead'],
    ['is paused', { ...web, state: 'paused' }, 'is paused'],
  ])('fails at once when a container %s', async (_what, seen, words) => {
    const failing = ready([[{ ...web, state: 'created' }], [seen]], { timeout: 60_000 });
    await expect(failing).rejects.toMatchObject({
      message: expect.stringContaining(`The container shop-web-1 of the service web ${words}`),
      stage: 'start',
      exitCode: 3,
      excerpt: 'last log lines of shop-web-1:\nid-web: last words',
    });
  });

  it('does not hold old troubles against a container that nobody touched', async () => {
    const old = { service: 'db', restarts: 4, health: 'unhealthy' };
    const { gave } = await ready([[old, web]], { replicas: { web: 1, db: 1 }, untouched: ['id-db'] });
    expect(gave).toHaveLength(2);
    await expect(ready([[old, web]], { replicas: { web: 1, db: 1 } })).rejects.toThrow('shop-db-1');
  });

  it('waits for a container that is the same as before though somebody killed it meanwhile', async () => {
    const restarting = { service: 'db', restarts: 1, state: 'restarting' };
    const options = { replicas: { web: 1, db: 1 }, existing: ['id-db'] };
    const { gave } = await ready(
      [
        [restarting, web],
        [{ service: 'db', restarts: 1 }, web],
      ],
      options,
    );
    expect(gave.map(({ service, state }) => `${service} ${state}`)).toEqual(['db running', 'web running']);
  });

  it('ends with its time-out, and tells what is late and its last words', async () => {
    const moments = [[web, { service: 'api', health: 'starting' }]];
    await expect(ready(moments, { replicas: { web: 1, api: 1, db: 1 }, timeout: 400 })).rejects.toMatchObject({
      message: 'Not ready after 0.4s: api (starting), db (no container).',
      hint: expect.stringContaining('start-timeout'),
      excerpt: 'last log lines of shop-api-1:\nid-api: last words',
      exitCode: 3,
    });
  });

  it('ends with a cancellation', async () => {
    const cancel = new AbortController();
    const waiting = ready([[]], { timeout: 60_000, signal: cancel.signal });
    cancel.abort(new CancelledError('Cancelled.', 'Again.'));
    await expect(waiting).rejects.toThrow('Cancelled.');
  });

  it('tells when the engine does not answer', async () => {
    const silent = stubHost(() => ({ outcome: 'failed', tail: 'Cannot connect to the Docker daemon' }));
    const waiting = inStage(silent, (context) => awaitReady(context, expecting({ web: 1 }), 1000));
    await expect(waiting).rejects.toThrow('did not answer: Cannot connect');
  });
});

describe('watching that everything stays up', () => {
  /** Watches from the first moment on. */
  async function watch(
    moments: readonly Moment[],
    options: { wait?: number; untouched?: string[]; signal?: AbortSignal } = {},
  ) {
    const host = engineThatSays(moments);
    const expected = expecting({ web: 1 }, options.untouched);
    const begin = Date.now();
    await inStage(host, async (context) => {
      const before = await observe(host, 'shop');
      await awaitStaysUp(context, expected, before, options.wait ?? 800, options.signal ?? context.signal);
    });
    return { took: Date.now() - begin, asked: host.asked() };
  }
  const fresh = (more: Partial<Seen> = {}): Seen => ({ ...web, startedAt: new Date(), ...more });

  it('lasts until the wait after the start of the last new container is over', async () => {
    const { took } = await watch([[fresh(), { service: 'api', startedAt: new Date(Date.now() - 60_000) }]]);
    expect(took).toBeGreaterThanOrEqual(700);
    expect(took).toBeLessThan(3000);
  });

  it('is over at once for containers that have been up for long enough, but looks once', async () => {
    const { took, asked } = await watch([[fresh({ startedAt: new Date(Date.now() - 60_000) })]], { wait: 10_000 });
    expect(took).toBeLessThan(3000);
    expect(asked).toBe(2);
  });

  it('never lasts longer than the whole wait, where the clock was put back after the start', async () => {
    const { took } = await watch([[fresh({ startedAt: new Date(Date.now() + 3_600_000) })]]);
    expect(took).toBeLessThan(3000);
  });

  it('leaves alone what nobody touched, and what did not run to begin with', async () => {
    const seen: Moment = [
      fresh({ restarts: 3 }),
      { service: 'job', state: 'exited', exitCode: 0, policy: 'no', startedAt: new Date() },
    ];
    const { asked } = await watch([seen], { untouched: ['id-web'], wait: 60_000 });
    expect(asked).toBe(1);
  });

  const at = new Date();
  it.each<[string, Moment, RegExp]>([
    ['restarts', [{ ...web, startedAt: at, restarts: 1 }], /shop-web-1 of the service web restarted/],
    [
      'was restarted by somebody',
      [{ ...web, startedAt: new Date(at.getTime() + 5) }],
      /shop-web-1 of the service web restarted/,
    ],
    ['ends', [{ ...web, startedAt: at, state: 'exited', exitCode: 1 }], /exited with code 1/],
    ['turns unhealthy', [{ ...web, startedAt: at, health: 'unhealthy' }], /is unhealthy/],
    ['is gone', [], /shop-web-1 was removed by somebody/],
  ])('fails as soon as a container %s, and blames the start', async (_what, later, words) => {
    const first = [{ ...web, startedAt: at }];
    await expect(watch([first, first, later], { wait: 60_000 })).rejects.toMatchObject({
      message: expect.stringMatching(words),
      stage: 'start',
      exitCode: 3,
    });
  });

  it('ends when it is no longer wanted', async () => {
    const stop = new AbortController();
    const watching = watch([[fresh()]], { wait: 60_000, signal: stop.signal });
    await sleep(50);
    stop.abort();
    await expect(watching).rejects.toThrow(/abort/);
  });
});

describe('trouble', () => {
  it.each([
    ['running', observed('web')],
    ['starting', observed('web', { health: 'starting' })],
    ['created', observed('web', { state: 'created' })],
    ['a one-shot one that ended well', observed('web', { state: 'exited', restartPolicy: 'no' })],
  ])('is not: %s', (_what, container) => {
    expect(troubleOf(container, 0)).toBeNull();
  });
});
