import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type Report, reportSchema } from '../../src/deployment/report.ts';
import { makeProject, type Project } from '../support/project.ts';
import { freePort, webProject } from '../support/web.ts';

const planned = z.object({
  project: z.string(),
  current: z.string().nullable(),
  services: z.array(z.string()),
  stages: z.array(z.object({ name: z.string(), intent: z.string(), skip: z.string().nullable() })),
  problem: z.object({ message: z.string() }).nullable(),
});

describe('what can be read of a project', () => {
  let project: Project;
  let port: number;
  let good: Report;
  let bad: Report;

  beforeAll(async () => {
    port = await freePort();
    project = await makeProject({ files: webProject({ port, version: 'v1' }), name: 'reading' });
  });
  afterAll(async () => await project?.cleanUp());

  async function planOf(flags: readonly string[] = []): Promise<z.infer<typeof planned>> {
    const outcome = await project.homeport(['plan', '--json', ...flags]);
    expect(outcome.exitCode, outcome.output).toBe(0);
    return planned.parse(JSON.parse(outcome.stdout));
  }

  it('is said to be nothing before the first deployment', async () => {
    const history = await project.homeport(['history']);
    expect(history).toMatchObject({ exitCode: 0, stdout: 'Nothing was deployed yet.\n' });
    const status = await project.homeport(['status']);
    expect(status.stdout).toContain('no release');
    expect((await project.homeport(['report'])).exitCode).not.toBe(0);
    expect(existsSync(project.stateDirectory)).toBe(false);
  });

  it('has a plan of the very stages that deploy walks, which changes nothing', async () => {
    const plan = await planOf();
    expect(plan).toMatchObject({ project: project.name, current: null, services: ['web'], problem: null });
    expect(existsSync(project.stateDirectory)).toBe(false);
    expect(await project.containers()).toEqual([]);
    expect(await project.tags()).toEqual({});

    good = (await project.deploy()).report;
    expect(good.stages.map(({ name }) => name)).toEqual(plan.stages.map(({ name }) => name));
    const skipped = plan.stages.filter(({ skip }) => skip !== null).map(({ name }) => name);
    expect(good.stages.filter(({ status }) => status === 'skipped').map(({ name }) => name)).toEqual([
      ...skipped,
      'rollback',
    ]);

    const before = await project.whatRuns();
    await project.commit('v2', webProject({ port, version: 'v2' }));
    expect((await planOf()).current).toBe(good.release);
    expect(await project.whatRuns()).toEqual(before);
    expect((await project.homeport(['history', '--json'])).stdout).not.toContain('"plan"');
  });

  it('has a plan that says what would stop the deployment, with the exit code of that', async () => {
    await project.write({ 'web/version': 'by hand\n' });
    const outcome = await project.homeport(['plan']);
    await project.git('checkout', '--', 'web/version');
    expect(outcome.exitCode).toBe(7);
    expect(outcome.stdout).toContain('would stop at once');
    expect(outcome.stdout).toContain('Nothing was changed.');
  });

  it('has a history of good and bad deployments', async () => {
    bad = (await project.homeport(['deploy', '--tests', 'unit: "echo a reason; exit 1"'])).report;
    const { stdout } = await project.homeport(['history', '--json']);
    const reports = z.array(reportSchema).parse(JSON.parse(stdout));
    expect(reports).toEqual([good, bad]);
    const lines = (await project.homeport(['history'])).stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(2);
    expect(lines[1]).toMatch(new RegExp(`^${bad.deployment} +deploy +failed`));
    const page = await project.homeport(['history', '--format', 'html']);
    expect(page).toMatchObject({ exitCode: 0, stderr: '' });
    for (const part of [/^<!doctype html>/, /1 of 2 deployments/, /a reason/]) expect(page.stdout).toMatch(part);
    expect((await project.homeport(['history', '--format', 'html', '--json'])).exitCode).toBe(64);
  });

  it('has the log and the report of each deployment, by the beginning of its ID too', async () => {
    expect((await project.homeport(['logs'])).stdout).toContain('unit');
    expect((await project.homeport(['logs', bad.deployment])).stdout).toContain('test | a reason');
    expect((await project.homeport(['logs', good.deployment])).stdout).not.toContain('a reason');
    const shown = await project.homeport(['report', bad.deployment, '--format', 'json']);
    expect(JSON.parse(shown.stdout)).toEqual(bad);
    expect((await project.homeport(['report'])).stdout).toContain('The tests `unit` failed');
    expect((await project.homeport(['report', '--format', 'html'])).stdout).toMatch(/^<!doctype html>/i);
    const unknown = await project.homeport(['report', '20000101']);
    expect(unknown.exitCode).not.toBe(0);
    expect(unknown.stderr).toContain(bad.deployment);
  });

  it('has a status that tells what runs', async () => {
    const { stdout } = await project.homeport(['status', '--json']);
    const web = await project.container('web');
    expect(JSON.parse(stdout)).toMatchObject({
      project: project.name,
      state_folder: project.state,
      release: good.release,
      commit: good.commit,
      containers: [{ service: 'web', state: 'running', image_id: web.imageId, as_recorded: true }],
      last_deployment: { id: bad.deployment, status: 'failed' },
    });
    expect((await project.homeport(['status'])).stdout).toContain(`release ${good.release}`);
  });

  it('is found from any folder by the name of the project', async () => {
    const outcome = await project.homeport(['status', '--project', project.name, '--working-directory', '/']);
    expect(outcome.stdout).toContain(`release ${good.release}`);
    expect(existsSync(join(project.stateDirectory, project.name))).toBe(true);
  });

  it('may be cut off by its reader, which ends no deployment', async () => {
    const running = project.begin(['deploy']);
    await running.said('▶ preflight');
    running.child.stdout?.destroy();
    running.child.stderr?.destroy();
    const { exitCode } = await running.ended;
    expect(exitCode).toBe(0);
    const { stdout } = await project.homeport(['status', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({
      previous_release: good.release,
      last_deployment: { status: 'success' },
    });
  });
});
