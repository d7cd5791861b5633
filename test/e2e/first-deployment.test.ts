import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask } from '../support/client.ts';
import { expectVerdict } from '../support/expectations.ts';
import { docker, makeProject, type Outcome, type Project } from '../support/project.ts';
import { freePort, webImage, webProject, webService } from '../support/web.ts';

describe('a first deployment that fails', () => {
  let project: Project;
  let port: number;

  const compose = (port: number): string =>
    `services:\n${webService('web', { port, extra: 'volumes: [notes:/notes]\ndepends_on: [helper]\n' })}${webService('helper', { folder: 'web' })}volumes: {notes: {}}\n`;

  beforeAll(async () => {
    port = await freePort();
    const files = { ...webProject({ port, version: 'v1' }), 'compose.yaml': compose(port) };
    project = await makeProject({ files, name: 'first' });
  });
  afterAll(async () => await project?.cleanUp());

  async function expectNothingLeft(outcome: Outcome): Promise<void> {
    expect(outcome.report.previous_release).toBeNull();
    expect(await project.containers()).toEqual([]);
    expect(await project.networks()).toEqual([]);
    expect(await project.tags()).toEqual({});
    expect(await project.current()).toBeNull();
    expect(outcome.report.log).not.toBeNull();
    expect(existsSync(outcome.report.log ?? '')).toBe(true);
  }

  it('in its build: nothing was ever started', async () => {
    await project.commit('no build', { 'web/Dockerfile': 'FROM busybox:stable\nRUN false\n' });
    const outcome = await project.homeport(['deploy']);
    expectVerdict(outcome, { exitCode: 2, status: 'failed', phase: 'build' });
    await expectNothingLeft(outcome);
    expect(await project.volumes()).toEqual([]);
  });

  it('in its migration: what that needed is removed', async () => {
    await project.commit('v1', webImage('web', { version: 'v1' }));
    const outcome = await project.homeport(['deploy', '--migrate', 'web: echo kept > /notes/one; exit 4']);
    expectVerdict(outcome, {
      exitCode: 3,
      status: 'failed',
      phase: 'migrate',
      details: { schema_may_be_ahead: true },
    });
    await expectNothingLeft(outcome);
    expect(await project.volumes()).toHaveLength(1);
  });

  it('in its start: what it started is removed, and volumes stay', async () => {
    await project.commit('bad', webImage('web', { version: 'bad', behaviour: { kind: 'exits-at-start' } }));
    const outcome = await project.homeport(['deploy']);
    expectVerdict(outcome, { exitCode: 3, status: 'failed', phase: 'start' });
    await expectNothingLeft(outcome);
    expect(await project.volumes()).toHaveLength(1);
  });

  it('in its smoke checks: the same', async () => {
    await project.commit('good', webImage('web', { version: 'good' }));
    const outcome = await project.homeport(['deploy', '--smoke', '[{run: "false", retries: 0}]']);
    expectVerdict(outcome, { exitCode: 4, status: 'failed', phase: 'smoke' });
    await expectNothingLeft(outcome);
    expect((await ask(`http://127.0.0.1:${port}/version`)).answer).toBeNull();
  });

  it('leaves nothing in the way of the next one, which finds the data of the volume', async () => {
    const outcome = await project.deploy();
    expect(outcome.report.previous_release).toBeNull();
    expect((await ask(`http://127.0.0.1:${port}/version`)).answer).toBe('good');
    expect(await docker('exec', (await project.container('web')).id, 'cat', '/notes/one')).toBe('kept');
  });
});
