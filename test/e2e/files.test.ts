import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask } from '../support/client.ts';
import { expectVerdict } from '../support/expectations.ts';
import { docker, makeProject, type Project } from '../support/project.ts';
import { freePort, webProject } from '../support/web.ts';

describe('what containers mount from the checkout', () => {
  let project: Project;
  let port: number;
  const persistent = ['--persistent-paths', 'data'];

  beforeAll(async () => {
    port = await freePort();
    project = await makeProject({
      name: 'files',
      files: { ...files(), 'greeting.txt': 'hello\n', 'data/seed': 'seed\n' },
    });
    await project.deploy(persistent);
  });
  afterAll(async () => await project?.cleanUp());

  function files(more = ''): Record<string, string> {
    const extra = `volumes: ['./greeting.txt:/mounted:ro', './data:/data'${more}]\n`;
    return webProject({ port, version: 'v1', extra });
  }

  const greeting = async (): Promise<string | null> => (await ask(`http://127.0.0.1:${port}/mounted`)).answer;
  const inWeb = async (...words: string[]): Promise<string> =>
    await docker('exec', (await project.container('web')).id, ...words);

  it('is a file of the commit, which no edit and no `git clean` can change under the service', async () => {
    const before = await project.container('web');
    await project.write({ 'greeting.txt': 'edited by hand\n' });
    expect(await greeting()).toBe('hello');
    await project.git('rm', '--quiet', '--force', 'greeting.txt');
    await project.git('clean', '-ffdx');
    await docker('restart', '--time', '1', before.id);
    await expect.poll(greeting, { timeout: 10_000 }).toBe('hello');
    await project.git('reset', '--quiet', '--hard');
  });

  it('changes with the commit, which recreates the service, and changes back at a rollback', async () => {
    const before = await project.container('web');
    await project.commit('greet', { 'greeting.txt': 'good day\n' });
    await project.deploy(persistent);
    expect(await greeting()).toBe('good day');
    const after = await project.container('web');
    expect(after.id).not.toBe(before.id);
    expect(after.imageId).toBe(before.imageId);
    await project.homeport(['rollback']);
    expect(await greeting()).toBe('hello');
  });

  it('leaves the service alone where a file has the same content as before', async () => {
    await project.deploy(persistent);
    const before = await project.container('web');
    await project.commit('another file', { 'other.txt': 'nothing to see\n' });
    await project.deploy(persistent);
    expect(await project.container('web')).toEqual(before);
  });

  it('survives `git clean`, a deployment and a rollback where it is a persistent path', async () => {
    expect(await inWeb('cat', '/data/seed')).toBe('seed');
    await inWeb('sh', '-c', 'echo written > /data/note; echo changed > /data/seed');
    await project.git('clean', '-ffdx');
    await project.commit('v2', { 'web/version': 'v2\n' });
    await project.deploy(persistent);
    expect(await inWeb('cat', '/data/note', '/data/seed')).toBe('written\nchanged');
    await project.homeport(['rollback']);
    expect(await inWeb('cat', '/data/note', '/data/seed')).toBe('written\nchanged');
  });

  it('is refused where git does not track it, before anything is touched', async () => {
    await project.commit('uploads', { ...files(", './uploads:/uploads'"), '.gitignore': 'uploads\n' });
    await mkdir(join(project.checkout, 'uploads'));
    await writeFile(join(project.checkout, 'uploads', 'photo'), 'precious');
    const before = await project.whatRuns();
    const outcome = await project.homeport(['deploy', ...persistent]);
    expectVerdict(outcome, { exitCode: 7, status: 'aborted', phase: 'source' });
    expect(outcome.report.error?.message).toContain('The service web mounts uploads');
    expect(outcome.report.error?.hint).toContain('persistent-paths');
    expect(await project.whatRuns()).toEqual(before);
  });

  it('is taken over once where it is declared then', async () => {
    await project.deploy([...persistent, '--persistent-paths', 'uploads']);
    expect(await inWeb('cat', '/uploads/photo')).toBe('precious');
  });

  it('is refused where a container wrote into a folder of the commit', async () => {
    await project.commit('pages', { ...files(", './pages:/pages'"), 'pages/index': 'a page\n' });
    await project.deploy(persistent);
    await inWeb('sh', '-c', 'echo lost > /pages/guest');
    await project.commit('v3', { 'web/version': 'v3\n' });
    const before = await project.whatRuns();
    const outcome = await project.homeport(['deploy', ...persistent]);
    expect(outcome.exitCode, outcome.output).not.toBe(0);
    expect(outcome.report.error?.message).toContain('pages');
    expect(await project.whatRuns()).toEqual(before);
    expect(await inWeb('cat', '/pages/guest')).toBe('lost');
  });
});
