import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { cacheFolder } from '../../scripts/machine/image-cache.ts';
import { ask } from '../support/client.ts';
import { exampleProject } from '../support/example.ts';
import { docker, type Project } from '../support/project.ts';
import { TwoServices } from '../support/two-services.ts';
import { freePort } from '../support/web.ts';

const projects: Project[] = [];

afterEach(async () => {
  for (const project of projects.splice(0)) await project.cleanUp();
});

async function example(name: string): Promise<Project> {
  const project = await exampleProject(name);
  projects.push(project);
  return project;
}

describe('examples/guestbook', () => {
  it('deploys from a terminal, with its tests, its migration and its checks', async () => {
    const project = await example('guestbook');
    const port = await freePort();
    const { report } = await project.deploy(['--project', project.name], { env: { GUESTBOOK_PORT: String(port) } });
    expect(report).toMatchObject({ status: 'success', phase: 'promote', previous_release: null, warnings: [] });
    expect(report.coverage?.percent).toBeGreaterThanOrEqual(70);
    expect(report.changes.migrations).toEqual([{ service: 'web', command: 'node migrate.js' }]);
    expect((await ask(`http://127.0.0.1:${port}/version`)).answer).toBe('{"version":"1.0.0"}');
  });
});

describe('examples/server-agent', () => {
  it('deploys, backs up and verifies before a change, and gives a deleted row back', async () => {
    const agent = await ServerAgent.copy();

    const first = await agent.deploy();
    expect(first.report).toMatchObject({ status: 'success', previous_release: null, backups: [], warnings: [] });
    expect(first.report.changes.tests).toMatchObject([
      { name: 'unit', status: 'success' },
      { name: 'integration', status: 'success' },
    ]);
    expect(first.report.coverage).toMatchObject({ minimum: 70 });
    expect(first.report.coverage?.percent).toBeGreaterThanOrEqual(70);
    expect(first.report.changes.migrations).toEqual([{ service: 'app', command: 'alembic upgrade head' }]);
    for (const check of [
      /http app:8000\/health: ok/,
      /database db: ok/,
      /exec app: .+: ok/,
      /run .+smoke_test\.sh: ok/,
    ]) {
      expect(first.stdout).toMatch(check);
    }
    expect(await agent.health()).toMatchObject({ status: 'ok', schema: '0002', commit: first.report.commit });

    await agent.request('restart nginx');
    await agent.lookLessOften();
    const second = await agent.deploy();
    expect(second.report).toMatchObject({ status: 'success', previous_release: first.report.release, warnings: [] });
    expect(second.report.backups).toMatchObject([
      { service: 'db', kind: 'postgres', database: 'server_agent', verified: 'restore' },
    ]);
    expect(second.report.backups[0]?.rows).toBeGreaterThanOrEqual(1);
    expect(await agent.health()).toMatchObject({ commit: second.report.commit });

    const backup = await agent.project.homeport(['backup', '--project', agent.project.name], agent.options);
    expect(backup, backup.output).toMatchObject({ exitCode: 0 });
    const file = backup.report.backups[0]?.file ?? '';
    expect(backup.report.backups).toMatchObject([{ verified: 'restore' }]);

    await agent.forgetEverything();
    expect(await agent.approvals()).toEqual([]);
    const restore = await agent.project.homeport(
      ['restore', file, '--yes', '--project', agent.project.name],
      agent.options,
    );
    expect(restore, restore.output).toMatchObject({ exitCode: 0 });
    expect(await agent.approvals()).toEqual(['restart nginx']);
    expect(await agent.health()).toMatchObject({ status: 'ok' });

    for (const { output } of [first, second, backup, restore]) expect(output).not.toContain(agent.password);
  }, 600_000);
});

