import { describe, expect, it } from 'vitest';
import { CancelledError, type ExitCode, exitCodes, HomeportError } from '../../src/deployment/error.ts';
import { type Facts, newFacts } from '../../src/deployment/facts.ts';
import { outcomeOf } from '../../src/deployment/outcome.ts';
import type { RunResult } from '../../src/deployment/run.ts';
import { release } from './support.ts';

const { gate, build, deploy, smoke, aborted, invalid } = exitCodes;

function failed(stage: string, exitCode: ExitCode, rollback: RunResult['rollback'] = 'not-needed'): RunResult {
  const error = new HomeportError(`${stage} said no.`, { hint: 'Do this.', excerpt: `${stage} log` });
  const rollbackError =
    rollback === 'failed' ? new HomeportError('CRITICAL: no.', { hint: 'Do that.', excerpt: 'rollback log' }) : null;
  return { failure: { stage, error, exitCode }, rollback, rollbackError, clean: true };
}

function cancelled(stage: string, rollback: RunResult['rollback'] = 'not-needed'): RunResult {
  const error = new CancelledError('Cancelled.', 'Again.');
  return { failure: { stage, error, exitCode: aborted }, rollback, rollbackError: null, clean: true };
}

function factsOf({ first = false, migrated = false }): Facts {
  const before = { containers: [], release: first ? null : release('r1') };
  return Object.assign(newFacts('r2', 'shop', new Date()), { snapshot: before, migrated });
}

const again = {};
const first = { first: true };
const migrated = { migrated: true };
const ahead = { schema_may_be_ahead: true };

// The table of exit codes of the interface, and the paragraph behind it.
describe('the verdict', () => {
  it.each<[string, RunResult, { first?: boolean; migrated?: boolean }, unknown[]]>([
    ['preflight says no', failed('preflight', aborted), again, ['aborted', 7, 'preflight', {}]],
    ['the lock is not to be had', failed('preflight', aborted), first, ['aborted', 7, 'preflight', {}]],
    ['the request is invalid', failed('preflight', invalid), again, ['aborted', 64, 'preflight', {}]],
    ['tests fail', failed('test', gate), again, ['failed', 1, 'test', {}]],
    ['the build fails', failed('build', build), again, ['failed', 2, 'build', {}]],
    ['a required backup fails', failed('backup', deploy), again, ['failed', 3, 'backup', {}]],
    ['a migration fails that had begun', failed('migrate', deploy), migrated, ['failed', 3, 'migrate', ahead]],
    ['it never became ready', failed('start', deploy, 'done'), again, ['rolled_back', 3, 'start', {}]],
    [
      'it never became ready behind a migration',
      failed('start', deploy, 'done'),
      migrated,
      ['rolled_back', 3, 'start', ahead],
    ],
    ['smoke says no', failed('smoke', smoke, 'done'), again, ['rolled_back', 4, 'smoke', {}]],
    ['smoke says no and nothing had been touched', failed('smoke', smoke), again, ['failed', 4, 'smoke', {}]],
    ['a first deployment is not ready', failed('start', deploy, 'done'), first, ['failed', 3, 'start', {}]],
    ['a first deployment fails its smoke', failed('smoke', smoke, 'done'), first, ['failed', 4, 'smoke', {}]],
    ['the rollback fails too', failed('smoke', smoke, 'failed'), again, ['failed', 6, 'rollback', { critical: true }]],
    [
      'the rollback fails behind a migration',
      failed('smoke', smoke, 'failed'),
      migrated,
      ['failed', 6, 'rollback', { critical: true, ...ahead }],
    ],
    [
      'taking a first one away fails',
      failed('start', deploy, 'failed'),
      first,
      ['failed', 6, 'rollback', { critical: true }],
    ],
    [
      'the rollback is switched off',
      failed('smoke', smoke, 'switched-off'),
      again,
      ['failed', 4, 'smoke', { left_running: true }],
    ],
    ['cancelled in the tests', cancelled('test'), again, ['aborted', 7, 'test', {}]],
    ['cancelled in a migration', cancelled('migrate'), migrated, ['aborted', 7, 'migrate', ahead]],
    ['cancelled while it started', cancelled('start', 'done'), again, ['rolled_back', 7, 'start', {}]],
    [
      'cancelled, and the rollback is switched off',
      cancelled('start', 'switched-off'),
      again,
      ['failed', 7, 'start', { left_running: true }],
    ],
  ])('when %s', (_when, result, facts, [status, exitCode, phase, details]) => {
    const outcome = outcomeOf(result, factsOf(facts), 'promote');
    expect(outcome).toMatchObject({ status, exit_code: exitCode, phase });
    expect(outcome.details).toEqual(details);
    expect(outcome.error?.stage).toBe(phase);
  });

  it('when all went well, is the last stage’s', () => {
    const well: RunResult = { failure: null, rollback: 'not-needed', rollbackError: null, clean: true };
    expect(outcomeOf(well, factsOf(migrated), 'promote')).toEqual({
      status: 'success',
      phase: 'promote',
      exit_code: 0,
      error: null,
      details: {},
    });
  });

  it('before anything was looked at, has no snapshot to look into', () => {
    const nothing = newFacts('r1', 'shop', new Date());
    expect(outcomeOf(failed('preflight', aborted), nothing, 'promote').status).toBe('aborted');
  });
});

describe('the error', () => {
  it('is that of the stage that said no', () => {
    expect(outcomeOf(failed('smoke', smoke, 'done'), factsOf(again), 'promote').error).toEqual({
      stage: 'smoke',
      message: 'smoke said no.',
      hint: 'Do this.',
      excerpt: 'smoke log',
    });
  });

  it('of a failed rollback tells both, and what to do about the rollback', () => {
    expect(outcomeOf(failed('smoke', smoke, 'failed'), factsOf(again), 'promote').error).toEqual({
      stage: 'rollback',
      message: 'CRITICAL: no. It was needed because: smoke said no.',
      hint: 'Do that.',
      excerpt: 'smoke log\n\nrollback log',
    });
  });

  it('has no excerpt where there is none', () => {
    expect(outcomeOf(cancelled('test'), factsOf(again), 'promote').error?.excerpt).toBeNull();
  });
});
