import { describe, expect, it } from 'vitest';
import { CancelledError, exitCodes, HomeportError } from '../../src/deployment/error.ts';
import type { Stage } from '../../src/deployment/stage.ts';
import { runStages, stage, stubHost, untilStopped } from './support.ts';

const refuse =
  (message: string, more: object = {}): Stage['run'] =>
  async () => {
    throw new HomeportError(message, { hint: 'Try again.', ...more });
  };

/** A stage that writes down when it begins and ends. */
function noting(
  order: string[],
  name: Stage['name'],
  needs: Stage['needs'],
  run: Stage['run'] = async () => {},
): Stage {
  return stage(name, {
    needs,
    run: async (context) => {
      order.push(`${name} begins`);
      await run(context);
      order.push(`${name} ends`);
    },
  });
}

describe('stages', () => {
  it('run in the order of what they need', async () => {
    const order: string[] = [];
    const { result, statuses } = await runStages([
      noting(order, 'preflight', []),
      noting(order, 'source', ['preflight']),
      noting(order, 'start', ['source']),
    ]);
    expect(order.filter((line) => line.endsWith('begins'))).toEqual([
      'preflight begins',
      'source begins',
      'start begins',
    ]);
    expect(order.indexOf('preflight ends')).toBeLessThan(order.indexOf('source begins'));
    expect(result).toEqual({ failure: null, rollback: 'not-needed', rollbackError: null, clean: true });
    expect(statuses).toEqual({ preflight: 'success', source: 'success', start: 'success', rollback: 'skipped' });
  });

  it('with the same needs run side by side, and what needs them all waits for the last', async () => {
    const order: string[] = [];
    const met = Promise.withResolvers<void>();
    const { result } = await runStages([
      noting(order, 'source', []),
      // Each of the two can only end once the other has begun.
      noting(order, 'backup', ['source'], () => met.promise),
      noting(order, 'test', ['source'], async () => met.resolve()),
      noting(order, 'migrate', ['backup', 'test']),
    ]);
    expect(result.failure).toBeNull();
    expect(order.slice(-2)).toEqual(['migrate begins', 'migrate ends']);
    expect(order).toHaveLength(8);
  });

  it('that are skipped are told so, and hold nobody up', async () => {
    const { statuses } = await runStages([
      stage('test', { skip: 'skip-tests', run: refuse('never') }),
      stage('build', { needs: ['test'] }),
    ]);
    expect(statuses).toMatchObject({ test: 'skipped', build: 'success' });
  });

  it('find their commands in their own report, redacted', async () => {
    const host = stubHost(() => ({ command: 'docker ps', tail: 'done', exitCode: 3, outcome: 'failed' }));
    const ask: Stage['run'] = async (context) => {
      await context.host.exec(['docker', 'login', "o'hara", 'hunter2'], { timeout: 1000 });
      await context.host.exec(['docker', 'ps'], { timeout: 1000, record: false });
    };
    const { report, events } = await runStages([stage('build', { run: ask })], {
      host,
      secrets: ['hunter2', "o'hara"],
    });
    expect(report.stages[0]?.commands).toEqual([
      { command: 'docker ps', exit_code: 3, duration_seconds: 0, output: 'done' },
    ]);
    expect(events).toContainEqual({ type: 'line', stage: 'build', text: '$ docker login *** ***' });
  });
});

describe('the first stage that says no', () => {
  it('stops its siblings, and those who need it never begin', async () => {
    const order: string[] = [];
    const { result, statuses, report } = await runStages([
      stage('backup', { run: untilStopped }),
      stage('test', { exitCode: exitCodes.gate, run: refuse('2 tests failed.') }),
      noting(order, 'migrate', ['backup', 'test']),
    ]);
    expect(result.failure).toMatchObject({ stage: 'test', exitCode: 1, error: { message: '2 tests failed.' } });
    expect(statuses).toEqual({ backup: 'cancelled', test: 'failed', migrate: 'skipped', rollback: 'skipped' });
    expect(report.stages[1]?.error).toBe('2 tests failed.');
    expect(order).toEqual([]);
  });

  it('lets those who had begun clean up, the last one first, and goes on when one can not', async () => {
    const cleaned: string[] = [];
    const cleanUp = (name: string) => async () => {
      cleaned.push(name);
      if (name === 'build') throw new Error('image in use');
    };
    const { report } = await runStages([
      stage('snapshot', { cleanUp: cleanUp('snapshot') }),
      stage('build', { needs: ['snapshot'], cleanUp: cleanUp('build') }),
      stage('migrate', { needs: ['build'], run: refuse('no'), cleanUp: cleanUp('migrate') }),
      stage('start', { needs: ['migrate'], cleanUp: cleanUp('start') }),
    ]);
    expect(cleaned).toEqual(['migrate', 'build', 'snapshot']);
    expect(report.warnings).toEqual(['Cleaning up after the stage build failed: image in use']);
  });

  it('cleans nothing up when all went well', async () => {
    await runStages([stage('build', { cleanUp: () => expect.unreachable('cleaned up') })]);
  });

  it('is only a loud warning when it is tolerated', async () => {
    const { result, report, statuses } = await runStages([
      stage('backup', { tolerated: true, run: refuse('No backup of db.') }),
      stage('migrate', { needs: ['backup'] }),
    ]);
    expect(result.failure).toBeNull();
    expect(statuses).toMatchObject({ backup: 'failed', migrate: 'success' });
    expect(report.warnings).toEqual(['No backup of db. Try again.']);
  });

  it('is cleaned up after once the deployment has ended, where it was tolerated', async () => {
    const order: string[] = [];
    const { result } = await runStages([
      stage('backup', {
        tolerated: true,
        run: refuse('No backup of db.'),
        cleanUp: async () => void order.push('backup'),
      }),
      stage('migrate', {
        needs: ['backup'],
        run: async () => void order.push('migrate'),
        cleanUp: () => expect.unreachable('cleaned up after a stage that went well'),
      }),
    ]);
    expect(result).toMatchObject({ failure: null, clean: true });
    expect(order).toEqual(['migrate', 'backup']);
  });

  it('may blame another one, whose verdict then changes', async () => {
    const { result, statuses, report } = await runStages([
      stage('start', { exitCode: exitCodes.deploy }),
      stage('smoke', {
        needs: ['start'],
        exitCode: exitCodes.smoke,
        run: refuse('web restarted.', { stage: 'start', exitCode: exitCodes.deploy }),
      }),
    ]);
    expect(result.failure).toMatchObject({ stage: 'start', exitCode: 3 });
    expect(statuses).toMatchObject({ start: 'failed', smoke: 'cancelled' });
    expect(report.stages[0]?.error).toBe('web restarted.');
  });

  it.each([
    [
      'a full disk',
      Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' }),
      'The disk is full: ENOSPC: no space left on device, write.',
      /df -h/,
    ],
    ['a mistake of ours', new TypeError('x is undefined'), /did not foresee: x is undefined/, /report it/],
    ['something odd', 'just a text', /did not foresee: just a text/, /report it/],
  ])('tells people what to do for %s', async (_what, thrown, message, hint) => {
    const { result } = await runStages([stage('backup', { run: () => Promise.reject(thrown) })]);
    expect(result.failure?.error.message).toMatch(message);
    expect(result.failure?.error.hint).toMatch(hint);
    expect(result.failure?.exitCode).toBe(exitCodes.gate);
  });

  it('is told without secrets', async () => {
    const { report } = await runStages([stage('build', { run: refuse('bad password hunter2') })], {
      secrets: ['hunter2'],
    });
    expect(report.stages[0]?.error).toBe('bad password ***');
  });
});

