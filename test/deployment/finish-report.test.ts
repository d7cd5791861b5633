import { describe, expect, it } from 'vitest';
import type { CoverageResult } from '../../src/coverage/coverage.ts';
import { CancelledError, exitCodes, HomeportError } from '../../src/deployment/error.ts';
import { type Facts, newFacts, type Source } from '../../src/deployment/facts.ts';
import { emptyReport, finishReport } from '../../src/deployment/finish-report.ts';
import { type Report, reportSchema } from '../../src/deployment/report.ts';
import type { RunResult } from '../../src/deployment/run.ts';
import { request } from '../request/sources.ts';
import { release, stage } from './support.ts';

const well: RunResult = { failure: null, rollback: 'not-needed', rollbackError: null, clean: true };
const source: Source = {
  root: '/checkout',
  workingDirectory: '/checkout',
  commit: 'f'.repeat(40),
  committedAt: new Date(0),
  branch: 'main',
};

const coverage: CoverageResult = {
  percent: 69.999,
  linesCovered: 69_999,
  linesTotal: 100_000,
  unit: 'lines',
  branches: null,
  files: ['lcov.info'],
  byFile: [],
};

async function reported(
  result: RunResult,
  more: { facts?: Partial<Facts>; door?: Record<string, unknown>; startedMsAgo?: number; busyMs?: number } = {},
): Promise<Report> {
  const startedAt = new Date(Date.now() - (more.startedMsAgo ?? 0));
  const facts = Object.assign(newFacts('20251121T101500Z-fffffff', 'shop', startedAt), more.facts);
  const plan = { stages: [stage('preflight'), stage('promote')], rollback: stage('rollback') };
  const door = { repository: 'o/r', branch: null, triggeredBy: 'push', who: 'octocat by a workflow', runUrl: null };
  const report = emptyReport(await request({ door: more.door ?? {} }), door, { facts, plan, log: '/logs/a.log' });
  const redact = (text: string): string => text.replaceAll('hunter2', '***');
  const recorded = release('r0');
  finishReport(report, result, { facts, plan, recorded, minimumCoverage: 70, busyMs: more.busyMs ?? 0, redact });
  return reportSchema.parse(report);
}

function failure(stageName: string, message: string, excerpt?: string): RunResult {
  const error = new HomeportError(message, {
    hint: `${message} (hint)`,
    ...(excerpt === undefined ? {} : { excerpt }),
  });
  return {
    failure: { stage: stageName, error, exitCode: exitCodes.smoke },
    rollback: 'not-needed',
    rollbackError: null,
    clean: true,
  };
}

