import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { expectVerdict } from '../support/expectations.ts';
import { GithubServer } from '../support/github-server.ts';
import { makeProject, type Outcome, type Project } from '../support/project.ts';
import { TelegramServer } from '../support/telegram-server.ts';
import { freePort, webProject } from '../support/web.ts';
import { WebService } from '../support/web-service.ts';

/** Chosen on purpose, so that there is no advice among the warnings. */
const settled = 'healthcheck: {disable: true}\nlogging: {driver: json-file, options: {max-size: 10m}}\n';

const secrets = { webhook: 'T024BE7LH-s3cr3t', signature: 'signs-the-body-1' };

describe('those who hear of a deployment', () => {
  let project: Project;
  let port: number;
  let github: GithubServer;
  let web: WebService;
  let telegram: TelegramServer;
  const outputs: string[] = [];

  beforeAll(async () => {
    port = await freePort();
    project = await makeProject({ files: webProject({ port, version: 'v1', extra: settled }), name: 'reporters' });
    await project.git('remote', 'add', 'origin', 'git@github.com:octo/mundus.git');
    mkdirSync(join(project.folder, 'textfiles'));
  });
  afterAll(async () => await project?.cleanUp());
  beforeEach(async () => {
    github = await GithubServer.start();
    web = await WebService.start(({ method }) => ({ status: method === 'GET' ? 404 : 200 }));
    telegram = await TelegramServer.start();
  });
  afterEach(async () => {
    await Promise.all([github.close(), web.close(), telegram.close()]);
    expect([...github.violations, ...telegram.violations]).toEqual([]);
  });

  const metrics = () => readFileSync(join(project.folder, 'textfiles', 'web.prom'), 'utf8');

  async function homeport(command: string, ...more: string[]): Promise<Outcome> {
    const outcome = await project.homeport(
      [
        command,
        '--environment=production',
        '--environment-url=https://web.example.org',
        `--registry-url=${web.url}/registry`,
        `--telegram-api-url=${telegram.url}`,
        '--telegram-chat=-1001234567890',
        `--metrics-file=${join(project.folder, 'textfiles', 'web.prom')}`,
        ...more,
      ],
      {
        env: {
          GITHUB_API_URL: github.url,
          HOMEPORT_GITHUB_TOKEN: GithubServer.token,
          HOMEPORT_TELEGRAM_TOKEN: TelegramServer.token,
          HOMEPORT_WEBHOOK_URL: `${web.url}/hooks/${secrets.webhook}`,
          HOMEPORT_WEBHOOK_SECRET: secrets.signature,
        },
      },
    );
    outputs.push(outcome.output, JSON.stringify(outcome.report), readFileSync(outcome.report.log ?? '', 'utf8'));
    return outcome;
  }

  it('all hear of one that went well, and of nothing that is secret', async () => {
    const telling = `printenv; echo ${secrets.webhook.replace('-', '""-')}`;
    const outcome = await homeport('deploy', '--tests', JSON.stringify({ unit: telling }));
    expectVerdict(outcome, { exitCode: 0, status: 'success', phase: 'promote' });
    expect(outcome.report.warnings).toEqual([]);
    expect(outcome.report.repository).toBe('octo/mundus');
    expect(github.deployments).toMatchObject([{ ref: outcome.report.commit, environment: 'production' }]);
    expect(github.states).toEqual(['success']);
    expect([...telegram.messages.values()].join('\n')).toContain('✅ DEPLOYMENT SUCCESSFUL ✅');
    expect(web.calls.map(({ method, path }) => `${method} ${path}`).toSorted()).toEqual([
      `GET /registry/services/${project.name}`,
      `POST /hooks/${secrets.webhook}`,
      'POST /registry/register',
    ]);
    expect(metrics()).toContain(`homeport_release_info{project="${project.name}",release="${outcome.report.release}"`);
  });

  it('hear of one that was rolled back what is true', async () => {
    const before = github.has('production', ['success']);
    await project.commit(
      'broken',
      webProject({ port, version: 'v2', behaviour: { kind: 'never-healthy' }, extra: settled }),
    );
    const outcome = await homeport('deploy', '--start-timeout=3s', '--smoke', '- tcp: web:9');
    expect(outcome.report.status, outcome.output).toBe('rolled_back');
    expect(github.states).toEqual(['success', 'failure']);
    expect([...telegram.messages.values()].join('\n')).toContain('system rolled back to previous version');
    expect(before.statuses).toHaveLength(1);
    expect(web.calls.map(({ path }) => path)).toEqual([`/hooks/${secrets.webhook}`]);
    expect(metrics()).toContain('status="rolled_back"} 1');
  });

  it('change no verdict, and hold nobody up for more than 10 s, while none of them answers', async () => {
    await project.commit('good again', webProject({ port, version: 'v3', extra: settled }));
    github.answer(...Array.from({ length: 50 }, () => 'hang' as const));
    web.answer(...Array.from({ length: 50 }, () => 'hang' as const));
    telegram.answer(...Array.from({ length: 50 }, () => 'hang' as const));
    const outcome = await homeport('deploy');
    const over = Date.now() - Date.parse(outcome.report.finished_at);
    expectVerdict(outcome, { exitCode: 0, status: 'success', phase: 'promote' });
    expect(over).toBeLessThan(11_500);
    const failed = outcome.report.warnings.map((text) => /^The reporter (.*) failed: /.exec(text)?.[1]);
    expect(failed.toSorted()).toEqual(['GitHub Deployment', 'Telegram', 'registry', 'webhook']);
  });

  it('let no secret out', () => {
    for (const text of outputs) {
      for (const secret of [...Object.values(secrets), GithubServer.token, TelegramServer.token]) {
        expect(text.includes(secret), `${secret} in\n${text}`).toBe(false);
      }
    }
  });
});