describe('a deployment that takes too long', () => {
  it('fails in the stage that it reached, with the reason and not the killed command’s words', async () => {
    const { result, statuses } = await runStages([stage('build', { exitCode: exitCodes.build, run: untilStopped })], {
      door: { timeout: '100ms' },
    });
    expect(result.failure).toMatchObject({ stage: 'build', exitCode: 2 });
    expect(result.failure?.error.message).toBe("The deployment's time-out of 0.1 s ran out.");
    expect(statuses.build).toBe('failed');
  });

  it('stops also a stage that is tolerated', async () => {
    const { result } = await runStages([stage('backup', { tolerated: true, run: untilStopped }), stage('test')], {
      door: { timeout: '100ms' },
    });
    expect(result.failure?.stage).toBe('backup');
  });

  it('tells each stage what is left', async () => {
    const left: number[] = [];
    await runStages([stage('build', { run: async (context) => void left.push(context.remaining()) })], {
      door: { timeout: '60s' },
    });
    expect(left[0]).toBeGreaterThan(50_000);
    expect(left[0]).toBeLessThanOrEqual(60_000);
  });
});

describe('a cancellation', () => {
  const cancelled = new CancelledError('The deployment was cancelled.', 'Run it again.');

  it('before the first stage begins nothing', async () => {
    const { result, statuses } = await runStages([stage('preflight', { run: refuse('never') }), stage('source')], {
      signal: AbortSignal.abort(cancelled),
    });
    expect(result.failure).toEqual({ stage: 'preflight', error: cancelled, exitCode: 7 });
    expect(statuses).toEqual({ preflight: 'skipped', source: 'skipped', rollback: 'skipped' });
  });

  it('in a stage ends that one as cancelled, and all is cleaned up', async () => {
    const cancel = new AbortController();
    let cleaned = false;
    const { result, statuses, report } = await runStages(
      [
        stage('build', {
          run: async (context) => {
            cancel.abort(cancelled);
            await untilStopped(context);
          },
          cleanUp: async () => {
            cleaned = true;
          },
        }),
        stage('start', { needs: ['build'] }),
      ],
      { signal: cancel.signal },
    );
    expect(result.failure).toEqual({ stage: 'build', error: cancelled, exitCode: 7 });
    expect(statuses).toMatchObject({ build: 'cancelled', start: 'skipped' });
    expect(report.stages[0]?.error).toBeNull();
    expect(cleaned).toBe(true);
  });

  it('in a stage that does not listen begins no other one', async () => {
    const cancel = new AbortController();
    const { result, statuses } = await runStages(
      [stage('build', { run: async () => cancel.abort(cancelled) }), stage('start', { needs: ['build'] })],
      { signal: cancel.signal },
    );
    expect(result.failure?.error).toBe(cancelled);
    expect(statuses.start).toBe('skipped');
  });

  it('in the last stage, when that has gone well, comes too late: nothing is taken back', async () => {
    const cancel = new AbortController();
    const { result, statuses } = await runStages(
      [stage('promote', { run: async () => cancel.abort(cancelled), cleanUp: () => expect.unreachable('cleaned up') })],
      { signal: cancel.signal, facts: { disturbed: true }, rollback: { run: () => expect.unreachable('rolled back') } },
    );
    expect(result.failure).toBeNull();
    expect(statuses).toEqual({ promote: 'success', rollback: 'skipped' });
  });
});
