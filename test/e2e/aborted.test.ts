import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectRestored, expectUndisturbed, expectVerdict, stageStatus, whileAsked } from '../support/expectations.ts';
import { makeProject, type Project } from '../support/project.ts';
import { freePort, healthcheck, webProject } from '../support/web.ts';

describe('a deployment that ends before anything was changed', () => {
  let project: Project;
  let port: number;
  let url: string;

  beforeAll(async () => {
    port = await freePort();
    url = `http://127.0.0.1:${port}/version`;
    project = await makeProject({ files: webProject({ port, version: 'v1' }), name: 'aborted' });
    await project.deploy();
    await project.commit('v2', webProject({ port, version: 'v2' }));
  });
  afterAll(async () => await project?.cleanUp());

  const aborted = (phase: string) => ({ exitCode: 7, status: 'aborted', phase });

  it('exits with 7 when another process has a port that it publishes', async () => {
    const taken = await freePort();
    const server = createServer().listen(taken, '127.0.0.1');
    const extra = `environment: {OTHER: 'yes'}\n`;
    await project.commit('another port', webProject({ port: taken, version: 'v2', extra }));
    const before = await project.whatRuns();
    const { done, client } = await whileAsked(url, () => project.homeport(['deploy']));
    server.close();
    await project.commit('the port again', webProject({ port, version: 'v2' }));
    expectVerdict(done, aborted('preflight'));
    expect(done.report.error?.message).toContain(`The port ${taken}`);
    await expectUndisturbed(project, before, client);
  });

  it('exits with 7 when the disk has less free than is asked for', async () => {
    const outcome = await project.homeport(['deploy', '--minimum-free-disk', '900TiB']);
    expectVerdict(outcome, aborted('preflight'));
    expect(outcome.report.error?.message).toContain('`minimum-free-disk` asks for');
  });

  it('exits with 7 when the compose file is broken, and tells it in the words of Compose', async () => {
    await project.commit('broken', { 'compose.yaml': 'services:\n  web: {biuld: web}\n' });
    const outcome = await project.homeport(['deploy']);
    await project.commit('mended', webProject({ port, version: 'v2' }));
    expectVerdict(outcome, aborted('preflight'));
    expect(outcome.report.error?.message).toContain('biuld');
  });

  it('exits with 7 when the checkout holds changes that no commit has', async () => {
    await project.write({ 'web/version': 'changed by hand\n' });
    const outcome = await project.homeport(['deploy']);
    await project.git('checkout', '--', 'web/version');
    expectVerdict(outcome, aborted('source'));
    expect(outcome.report.error?.message).toContain('web/version');
  });

  it('exits with 7 when it is cancelled during the tests or the wait for the lock, and leaves no process behind', async () => {
    const before = await project.whatRuns();
    // A number of seconds that nobody else sleeps tells this test's process from all others.
    const seconds = `${600 + Math.floor(Math.random() * 1e6) / 1e6}`;
    const { done, client } = await whileAsked(url, async () => {
      const first = project.begin(['deploy', '--tests', `unit: echo begun; sleep ${seconds}`]);
      await first.said('test | begun');
      expect(processesWith(seconds)).toBeGreaterThan(0);
      const late = await project.homeport(['deploy', '--lock-timeout', '1s']);
      const waiting = project.begin(['deploy']);
      await waiting.said('waiting for:');
      waiting.signal('SIGTERM');
      const gaveUp = await project.ended(waiting);
      first.signal('SIGINT');
      return { first: await project.ended(first), late, gaveUp };
    });
    expectVerdict(done.late, aborted('preflight'));
    expect(done.late.report.error?.message).toContain(`deploy ${done.first.report.deployment}`);
    expectVerdict(done.gaveUp, aborted('preflight'));
    expectVerdict(done.first, aborted('test'));
    expect(stageStatus(done.first, 'test')).toBe('cancelled');
    expect(processesWith(seconds)).toBe(0);
    await expectUndisturbed(project, before, client);
  });

  it('exits with 7 when it is cancelled during the start, with the old release back', async () => {
    const extra = `${healthcheck}  start_period: 5m\n`;
    await project.commit('slow', webProject({ port, version: 'slow', behaviour: { kind: 'never-healthy' }, extra }));
    const before = await project.whatRuns();
    const { done, client } = await whileAsked(url, async () => {
      const running = project.begin(['deploy']);
      await running.said('waiting for web');
      running.signal('SIGINT');
      // A second one must not tear the way back down.
      await running.said('▶ rollback');
      running.signal('SIGINT');
      return await project.ended(running);
    });
    expectVerdict(done, { exitCode: 7, status: 'rolled_back', phase: 'start' });
    await expectRestored(project, before);
    expect(client.asked.at(-1)?.answer).toBe('v1');
  });

  it('exits with 64 when the request names services that there are none of', async () => {
    const before = await project.whatRuns();
    const outcome = await project.homeport(['deploy', '--services', 'wbe', '--migrate', 'db: migrate']);
    expectVerdict(outcome, { exitCode: 64, status: 'aborted', phase: 'preflight' });
    expect(outcome.report.error?.message).toContain('did you mean `web`');
    expect(await project.whatRuns()).toEqual(before);
  });

  it('exits with 64 and tells all problems at once, before it touches anything', async () => {
    const settings = 'start-timeout: soon\ncoverage-minimum: 170\nteests: {unit: "true"}\n';
    await project.write({ 'homeport.yml': settings });
    const elsewhere = join(project.folder, 'elsewhere');
    const outcome = await project.homeport(['deploy', '--state-directory', elsewhere]);
    await project.write({ 'homeport.yml': null });
    expect(outcome.exitCode, outcome.output).toBe(64);
    for (const word of ['start-timeout', 'soon', 'coverage-minimum', '170', 'teests', '`tests`']) {
      expect(outcome.output).toContain(word);
    }
    expect(existsSync(elsewhere)).toBe(false);
  });

  it('exits with 64 for a flag that there is none of', async () => {
    const outcome = await project.homeport(['deploy', '--skip-test']);
    expect(outcome.exitCode).toBe(64);
    expect(outcome.output).toContain('--skip-tests');
  });
});

/** How many processes have this word in their argv. */
function processesWith(word: string): number {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(word);
    } catch {
      return false;
    }
  }).length;
}
