import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectRestored, expectVerdict, stageStatus, whileAsked } from '../support/expectations.ts';
import type { Running } from '../support/homeport.ts';
import { docker, makeProject, type Project } from '../support/project.ts';
import { freePort, healthcheck, webProject } from '../support/web.ts';

describe('the exit code of a deployment whose release runs; where it is not good, the old one comes back', () => {
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

  type Bad = Omit<Parameters<typeof webProject>[0], 'port' | 'version'>;

  /** Deploys a bad version while a client asks, to whom the old one must answer before and after. */
  async function undone(
    bad: Bad,
    flags: readonly string[],
    verdict: Parameters<typeof expectVerdict>[1],
    meanwhile: (running: Running) => Promise<unknown> = async () => {},
  ) {
    await project.commit('bad', webProject({ port, version: 'bad', ...bad }));
    const before = await project.whatRuns();
    expect(before.containers).toHaveLength(1);
    const { done: outcome, client } = await whileAsked(url(), async () => {
      const running = project.begin(['deploy', ...flags]);
      await meanwhile(running);
      return await project.ended(running);
    });
    expectVerdict(outcome, verdict);
    await expectRestored(project, before);
    expect(client.asked.at(-1)?.answer).toBe('v1');
    expect(outcome.report.previous_release).toBe(before.current);
    expect(stageStatus(outcome, 'rollback')).toBe('success');
    return outcome;
  }

  /** Runs a command in the new container as soon as that is ready. */
  const duringSmoke =
    (...words: string[]) =>
    async (running: Running): Promise<void> => {
      await running.said('▶ smoke');
      await docker('exec', (await project.container('web')).id, ...words);
    };

  const neverReady = { exitCode: 3, status: 'rolled_back', phase: 'start' };
  const saidNo = { exitCode: 4, status: 'rolled_back', phase: 'smoke' };

  it('is 3 when the container exits at its start', async () => {
    const behaviour = { kind: 'exits-at-start', code: 17 } as const;
    const outcome = await undone({ behaviour, extra: 'restart: "no"\n' }, [], neverReady);
    expect(outcome.report.error?.message).toContain('exited with code 17');
    expect(outcome.report.error?.excerpt).toContain('something is wrong');
  });

  it('is 3 for a crash loop', async () => {
    const outcome = await undone({ behaviour: { kind: 'exits-at-start' } }, [], neverReady);
    expect(outcome.report.error?.message).toContain('restarted');
  });

  it('is 3, at once, when the health check says no', async () => {
    const outcome = await undone({ behaviour: { kind: 'never-healthy' }, extra: healthcheck }, [], neverReady);
    expect(outcome.report.error?.message).toContain('unhealthy');
  });

  it('is 3 when the health check says nothing until `start-timeout`', async () => {
    const bad: Bad = { behaviour: { kind: 'never-healthy' }, extra: `${healthcheck}  start_period: 5m\n` };
    const outcome = await undone(bad, ['--start-timeout', '3s'], neverReady);
    expect(outcome.report.error?.message).toContain('Not ready after 3');
  });

  it('is 3 when the container restarts during `startup-wait`', async () => {
    const bad: Bad = { behaviour: { kind: 'crashes' } };
    const outcome = await undone(bad, ['--startup-wait', '8s'], neverReady, duringSmoke('touch', '/www/crash'));
    expect(stageStatus(outcome, 'smoke')).toBe('cancelled');
    expect(outcome.report.error?.excerpt).toContain('it crashes now');
  });

  it('is 3 when the container turns unhealthy during `startup-wait`', async () => {
    const ill = duringSmoke('rm', '/www/health');
    const outcome = await undone({ extra: healthcheck }, ['--startup-wait', '8s'], neverReady, ill);
    expect(stageStatus(outcome, 'smoke')).toBe('cancelled');
    expect(outcome.report.error?.message).toContain('unhealthy');
  });

  it('is 4 when a smoke check says no', async () => {
    const outcome = await undone(
      {},
      ['--smoke', `[{http: '${url()}', body: v1, retries: 1, interval: 100ms}]`],
      saidNo,
    );
    expect(outcome.report.error?.message).toContain(url());
    expect(outcome.report.error?.excerpt).toContain('bad');
  });

  it('is 4 when a script that smoke runs says no', async () => {
    const script = 'echo the answer is $HOMEPORT_RELEASE; exit 1';
    const outcome = await undone({}, ['--smoke', `[{run: "${script}", retries: 0}]`], saidNo);
    expect(outcome.report.error?.excerpt).toContain(`the answer is ${outcome.report.release}`);
  });

  it('says that the schema may be ahead when a migration had been applied', async () => {
    const details = { schema_may_be_ahead: true };
    await undone({ behaviour: { kind: 'exits-at-start' } }, ['--migrate', 'web: echo done'], {
      ...neverReady,
      details,
    });
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
