import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureAct } from '../../scripts/act.ts';
import { stageNames } from '../../src/deployment/report.ts';
import { Workflow, type WorkflowRun } from '../support/act.ts';
import { ask } from '../support/client.ts';
import { changeTo, exampleProject } from '../support/example.ts';
import type { Project } from '../support/project.ts';
import { freePort } from '../support/web.ts';

/*
 * The story of a repository, told once by a real workflow engine: two good pushes, a bad one, and a person who goes back
 * to the first version. Each test reads a part of it.
 */

interface Chapter extends WorkflowRun {
  /** What is served after it. */
  readonly version: string | null;
  readonly entries: string | null;
}

const sayStep = 'Say what runs now';
let project: Project | undefined;
let first: Chapter;
let second: Chapter;
let bad: Chapter;
let back: Chapter;

beforeAll(async () => {
  const { act } = await ensureAct((line) => process.stderr.write(`${line}\n`));
  project = await exampleProject('guestbook');
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const workflow = await Workflow.prepare(project, { act, env: { GUESTBOOK_PORT: String(port) } });
  const chapter = async (...run: Parameters<Workflow['run']>): Promise<Chapter> => ({
    ...(await workflow.run(...run)),
    version: (await ask(`${url}/version`)).answer,
    entries: (await ask(`${url}/entries`)).answer,
  });

  first = await chapter('push');
  await sign(url, 'Ada');
  await changeTo(project, 'guestbook', 'v2');
  second = await chapter('push');
  await sign(url, 'Grace');
  await changeTo(project, 'guestbook', 'v3');
  bad = await chapter('push');
  back = await chapter('workflow_dispatch', { command: 'rollback' });
}, 1_200_000);

afterAll(async () => {
  await project?.cleanUp();
});

describe('a good push', () => {
  it('runs every step of the job, and deploys', () => {
    expect(first.steps, first.log).toMatchObject({ 'homeport-dev/homeport@v1': 'success', [sayStep]: 'success' });
    expect(first).toMatchObject({ exitCode: 0, jobResult: 'success', version: '{"version":"1.0.0"}' });
    expect(first.outputs).toMatchObject({ status: 'success', phase: 'promote', 'exit-code': '0' });
  });

  it('tells a later step what came of it', () => {
    const { release } = first.outputs;
    expect(release).toMatch(/^\d{8}T\d{6}Z-[0-9a-f]{7}$/);
    expect(first.linesOf(sayStep)).toEqual([
      'status:   success',
      `release:  ${release} (before: none)`,
      expect.stringMatching(/^coverage: (100|[7-9]\d)\.\d\d$/),
      `report:   ${project?.state}/reports/${release}.json`,
    ]);
    expect(second.linesOf(sayStep)).toContain(`release:  ${second.outputs.release} (before: ${release})`);
  });

  it('folds the log by stage', () => {
    const stages = stageNames.filter((name) => name !== 'rollback' && name !== 'restore');
    expect(first.groups.toSorted()).toEqual(['Runner', ...stages].toSorted());
    expect(first.unbalanced).toBe(0);
    expect(first.linesOf('homeport-dev/homeport@v1')[0]).toMatch(/^Homeport \d/);
  });

  it('has a summary and one annotation, which says so', () => {
    expect(first.summary).toMatch(/^## ✅ Deployment successful\n/);
    expect(first.summary).toContain(`https://github.com/octo/${project?.name}/commit/${first.outputs.commit}`);
    expect(first.annotations).toEqual([
      { level: 'notice', title: expect.stringMatching(/^Deployment successful: /), message: expect.any(String) },
    ]);
  });

  it('backs the database up when there is one already', () => {
    expect(first.outputs.backup).toBe('');
    expect(second.outputs.backup).toMatch(/\/backups\/web-.+/);
    expect(second.summary).toMatch(/### Coverage and backups/);
    expect(second).toMatchObject({ exitCode: 0, version: '{"version":"2.0.0"}' });
  });
});

describe('a bad push', () => {
  it('fails the job, and the version before it serves again', () => {
    expect(bad.steps['homeport-dev/homeport@v1'], bad.log).toBe('failure');
    expect(bad).toMatchObject({ exitCode: 1, jobResult: 'failure', version: '{"version":"2.0.0"}' });
    expect(bad.outputs).toMatchObject({ status: 'rolled_back', phase: 'smoke', 'exit-code': '4' });
    expect(bad.outputs['previous-release']).toBe(second.outputs.release);
  });

  it('lets a step that always runs say so', () => {
    expect(bad.steps[sayStep]).toBe('success');
    expect(bad.linesOf(sayStep)).toContain('status:   rolled_back');
  });

  it('says in the summary and in one error what happened, what runs and what to do', () => {
    expect(bad.summary).toMatch(/^## ⚠️ Deployment failed, rolled back\n/);
    expect(bad.summary).toContain('house-rules.txt');
    const errors = bad.annotations.filter(({ level }) => level === 'error');
    expect(errors).toHaveLength(1);
    expect(errors[0]?.title).toMatch(/^Deployment failed, rolled back: /);
    expect(errors[0]?.message).toContain(`Running now: The old release ${second.outputs.release}, restored.`);
    expect(errors[0]?.message).toContain('Next step: ');
    expect(bad.groups).toContain('rollback');
    expect(bad.unbalanced).toBe(0);
  });
});

describe('a rollback by hand', () => {
  it('goes to the good release before the running one, and keeps what was written since', () => {
    expect(back.steps['homeport-dev/homeport@v1'], back.log).toBe('success');
    expect(back).toMatchObject({ exitCode: 0, jobResult: 'success', version: '{"version":"1.0.0"}' });
    expect(back.outputs).toMatchObject({ status: 'success', release: first.outputs.release });
    expect(back.outputs.commit).toBe(first.outputs.commit);
    expect(back.outputs['previous-release']).toBe(second.outputs.release);
    expect(back.entries).toContain('Ada');
    expect(back.entries).toContain('Grace');
  });

  it('says so in the summary and to later steps', () => {
    expect(back.summary).toMatch(/^## ✅ Rollback successful\n/);
    expect(back.linesOf(sayStep)).toContain(`release:  ${first.outputs.release} (before: ${second.outputs.release})`);
  });
});

async function sign(url: string, name: string): Promise<void> {
  const body = JSON.stringify({ name, message: 'Hello' });
  const response = await fetch(`${url}/entries`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  });
  if (!response.ok) throw new Error(`signing was answered ${response.status}`);
}
