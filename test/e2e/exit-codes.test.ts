import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectRestored, expectUndisturbed, expectVerdict, stageStatus, whileAsked } from '../support/expectations.ts';
import { makeProject, type Project } from '../support/project.ts';
import { freePort, healthcheck, webProject } from '../support/web.ts';

describe.concurrent('the exit code of deploy', () => {
  describe('when a gate or the build says no, and the old release is not disturbed', () => {
    let project: Project;
    let port: number;
    let url: string;

    beforeAll(async () => {
      port = await freePort();
      url = `http://127.0.0.1:${port}/version`;
      project = await makeProject({ files: webProject({ port, version: 'v1' }), name: 'gates' });
      await project.deploy();
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

    it('is 1 when coverage is below the minimum', async () => {
      const lcov = 'SF:src/a.js\nDA:1,1\nDA:2,0\nDA:3,1\nDA:4,0\nend_of_record\n';
      const { outcome, undisturbed } = await refused(
        ['--tests', 'unit: mkdir -p coverage; cp fixture.info coverage/lcov.info', '--coverage-minimum', '70'],
        { 'fixture.info': lcov, '.gitignore': 'coverage\n' },
      );
      expectVerdict(outcome, { exitCode: 1, status: 'failed', phase: 'test' });
      expect(outcome.report.coverage).toMatchObject({ percent: 50, minimum: 70, lines_covered: 2, lines_total: 4 });
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

  describe('when the new release runs and is not good, and the old one comes back', () => {
    let project: Project;
    let port: number;

    beforeAll(async () => {
      port = await freePort();
      const files = webProject({ port, version: 'v1', extra: 'environment: {COLOUR: green}\n' });
      project = await makeProject({ files, name: 'bad' });
      await project.deploy();
    });
    afterAll(async () => await project?.cleanUp());

    const url = (): string => `http://127.0.0.1:${port}/version`;

    /** Deploys a bad version while a client asks, who must see the old one before and after. */
    async function undone(
      bad: Omit<Parameters<typeof webProject>[0], 'port' | 'version'>,
      flags: readonly string[] = [],
    ) {
      await project.commit('bad', webProject({ port, version: 'bad', ...bad }));
      const before = await project.whatRuns();
      expect(before.containers).toHaveLength(1);
      const { done: outcome, client } = await whileAsked(url(), () => project.homeport(['deploy', ...flags]));
      await expectRestored(project, before);
      expect(client.asked.at(-1)?.answer).toBe('v1');
      expect(outcome.report.previous_release).toBe(before.current);
      expect(stageStatus(outcome, 'rollback')).toBe('success');
      return outcome;
    }

    it('is 3 when the container exits at its start', async () => {
      const outcome = await undone({ behaviour: { kind: 'exits-at-start', code: 17 }, extra: 'restart: "no"\n' });
      expectVerdict(outcome, { exitCode: 3, status: 'rolled_back', phase: 'start' });
      expect(outcome.report.error?.message).toContain('exited with code 17');
      expect(outcome.report.error?.excerpt).toContain('something is wrong');
    });

    it('is 3 for a crash loop', async () => {
      const outcome = await undone({ behaviour: { kind: 'exits-at-start' } });
      expectVerdict(outcome, { exitCode: 3, status: 'rolled_back', phase: 'start' });
      expect(outcome.report.error?.message).toContain('restarted');
    });

    it('is 3, at once, when the health check says no', async () => {
      const outcome = await undone({ behaviour: { kind: 'never-healthy' }, extra: healthcheck });
      expectVerdict(outcome, { exitCode: 3, status: 'rolled_back', phase: 'start' });
      expect(outcome.report.error?.message).toContain('unhealthy');
    });

    it('is 3 when the health check says nothing until `start-timeout`', async () => {
      const extra = `${healthcheck}  start_period: 5m\n`;
      const outcome = await undone({ behaviour: { kind: 'never-healthy' }, extra }, ['--start-timeout', '3s']);
      expectVerdict(outcome, { exitCode: 3, status: 'rolled_back', phase: 'start' });
      expect(outcome.report.error?.message).toContain('Not ready after 3');
    });

    it('is 3 when the container restarts during `startup-wait`', async () => {
      const outcome = await undone({ behaviour: { kind: 'crashes', afterMs: 2500 } }, ['--startup-wait', '30s']);
      expectVerdict(outcome, { exitCode: 3, status: 'rolled_back', phase: 'start' });
      expect(stageStatus(outcome, 'smoke')).toBe('cancelled');
    });

    it('is 3 when the container turns unhealthy during `startup-wait`', async () => {
      const behaviour = { kind: 'turns-unhealthy', afterMs: 2500 } as const;
      const outcome = await undone({ behaviour, extra: healthcheck }, ['--startup-wait', '30s']);
      expectVerdict(outcome, { exitCode: 3, status: 'rolled_back', phase: 'start' });
    });

    it('is 4 when a smoke check says no', async () => {
      const smoke = `[{http: '${url()}', body: v1, retries: 1, interval: 100ms}]`;
      const outcome = await undone({}, ['--smoke', smoke]);
      expectVerdict(outcome, { exitCode: 4, status: 'rolled_back', phase: 'smoke' });
      expect(outcome.report.error?.message).toContain(url());
      expect(outcome.report.error?.excerpt).toContain('bad');
    });

    it('is 4 when a script that smoke runs says no', async () => {
      const outcome = await undone({}, [
        '--smoke',
        '[{run: "echo the answer is $HOMEPORT_RELEASE; exit 1", retries: 0}]',
      ]);
      expectVerdict(outcome, { exitCode: 4, status: 'rolled_back', phase: 'smoke' });
      expect(outcome.report.error?.excerpt).toContain(`the answer is ${outcome.report.release}`);
    });

    it('says that the schema may be ahead when a migration had been applied', async () => {
      const outcome = await undone({ behaviour: { kind: 'exits-at-start' } }, ['--migrate', 'web: true']);
      expect(outcome.exitCode).toBe(3);
      expect(outcome.report.details).toMatchObject({ schema_may_be_ahead: true });
    });

    it('leaves the failed release running where `rollback-on-failure` is off, and the next good one takes over', async () => {
      const before = await project.whatRuns();
      await project.commit('left', webProject({ port, version: 'left' }));
      const flags = ['--no-rollback-on-failure', '--smoke', '[{run: "false", retries: 0}]'];
      const outcome = await project.homeport(['deploy', ...flags]);
      expectVerdict(outcome, { exitCode: 4, status: 'failed', phase: 'smoke', details: { left_running: true } });
      expect((await project.container('web')).imageId).not.toBe(before.containers[0]?.imageId);
      expect(await project.current()).toBe(before.current);

      await project.commit('good again', webProject({ port, version: 'v3' }));
      const next = await project.deploy();
      expect(next.report.previous_release).toBe(before.current);
    });

    it('is 0 when all is well', async () => {
      const before = await project.current();
      const commit = await project.commit('v4', webProject({ port, version: 'v4', extra: healthcheck }));
      const { done: outcome, client } = await whileAsked(url(), () =>
        project.homeport(['deploy', '--smoke', `[{http: '${url()}', body: v4}]`, '--tests', 'unit: "true"']),
      );
      expectVerdict(outcome, { exitCode: 0, status: 'success', phase: 'promote' });
      expect(outcome.report).toMatchObject({ commit, branch: 'main', previous_release: before });
      expect(await project.current()).toBe(outcome.report.release);
      expect(client.asked.at(-1)?.answer).toBe('v4');
      await access(join(project.state, 'logs', `deployment_${outcome.report.deployment.slice(0, 16)}.log`));
    });
  });
});
