import { existsSync } from 'node:fs';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Report } from '../../src/deployment/report.ts';
import { makeProject, type Project } from '../support/project.ts';
import { freePort, webProject } from '../support/web.ts';

describe('deployments at the same time', () => {
  const projects: Project[] = [];

  beforeAll(async () => {
    for (const name of ['one', 'two']) {
      projects.push(await makeProject({ files: webProject({ port: await freePort(), version: 'v1' }), name }));
    }
  });
  afterAll(async () => {
    for (const project of projects) await project.cleanUp();
  });

  const projectAt = (index: number): Project => {
    const project = projects[index];
    if (project === undefined) throw new Error(`there is no project ${index}`);
    return project;
  };

  it('of one project wait for one another, and all of them finish and are reported', async () => {
    const project = projectAt(0);
    const flags = ['--tests', `unit: "mkdir ${project.folder}/busy; sleep 0.7; rmdir ${project.folder}/busy"`];
    const outcomes = await Promise.all([1, 2, 3].map(() => project.homeport(['deploy', ...flags])));
    for (const outcome of outcomes) expect(outcome.exitCode, outcome.output).toBe(0);
    const reports = outcomes.map(({ report }) => report);
    expect(new Set(reports.map(({ deployment }) => deployment)).size).toBe(3);
    const times = reports.map(timesOf).sort((a, b) => a.from - b.from);
    for (const [index, time] of times.slice(1).entries()) {
      expect(time.from).toBeGreaterThanOrEqual(times[index]?.to ?? Number.NaN);
    }
    expect(await readdir(join(project.state, 'reports'))).toHaveLength(3);
    expect(await readdir(join(project.state, 'logs'))).toHaveLength(3);
    expect(await readdir(join(project.state, 'releases'))).toHaveLength(1);
    expect(await project.current()).toBe((await readdir(join(project.state, 'releases')))[0]);
  });

  it('of two projects do not wait for one another', async () => {
    const [one, two] = [projectAt(0), projectAt(1)];
    const gate = join(one.folder, 'gate');
    const slow = one.begin(['deploy', '--tests', `unit: "echo begun; until test -e ${gate}; do sleep 0.1; done"`]);
    await slow.said('test | begun');
    await two.deploy(['--state-directory', one.stateDirectory]);
    expect(existsSync(gate)).toBe(false);
    await writeFile(gate, '');
    expect((await one.ended(slow)).exitCode).toBe(0);
  });
});

/** When the stages under the lock began and ended. */
function timesOf(report: Report): { from: number; to: number } {
  const ran = report.stages.filter((stage) => stage.started_at !== null && stage.name !== 'preflight');
  const begins = ran.map((stage) => Date.parse(stage.started_at ?? ''));
  const ends = ran.map((stage, index) => (begins[index] ?? 0) + stage.duration_seconds * 1000);
  return { from: Math.min(...begins), to: Math.max(...ends) };
}
