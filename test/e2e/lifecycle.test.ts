import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ask } from '../support/client.ts';
import { expectVerdict } from '../support/expectations.ts';
import { makeProject, type Project } from '../support/project.ts';
import { freePort, healthcheck, webImage, webService } from '../support/web.ts';

describe('the life of a project with two services', () => {
  let project: Project;
  let port: number;
  const ids: Record<string, string> = {};

  beforeAll(async () => {
    port = await freePort();
    project = await makeProject({
      name: 'life',
      files: {
        'compose.yaml': compose(),
        'README.md': 'A shop.\n',
        ...webImage('web', { version: 'v1' }),
        ...webImage('worker', { version: 'v1' }),
      },
    });
  });
  afterAll(async () => await project?.cleanUp());

  function compose(more = ''): string {
    const web = webService('web', { port, extra: `${healthcheck}environment: {TOKEN: '\${TOKEN:-none}'}\n` });
    return `services:\n${web}${webService('worker')}${more}`;
  }

  const answerOf = async (path: string): Promise<string | null> =>
    (await ask(`http://127.0.0.1:${port}${path}`)).answer;
  const deploy = (token: string) =>
    project.deploy(['--tests', 'unit: "true"'], { env: { HOMEPORT_SECRETS: `TOKEN=${token}` } });
  const releases = (): Promise<string[]> => readdir(join(project.state, 'releases'));

  it('begins with a first release', async () => {
    const { report } = await deploy('one');
    expect(report.previous_release).toBeNull();
    expect(report.changes.services).toMatchObject([
      { service: 'web', change: 'started', image_before: null },
      { service: 'worker', change: 'started' },
    ]);
    expect(await answerOf('/version')).toBe('v1');
    ids.first = report.release ?? '';
  });

  it('touches nothing and records no second release when the same commit is deployed again, but runs the gates', async () => {
    const before = await project.whatRuns();
    const { report } = await deploy('one');
    expect(await project.whatRuns()).toEqual(before);
    expect(await releases()).toEqual([ids.first]);
    expect(report.release).toBe(ids.first);
    expect(report.changes.tests).toMatchObject([{ name: 'unit', status: 'success' }]);
    expect(report.changes.services.map(({ change }) => change)).toEqual(['unchanged', 'unchanged']);
  });

  it('recreates only the service that a commit changes', async () => {
    const [web, worker] = [await project.container('web'), await project.container('worker')];
    await project.commit('worker', { 'worker/version': 'v2\n' });
    const { report } = await deploy('one');
    expect(await project.container('web')).toEqual(web);
    expect((await project.container('worker')).imageId).not.toBe(worker.imageId);
    expect(report.previous_release).toBe(ids.first);
    ids.worker = report.release ?? '';
  });

  it('records a release and recreates nothing for a commit that no service sees', async () => {
    const { containers } = await project.whatRuns();
    const commit = await project.commit('readme', { 'README.md': 'A better shop.\n' });
    const { report } = await deploy('one');
    expect((await project.whatRuns()).containers).toEqual(containers);
    expect(report).toMatchObject({ commit, previous_release: ids.worker });
    expect(await project.current()).toBe(report.release);
    expect(await releases()).toHaveLength(3);
  });

  it('moves the names that people use when a new version is good', async () => {
    const before = await project.container('web');
    await project.commit('v2', { 'web/version': 'v2\n' });
    const { report } = await deploy('two');
    const after = await project.container('web');
    const tags = await project.tags();
    expect(tags[`${project.name}-web:latest`]).toBe(after.imageId);
    expect(tags[`${project.name}-web:rollback`]).toBe(before.imageId);
    expect(tags[`${project.name}-web:homeport-${report.release}`]).toBe(after.imageId);
    expect(await answerOf('/version')).toBe('v2');
    expect(after.environment).toContain('TOKEN=two');
    ids.second = report.release ?? '';
  });

  it('goes back to the last good release with its environment and secrets, though they changed since', async () => {
    const outcome = await project.homeport(['rollback'], { env: { HOMEPORT_SECRETS: 'TOKEN=three', TOKEN: 'four' } });
    expectVerdict(outcome, { exitCode: 0, status: 'success', phase: 'promote' });
    expect(await answerOf('/version')).toBe('v1');
    expect((await project.container('web')).environment).toContain('TOKEN=one');
    expect(outcome.report.previous_release).toBe(ids.second);
    expect(await project.current()).toBe(outcome.report.release);
  });

  it('goes back or forward to any good release that is named, and reports its commit', async () => {
    const outcome = await project.homeport(['rollback', '--to', ids.second ?? '']);
    expectVerdict(outcome, { exitCode: 0, status: 'success', phase: 'promote' });
    expect(outcome.report.commit).toBe(await project.git('rev-parse', 'HEAD'));
    expect((await project.container('web')).environment).toContain('TOKEN=two');

    const first = await project.homeport(['rollback', '--to', ids.first ?? '']);
    expect(first.report.commit).toBe(await project.git('rev-parse', 'HEAD~3'));
    const labels = [await project.container('web'), await project.container('worker')].map(({ imageId }) => imageId);
    const tags = await project.tags();
    expect(labels).toEqual(['web', 'worker'].map((name) => tags[`${project.name}-${name}:homeport-${ids.first}`]));
  });

  it('refuses to go to a release that there is none of', async () => {
    const before = await project.whatRuns();
    const outcome = await project.homeport(['rollback', '--to', `${ids.first?.slice(0, -1)}x`]);
    expectVerdict(outcome, { exitCode: 7, status: 'aborted', phase: 'preflight' });
    expect(outcome.report.error?.message).toContain(`did you mean ${ids.first}?`);
    expect(await project.whatRuns()).toEqual(before);
  });

  it('removes a service that a commit drops, and gives it back at a rollback', async () => {
    await project.commit('a helper', {
      'compose.yaml': compose(webService('helper', { folder: 'worker', extra: 'environment: {ROLE: helper}\n' })),
    });
    await deploy('two');
    const helper = await project.container('helper');
    await project.commit('no helper', { 'compose.yaml': compose() });
    const { report } = await deploy('two');
    expect((await project.containers()).map(({ service }) => service)).toEqual(['web', 'worker']);
    expect(report.changes.services).toContainEqual(expect.objectContaining({ service: 'helper', change: 'removed' }));

    await project.homeport(['rollback']);
    const back = await project.container('helper');
    expect(back).toMatchObject({ imageId: helper.imageId, state: 'running' });
    expect(back.environment).toContain('ROLE=helper');
  });

  it('counts a service that does its work once and ends as well, and misses none that is not asked for', async () => {
    const more = [
      webService('once', { folder: 'worker', extra: 'restart: "no"\ncommand: [sh, -c, "exit 0"]\n' }),
      webService('none', { folder: 'worker', extra: 'scale: 0\n' }),
      webService('tool', { folder: 'worker', extra: 'profiles: [tools]\n' }),
    ];
    await project.commit('more', { 'compose.yaml': compose(more.join('')) });
    const { report } = await deploy('two');
    expect(report.status).toBe('success');
    expect((await project.container('once')).state).toBe('exited');
    expect((await project.containers()).map(({ service }) => service)).toEqual(['once', 'web', 'worker']);
  });

  it('lets old releases go with their tags, but never the running one or the last good one before it', async () => {
    await project.commit('v3', { 'web/version': 'v3\n', 'worker/version': 'v3\n' });
    await deploy('two');
    await project.commit('v4', { 'web/version': 'v4\n' });
    const before = await project.current();
    const flags = ['--keep-releases', '1', '--keep-releases-for', '0s'];
    const { report } = await project.deploy(flags, { env: { HOMEPORT_SECRETS: 'TOKEN=two' } });
    expect(await releases()).toEqual([before, report.release]);
    const running = (await project.containers()).map(({ imageId }) => imageId);
    const tags = await project.tags();
    expect(running.every((id) => Object.values(tags).includes(id))).toBe(true);
    expect(Object.keys(tags).filter((tag) => tag.includes(`:homeport-${ids.first}`))).toEqual([]);
    const back = await project.homeport(['rollback']);
    expectVerdict(back, { exitCode: 0, status: 'success', phase: 'promote' });
    expect(await answerOf('/version')).toBe('v3');
  });
});
