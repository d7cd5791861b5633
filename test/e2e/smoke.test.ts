import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectVerdict } from '../support/expectations.ts';
import { docker, makeProject, type Project } from '../support/project.ts';
import { TelegramServer } from '../support/telegram-server.ts';
import { freePort, webProject } from '../support/web.ts';

describe('smoke checks of a deployment', () => {
  let project: Project;
  let bot: TelegramServer;
  let port: number;

  beforeAll(async () => {
    bot = await TelegramServer.start();
    port = await freePort();
    project = await makeProject({ files: webProject({ port, version: 'v1' }), name: 'smoke' });
    await project.deploy();
  });
  afterAll(async () => {
    await project?.cleanUp();
    await bot.close();
  });

  it('do not count the restarts of a service that the deployment leaves alone', async () => {
    const { id } = await project.container('web');
    const pid = Number(await docker('inspect', '--format', '{{.State.Pid}}', id));
    process.kill(pid, 'SIGKILL');
    const restarts = () => docker('inspect', '--format', '{{.RestartCount}} {{.State.Status}}', id);
    await expect.poll(restarts, { timeout: 30_000 }).toBe('1 running');
    await project.commit('readme', { 'README.md': 'A shop.\n' });
    const outcome = await project.deploy(['--smoke', '[{resources: {restarts: 0, memory: 100%, disk: 100%}}]']);
    expect(outcome.output).toMatch(/resources: .*restarts 0 at most/);
    expect((await project.container('web')).id).toBe(id);
  });

  it('judge the answer of each new container by its headers and its time', async () => {
    await project.commit('v2', webProject({ port, version: 'v2' }));
    const good = '{http: "web:8080/version", body: /^v2$/, header: {content-length: "3"}, under: 5s}';
    await project.deploy(['--smoke', `[${good}]`]);
    await project.commit('v3', webProject({ port, version: 'v3' }));
    const outcome = await project.homeport([
      'deploy',
      '--smoke',
      '[{http: "web:8080/version", json: {a: 1}, retries: 0}]',
    ]);
    expectVerdict(outcome, { exitCode: 4, status: 'rolled_back', phase: 'smoke' });
    expect(outcome.report.error?.message).toContain('200 OK, but its body is not JSON');
  });

  it('ask the bot, and a rollback without its token goes on without that check', async () => {
    const env = { HOMEPORT_TELEGRAM_TOKEN: TelegramServer.token };
    const flags = ['--telegram-chat', '1', '--telegram-api-url', bot.url, '--notify', 'never'];
    await project.commit('v4', webProject({ port, version: 'v4' }));
    await project.deploy(['--smoke', '[{telegram: true}]', ...flags], { env });
    expect(bot.calls.map(({ method }) => method)).toEqual(['getMe']);
    await project.commit('v5', webProject({ port, version: 'v5' }));
    await project.deploy();

    const outcome = await project.homeport(['rollback']);
    expectVerdict(outcome, { exitCode: 0, status: 'success', phase: 'promote' });
    expect(outcome.output).toContain('telegram getMe: not asked');
    expect(bot.calls).toHaveLength(1);
    expect(bot.violations).toEqual([]);
  });

  it('come after tests that were skipped, which is said of a deployment and of nothing else', async () => {
    const skipped = 'Tests, coverage and budgets were skipped (`skip-tests: true`).';
    await project.commit('skip', { 'homeport.yml': 'skip-tests: true\ntests: {unit: exit 1}\n' });
    const outcome = await project.deploy();
    expect(outcome.report.warnings).toContain(skipped);
    expect(outcome.output).toContain(`WARNING: ${skipped}`);
    expect(outcome.report.changes.tests).toEqual([]);
    const backup = await project.homeport(['backup']);
    expect(backup.report.warnings).not.toContain(skipped);
  });
});
