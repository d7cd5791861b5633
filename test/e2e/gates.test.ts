import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectUndisturbed, expectVerdict, stageStatus, whileAsked } from '../support/expectations.ts';
import { makeProject, type Project } from '../support/project.ts';
import { freePort, webProject } from '../support/web.ts';

describe('the exit code of a deployment to which a gate or the build says no, and which disturbs nobody', () => {
  let project: Project;
  let port: number;
  let url: string;
  /** The release that runs all the while; its tests covered 75 % of lines. */
  let good: string;
  const writeCoverage = 'unit: mkdir -p coverage; cp fixture.info coverage/lcov.info';

  beforeAll(async () => {
    port = await freePort();
    url = `http://127.0.0.1:${port}/version`;
    const lcov = 'SF:src/a.js\nDA:1,1\nDA:2,0\nDA:3,1\nDA:4,1\nend_of_record\n';
    const files = { ...webProject({ port, version: 'v1' }), 'fixture.info': lcov, '.gitignore': 'coverage\n' };
    project = await makeProject({ files, name: 'gates' });
    const { report } = await project.deploy(['--tests', writeCoverage, '--coverage-minimum', '75']);
    expect(report.coverage).toMatchObject({ percent: 75, before: null });
    good = report.release ?? '';
  });
  afterAll(async () => await project?.cleanUp());

  /** Deploys a good new version with these flags (or these bad files) while a client asks. */
  async function refused(flags: readonly string[], files: Record<string, string> = {}) {
    await project.commit('v2', { ...webProject({ port, version: 'v2' }), ...files });
    const before = await project.whatRuns();
    const { done, client } = await whileAsked(url, () => project.homeport(['deploy', ...flags]));
    return { outcome: done, undisturbed: () => expectUndisturbed(project, before, client) };
  }

  it('is 1 when tests fail', async () => {
    const { outcome, undisturbed } = await refused(['--tests', 'unit: echo one is not two >&2; exit 3']);
    expectVerdict(outcome, { exitCode: 1, status: 'failed', phase: 'test' });
    expect(outcome.report.error?.message).toContain('`unit` failed with exit code 3');
    expect(outcome.report.error?.excerpt).toContain('one is not two');
    expect(outcome.report.changes.tests).toMatchObject([{ name: 'unit', status: 'failed' }]);
    expect(outcome.report.release).toBeNull();
    await undisturbed();
  });

  it('is 1 when tests fail while the build is under way, of which nothing stays', async () => {
    const { outcome, undisturbed } = await refused(['--tests', 'unit: sleep 2; exit 1'], {
      'web/Dockerfile': 'FROM busybox:stable\nRUN sleep 30\nCOPY version serve.sh behaviour /srv/\n',
    });
    expectVerdict(outcome, { exitCode: 1, status: 'failed', phase: 'test' });
    expect(stageStatus(outcome, 'build')).toBe('cancelled');
    expect(outcome.report.duration_seconds).toBeLessThan(15);
    await undisturbed();
  });

  it('is 1 when a suite takes longer than it may, which names what failed before', async () => {
    const junit = '<testsuite><testcase name="pays"><failure message="no money"/></testcase></testsuite>';
    const tests = 'unit: "true"\nslow: {command: "cp fixture.xml out.xml; sleep 300", timeout: 2s}';
    const { outcome, undisturbed } = await refused(['--tests', tests, '--test-report', 'out.xml'], {
      'fixture.xml': junit,
      '.gitignore': 'coverage\nout.xml\n',
    });
    expectVerdict(outcome, { exitCode: 1, status: 'failed', phase: 'test' });
    expect(outcome.report.error?.message).toContain('`slow` did not end within 2.0s (their own `timeout`)');
    expect(outcome.report.error?.excerpt).toContain('1 of 1 tests failed:\n- pays: no money');
    expect(outcome.report.changes.tests).toMatchObject([
      { name: 'unit', status: 'success' },
      { name: 'slow', status: 'failed', counts: { tests: 1, failures: 1, skipped: 0 } },
    ]);
    await undisturbed();
  });

  it('is 1 when a budget is exceeded, and the figures stand in the report', async () => {
    const budgets = 'tokens: {command: cat spent, maximum: 100}\nfiles: {command: ls | wc -l, maximum: 1000}';
    const { outcome, undisturbed } = await refused(['--tests', 'unit: echo 101 > spent', '--budgets', budgets], {
      '.gitignore': 'coverage\nspent\n',
    });
    expectVerdict(outcome, { exitCode: 1, status: 'failed', phase: 'test' });
    expect(outcome.report.error?.message).toBe('The budget `tokens` is exceeded: 101, the maximum is 100.');
    expect(outcome.report.budgets).toMatchObject([
      { name: 'tokens', value: 101, maximum: 100, status: 'failed' },
      { name: 'files', maximum: 1000, status: 'success' },
    ]);
    expect(outcome.output).toContain('101');
    await undisturbed();
  });

  it('is 1 when coverage is below the minimum', async () => {
    const lcov = 'SF:src/a.js\nDA:1,1\nDA:2,0\nDA:3,1\nDA:4,0\nend_of_record\n';
    const { outcome, undisturbed } = await refused(['--tests', writeCoverage, '--coverage-minimum', '70'], {
      'fixture.info': lcov,
    });
    expectVerdict(outcome, { exitCode: 1, status: 'failed', phase: 'test' });
    expect(outcome.report.coverage).toMatchObject({ percent: 50, minimum: 70, lines_covered: 2, lines_total: 4 });
    expect(outcome.report.coverage).toMatchObject({
      worst: [{ file: 'src/a.js', lines_covered: 2, lines_total: 4 }],
      before: { release: good, percent: 75 },
    });
    await undisturbed();
  });

  it('is 1 when there is no coverage report to judge by', async () => {
    const { outcome, undisturbed } = await refused([
      '--tests',
      'unit: rm -rf coverage',
      '--coverage-minimum',
      '70',
      '--coverage-report',
      'coverage/lcov.info',
    ]);
    expectVerdict(outcome, { exitCode: 1, status: 'failed', phase: 'test' });
    await undisturbed();
  });

  it('is 2 when the build breaks', async () => {
    const { outcome, undisturbed } = await refused([], {
      'web/Dockerfile': 'FROM busybox:stable\nRUN echo no such compiler >&2; exit 41\n',
    });
    expectVerdict(outcome, { exitCode: 2, status: 'failed', phase: 'build' });
    expect(outcome.report.error?.excerpt).toContain('no such compiler');
    await undisturbed();
  });

  it('is 2 when an image can not be pulled', async () => {
    const files = webProject({ port, version: 'v2', more: '  extra: {image: "localhost:9/nobody/nothing:1"}\n' });
    const { outcome, undisturbed } = await refused([], files);
    expectVerdict(outcome, { exitCode: 2, status: 'failed', phase: 'build' });
    expect(outcome.report.error?.message).toContain('localhost:9/nobody/nothing:1');
    await undisturbed();
  });

  it('is 3 when a backup fails that is required', async () => {
    const { outcome, undisturbed } = await refused([
      '--backup',
      '[{service: web, kind: sqlite, path: /srv/nothing.db}]',
      '--backup-required',
    ]);
    expectVerdict(outcome, { exitCode: 3, status: 'failed', phase: 'backup' });
    await undisturbed();
  });

  it('is 3 when a migration fails, in the new image, while the old version serves', async () => {
    const { outcome, undisturbed } = await refused(['--migrate', 'web: cat /srv/version; exit 9']);
    expectVerdict(outcome, {
      exitCode: 3,
      status: 'failed',
      phase: 'migrate',
      details: { schema_may_be_ahead: true },
    });
    expect(outcome.report.error?.excerpt).toContain('v2');
    expect(outcome.report.changes.migrations).toHaveLength(1);
    await undisturbed();
  });
});
