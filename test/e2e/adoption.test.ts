import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask } from '../support/client.ts';
import { expectVerdict } from '../support/expectations.ts';
import { docker, makeProject, type Project, plainEnvironment } from '../support/project.ts';
import { freePort, healthcheck, webImage, webProject } from '../support/web.ts';

describe('a project that ran by plain Compose before Homeport came', () => {
  let project: Project;
  let port: number;
  let image: string;

  beforeAll(async () => {
    port = await freePort();
    const extra = `${healthcheck}environment: {COLOUR: 'gr\${EMPTY-}een $$5'}\nvolumes: [notes:/notes]\n`;
    const files = webProject({ port, version: 'v0', extra, more: 'volumes: {notes: {}}\n' });
    project = await makeProject({ files, name: 'adopt' });
    await execa('docker', ['compose', 'up', '--detach', '--build'], {
      cwd: project.checkout,
      env: plainEnvironment(),
      extendEnv: false,
      timeout: 60_000,
    });
    const web = await project.container('web');
    image = web.imageId;
    await docker('exec', web.id, 'sh', '-c', 'echo kept > /notes/one');
  });
  afterAll(async () => await project?.cleanUp());

  async function expectOld(): Promise<void> {
    const web = await project.container('web');
    expect(web).toMatchObject({ name: `${project.name}-web-1`, imageId: image, state: 'running' });
    expect(web.environment).toContain('COLOUR=green $5');
    expect(await docker('exec', web.id, 'cat', '/notes/one')).toBe('kept');
    expect((await ask(`http://127.0.0.1:${port}/version`)).answer).toBe('v0');
  }

  it('gets its containers back when its first deployment fails', async () => {
    await project.commit('bad', webImage('web', { version: 'bad', behaviour: { kind: 'exits-at-start' } }));
    await project.write({ 'compose.yaml': webProject({ port, version: 'bad' })['compose.yaml'] ?? '' });
    await project.commit('another compose file');
    const outcome = await project.homeport(['deploy']);
    expectVerdict(outcome, { exitCode: 3, status: 'rolled_back', phase: 'start' });
    expect(outcome.report.previous_release).toMatch(/-adopted$/);
    await expectOld();
  });

  it('goes on with the next good commit, and can be brought back to what it was', async () => {
    await project.commit('v1', webImage('web', { version: 'v1' }));
    const { report } = await project.deploy();
    expect(report.previous_release).toMatch(/-adopted$/);
    expect((await ask(`http://127.0.0.1:${port}/version`)).answer).toBe('v1');

    const back = await project.homeport(['rollback']);
    expectVerdict(back, { exitCode: 0, status: 'success', phase: 'promote' });
    expect(back.report.commit).toBeNull();
    await expectOld();
  });
});
