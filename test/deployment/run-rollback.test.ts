import { describe, expect, it } from 'vitest';
import { CancelledError, exitCodes, HomeportError } from '../../src/deployment/error.ts';
import type { Stage, StageContext } from '../../src/deployment/stage.ts';
import { runStages, stage, untilStopped } from './support.ts';

const failing: Stage = stage('start', {
  exitCode: exitCodes.deploy,
  run: async ({ facts }) => {
    facts.disturbed = true;
    throw new HomeportError('web never became ready.', { hint: 'Look at its log.' });
  },
});

describe('the way back', () => {
  it('is gone when what runs was disturbed, before the stages clean up', async () => {
    const order: string[] = [];
    const { result, statuses } = await runStages([{ ...failing, cleanUp: async () => void order.push('clean up') }], {
      rollback: { run: async () => void order.push('rollback') },
    });
    expect(order).toEqual(['rollback', 'clean up']);
    expect(result).toMatchObject({ rollback: 'done', rollbackError: null, failure: { stage: 'start', exitCode: 3 } });
    expect(statuses).toEqual({ start: 'failed', rollback: 'success' });
  });

  it.each([
    ['nothing was disturbed', async () => Promise.reject(new Error('the build failed'))],
    [
      'all went well',
      async ({ facts }: StageContext) => {
        facts.disturbed = true;
      },
    ],
  ])('is not gone when %s', async (_why, work) => {
    const { result, statuses } = await runStages([stage('start', { run: work })], {
      rollback: { run: () => expect.unreachable('rolled back') },
    });
    expect(result.rollback).toBe('not-needed');
    expect(statuses.rollback).toBe('skipped');
  });

  it('that fails is told beside what made it needed', async () => {
    const { result, statuses, report } = await runStages([failing], {
      rollback: {
        run: async () => {
          throw new HomeportError('CRITICAL: no way back.', { hint: 'By hand.' });
        },
      },
    });
    expect(result.rollback).toBe('failed');
    expect(result.rollbackError?.message).toBe('CRITICAL: no way back.');
    expect(result.failure?.error.message).toBe('web never became ready.');
    expect(statuses).toEqual({ start: 'failed', rollback: 'failed' });
    expect(report.stages.at(-1)?.error).toBe('CRITICAL: no way back.');
  });

  it('has its own time and is not stopped by what stopped the deployment', async () => {
    const seen: { aborted: boolean; left: number }[] = [];
    const slow = stage('start', {
      run: async (context) => {
        context.facts.disturbed = true;
        await untilStopped(context);
      },
    });
    await runStages([slow], {
      door: { timeout: '100ms', 'start-timeout': '90s', 'startup-wait': '10s' },
      rollback: {
        run: async ({ signal, remaining }) => void seen.push({ aborted: signal.aborted, left: remaining() }),
      },
    });
    expect(seen[0]?.aborted).toBe(false);
    // Twice start-timeout, startup-wait and three minutes.
    expect(seen[0]?.left).toBeGreaterThan(365_000);
    expect(seen[0]?.left).toBeLessThanOrEqual(370_000);
  });

  it('is gone after a cancellation too', async () => {
    const cancel = new AbortController();
    const { result } = await runStages(
      [
        stage('start', {
          run: async (context) => {
            context.facts.disturbed = true;
            cancel.abort(new CancelledError('Cancelled.', 'Again.'));
            await untilStopped(context);
          },
        }),
      ],
      { signal: cancel.signal },
    );
    expect(result).toMatchObject({ rollback: 'done', failure: { exitCode: 7 } });
  });

  it('is not gone when it is switched off: the failed release is left as it is, with a warning', async () => {
    const { result, statuses, report } = await runStages(
      [{ ...failing, cleanUp: () => expect.unreachable('cleaned up') }],
      {
        door: { 'rollback-on-failure': 'false' },
        rollback: { run: () => expect.unreachable('rolled back') },
      },
    );
    expect(result.rollback).toBe('switched-off');
    expect(statuses.rollback).toBe('skipped');
    expect(report.warnings).toEqual([expect.stringContaining('homeport rollback')]);
  });
});