describe('the report', () => {
  it('of a deployment that went well', async () => {
    const report = await reported(well, {
      facts: { source, release: release('r2'), snapshot: { containers: [], release: release('r1') } },
    });
    expect(report).toMatchObject({
      schema: 1,
      project: 'shop',
      command: 'deploy',
      repository: 'o/r',
      branch: 'main',
      commit: source.commit,
      triggered_by: 'push',
      who: 'octocat by a workflow',
      status: 'success',
      phase: 'promote',
      exit_code: 0,
      systems_deployed: ['local'],
      release: 'r2',
      previous_release: 'r1',
      coverage: null,
      error: null,
      log: '/logs/a.log',
    });
    expect(report.stages.map(({ name }) => name)).toEqual(['preflight', 'promote', 'rollback']);
  });

  it('leaves no stage pending', async () => {
    const { stages } = await reported(well);
    expect(stages.map(({ status }) => status)).toEqual(['skipped', 'skipped', 'skipped']);
  });

  it('shows what no stage could say in the stage that it is of', async () => {
    const { stages } = await reported(failure('preflight', 'The lock is not to be had.'));
    expect(stages[0]).toMatchObject({ status: 'failed', error: 'The lock is not to be had.' });
  });

  it('tells no secret of an error', async () => {
    const { error } = await reported(failure('preflight', 'hunter2 is wrong.', 'log: hunter2'));
    expect(error).toEqual({
      stage: 'preflight',
      message: '*** is wrong.',
      hint: '*** is wrong. (hint)',
      excerpt: 'log: ***',
    });
  });

  it('of a rollback has the commit of the release that it went to', async () => {
    const report = await reported(well, { door: { command: 'rollback' }, facts: { source, release: release('r1') } });
    expect(report.commit).toBe('c'.repeat(40));
  });

  it.each([
    ['nothing', well, false, ['local']],
    ['a failure that touched what runs', failure('preflight', 'no'), true, ['local']],
    ['a failure before', failure('preflight', 'no'), false, []],
  ])('names the systems after %s', async (_what, result, disturbed, systems) => {
    expect((await reported(result, { facts: { disturbed } })).systems_deployed).toEqual(systems);
  });

  it('of a first deployment has no release before', async () => {
    const report = await reported(well, { facts: { snapshot: { containers: [], release: null } } });
    expect(report.previous_release).toBeNull();
  });

  it('never rounds coverage up to the minimum', async () => {
    expect((await reported(well, { facts: { coverage } })).coverage).toEqual({
      percent: 69.99,
      minimum: 70,
      lines_covered: 69_999,
      lines_total: 100_000,
      files: ['lcov.info'],
      unit: 'lines',
      branches: null,
      worst: [],
      before: null,
    });
  });

  it('names the ten files with most untested code, and what the last good release had', async () => {
    const byFile = Array.from({ length: 12 }, (_, index) => ({
      file: index === 11 ? 'src/hunter2.go' : `src/${index}.go`,
      linesCovered: 20 - index,
      linesTotal: 20,
      unit: 'statements' as const,
    }));
    const coverageBefore = { release: 'r1', percent: 80.5 };
    const branches = { covered: 3, total: 4 };
    const facts = { coverage: { ...coverage, byFile, branches }, coverageBefore };
    const told = (await reported(well, { facts })).coverage;
    expect(told).toMatchObject({ before: coverageBefore, branches });
    expect(told?.worst).toHaveLength(10);
    expect(told?.worst?.slice(0, 2)).toEqual([
      { file: 'src/***.go', lines_covered: 9, lines_total: 20, unit: 'statements' },
      { file: 'src/10.go', lines_covered: 10, lines_total: 20, unit: 'statements' },
    ]);
  });

  it('counts the rows of a backup', async () => {
    const backup: Facts['backups'][number] = {
      service: 'db',
      kind: 'postgres',
      database: 'shop',
      file: '/backups/a.dump',
      bytes: 10,
      sha256: 'a',
      verified: 'restore',
      rows: { users: 2, orders: 40 },
      durationSeconds: 1.5,
    } as unknown as Facts['backups'][number];
    const [told] = (await reported(well, { facts: { backups: [backup] } })).backups;
    expect(told).toMatchObject({ file: '/backups/a.dump', rows: 42, duration_seconds: 1.5 });
  });

  it('tells how long it took, and how much of that was Homeport’s own', async () => {
    const report = await reported(well, { startedMsAgo: 5000, busyMs: 4000 });
    expect(report.duration_seconds).toBeGreaterThanOrEqual(5);
    expect(report.duration_seconds).toBeLessThan(7);
    expect(report.overhead_seconds).toBeCloseTo(report.duration_seconds - 4, 1);
    expect(Date.parse(report.finished_at)).toBeGreaterThan(Date.parse(report.started_at));
  });

  it('keeps what was found out beside what the verdict says', async () => {
    const cancelled: RunResult = {
      failure: { stage: 'preflight', error: new CancelledError('Cancelled.', 'Again.'), exitCode: 7 },
      rollback: 'not-needed',
      rollbackError: null,
      clean: true,
    };
    const report = await reported(cancelled, { facts: { migrated: true, details: { seen: ['web: running'] } } });
    expect(report.details).toEqual({ seen: ['web: running'], schema_may_be_ahead: true });
  });
});