describe('examples/two-services', () => {
  it('deploys, backs both servers up before a change of its configuration, and goes back without losing an order', async () => {
    const shop = await TwoServices.copy();
    projects.push(shop.project);

    const first = await shop.deploy();
    expect(first.report).toMatchObject({ status: 'success', previous_release: null, backups: [], warnings: [] });
    expect(first.report.coverage?.percent).toBeGreaterThanOrEqual(70);
    expect(first.report.changes.migrations).toEqual([{ service: 'web', command: 'node migrate.js' }]);
    for (const check of [
      /http http:\/\/localhost:\d+\/health: ok/,
      /http web:3000\/health: ok/,
      /exec web: node check\.js: ok/,
      /database db: ok/,
      /tcp cache:6379: ok/,
    ]) {
      expect(first.stdout).toMatch(check);
    }
    expect(await shop.health()).toMatchObject({ status: 'ok', schema: 2 });
    expect(await shop.orderTea(2)).toBe(833);
    const before = await shop.containers();

    await shop.changePriceOfTea(400);
    const second = await shop.deploy();
    expect(second.report).toMatchObject({ status: 'success', previous_release: first.report.release, warnings: [] });
    expect(second.report.backups).toHaveLength(2);
    expect(second.report.backups).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ service: 'db', kind: 'mariadb', database: 'shop', verified: 'restore' }),
        expect.objectContaining({ service: 'cache', kind: 'redis', verified: 'restore' }),
      ]),
    );
    expect(await shop.containers()).toMatchObject({ db: before.db, cache: before.cache });
    expect(await shop.orderTea(2)).toBe(952);
    const { priced } = await shop.health();

    const back = await shop.rollback();
    expect(back, back.output).toMatchObject({ exitCode: 0 });
    expect(back.report).toMatchObject({ status: 'success', release: first.report.release });
    expect((await shop.orders()).map(({ totalCents }) => totalCents)).toEqual(expect.arrayContaining([952, 833]));
    expect((await shop.health()).priced).toBeGreaterThanOrEqual(priced);
    expect(await shop.orderTea(2)).toBe(833);

    for (const { output } of [first, second, back]) {
      for (const password of shop.passwords) expect(output).not.toContain(password);
    }
  }, 600_000);
});

/** The example, with a port, a password and an image name of its own. */
class ServerAgent {
  readonly project: Project;
  readonly password = `${randomBytes(12).toString('hex')}/'$ok`;
  readonly #url: string;
  readonly options: { readonly env: Readonly<Record<string, string>>; readonly timeout: number };

  private constructor(project: Project, port: number) {
    this.project = project;
    this.#url = `http://127.0.0.1:${port}`;
    this.options = {
      env: {
        APP_PORT: String(port),
        HOMEPORT_SECRETS: `POSTGRES_PASSWORD="${this.password.replaceAll('$', '\\$')}"`,
        // Where the example's tests install their packages: once for all runs.
        XDG_CACHE_HOME: join(cacheFolder(), 'examples'),
      },
      timeout: 300_000,
    };
  }

  static async copy(): Promise<ServerAgent> {
    const project = await example('server-agent');
    const compose = join(project.checkout, 'docker-compose-vnext.yml');
    const text = await readFile(compose, 'utf8');
    // Somebody may run the real one on this machine.
    await writeFile(compose, text.replace('image: server-agent-vnext:', `image: ${project.name}-vnext:`));
    await project.commit('Take an image name of its own');
    return new ServerAgent(project, await freePort());
  }

  async deploy() {
    return await this.project.deploy(['--project', this.project.name], this.options);
  }

  async health(): Promise<unknown> {
    return JSON.parse((await ask(`${this.#url}/health`, 10_000)).answer ?? 'null');
  }

  async request(action: string): Promise<void> {
    const response = await fetch(`${this.#url}/approvals`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ action, reason: 'a test' }),
      signal: AbortSignal.timeout(10_000),
    });
    if (!response.ok) throw new Error(`POST /approvals was answered ${response.status}: ${await response.text()}`);
  }

  /** The actions that were asked for by a person, as the database has them. */
  async approvals(): Promise<string[]> {
    const told = await this.#sql("SELECT action FROM approvals WHERE reason = 'a test' ORDER BY id");
    return told.split('\n').filter((line) => line !== '');
  }

  async forgetEverything(): Promise<void> {
    await this.#sql('DELETE FROM approvals');
  }

  async lookLessOften(): Promise<void> {
    const path = 'config/agent.yaml';
    const text = await readFile(join(this.project.checkout, path), 'utf8');
    const changed = text.replace('every_seconds: 60', 'every_seconds: 3600');
    if (changed === text) throw new Error(`${path} reads otherwise by now`);
    await this.project.commit('Look less often', { [path]: changed });
  }

  async #sql(statement: string): Promise<string> {
    const { id } = await this.project.container('db');
    return await docker('exec', id, 'psql', '-XqAt', '-U', 'agent', '-d', 'server_agent', '-c', statement);
  }
}
