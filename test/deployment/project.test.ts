import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { normaliseProjectName, type Project, resolveProject } from '../../src/deployment/project.ts';
import type { Host } from '../../src/hosts/host.ts';
import { localHost, temporaryFolder } from '../hosts/support.ts';
import { request } from '../request/sources.ts';
import { stubHost } from './support.ts';

describe('the name of a project', () => {
  // As `NormalizeProjectName` of compose-go.
  it.each([
    ['shop', 'shop'],
    ['My.Shop', 'myshop'],
    ['My Shop!', 'myshop'],
    ['_-shop-_', 'shop-_'],
    ['shop_2-b', 'shop_2-b'],
    ['2shop', '2shop'],
    ['Käse', 'kse'],
    ['---', ''],
    ['', ''],
  ])('of %j is %j', (name, normalised) => {
    expect(normaliseProjectName(name)).toBe(normalised);
  });
});

/** A host with git, on which Compose finds every file good and takes the name that it is given. */
function hostWithCompose(): Host & { readonly asked: string[][] } {
  const real = localHost();
  const asked: string[][] = [];
  const compose = stubHost((argv) => {
    asked.push([...argv]);
    const given = argv.indexOf('--project-name');
    const name = given === -1 ? 'by-itself' : (argv[given + 1] ?? '');
    return { stdout: JSON.stringify({ name, services: { web: {} } }) };
  });
  return {
    ...compose,
    asked,
    exec: (argv, options) => (argv[0] === 'docker' ? compose.exec(argv, options) : real.exec(argv, options)),
  };
}

async function checkout(name: string, options: { remote?: string; compose?: string } = {}): Promise<string> {
  const folder = join(temporaryFolder(), name);
  mkdirSync(folder);
  writeFileSync(join(folder, 'compose.yaml'), options.compose ?? 'services: {web: {image: web}}\n');
  const host = localHost();
  const git = async (...words: string[]) => await host.exec(['git', ...words], { cwd: folder, timeout: 10_000 });
  await git('init', '--quiet');
  if (options.remote !== undefined) await git('remote', 'add', 'origin', options.remote);
  return folder;
}

async function resolved(
  folder: string,
  door: Record<string, unknown> = {},
  repository: string | null = null,
): Promise<Project> {
  const asked = await request({ door: { 'working-directory': folder, ...door } });
  return await resolveProject(hostWithCompose(), asked, repository);
}

describe('the project that is meant', () => {
  it.each([
    ['what is asked for', { remote: 'https://host/o/remote.git' }, { project: 'asked' }, 'o/repository', 'asked'],
    [
      'the repository that the door knows',
      { remote: 'https://host/o/remote.git' },
      {},
      'o/My.Repository',
      'myrepository',
    ],
    ['that of the remote', { remote: 'https://host/o/Remote.git' }, {}, null, 'remote'],
    ['that of a remote over SSH', { remote: 'git@host:o/remote.git' }, {}, null, 'remote'],
    ['that of a remote over SSH without a folder', { remote: 'git@host:remote.git' }, {}, null, 'remote'],
    ['that of a remote with a slash behind it', { remote: 'https://host/o/remote.git/' }, {}, null, 'remote'],
    ['that of the folder', {}, {}, null, 'my-shop'],
  ])('has the name of %s', async (_what, made, door, repository, name) => {
    const project = await resolved(await checkout('My-Shop', made), door, repository);
    expect(project).toMatchObject({ name, problem: null });
  });

  it('has some name where nothing is left of one', async () => {
    expect((await resolved(await checkout('___'))).name).toBe('project');
  });

  it('has a working directory without symbolic links', async () => {
    const folder = await checkout('shop');
    const link = join(temporaryFolder(), 'link');
    symlinkSync(folder, link);
    expect((await resolved(link)).workingDirectory).toBe(folder);
  });

  it.each([
    ['the repository', undefined, {}, true],
    ['the compose file', 'name: own\nservices: {web: {image: web}}\n', {}, false],
    ['the request', undefined, { project: 'asked' }, false],
  ])('tells that its name is that of %s', async (_what, compose, door, byRepository) => {
    const folder = await checkout('shop', compose === undefined ? {} : { compose });
    expect(await resolved(folder, door)).toMatchObject({ namedByRepository: byRepository, problem: null });
  });

  it('has its values beside its first compose file, or in the files that are named', async () => {
    const folder = await checkout('shop');
    mkdirSync(join(folder, 'deploy'));
    writeFileSync(join(folder, 'deploy', 'one.yaml'), 'services: {}\n');
    const inFolder = { 'compose-file': 'deploy/one.yaml' };
    const { envFiles } = await resolved(folder, inFolder);
    expect(envFiles).toEqual([join(folder, 'deploy/.env')]);
    expect((await resolved(folder)).envFiles).toEqual([join(folder, '.env')]);
    expect((await resolved(folder, { ...inFolder, 'env-file': 'a.env' })).envFiles).toEqual([join(folder, 'a.env')]);
  });

  it('is of the files that are named, in their order', async () => {
    const folder = await checkout('shop');
    mkdirSync(join(folder, 'deploy'));
    for (const name of ['one.yaml', 'two.yaml']) writeFileSync(join(folder, 'deploy', name), 'services: {}\n');
    const host = hostWithCompose();
    const door = { 'working-directory': folder, 'compose-file': 'deploy/one.yaml\ndeploy/two.yaml' };
    await resolveProject(host, await request({ door }), null);
    const [argv = []] = host.asked;
    expect(argv.filter((word) => word.endsWith('.yaml'))).toEqual(
      ['one.yaml', 'two.yaml'].map((name) => join(folder, 'deploy', name)),
    );
    expect(argv[argv.indexOf('--project-directory') + 1]).toBe(join(folder, 'deploy'));
  });
});

describe('a project that can not be found', () => {
  it('for want of a compose file says where it looked, and still has a name', async () => {
    const folder = join(temporaryFolder(), 'empty');
    mkdirSync(folder);
    const { name, problem } = await resolved(folder);
    expect(name).toBe('empty');
    expect(problem).toMatchObject({
      message: `There is no compose file in ${folder}.`,
      hint: expect.stringContaining('`compose-file`'),
    });
  });

  it('for want of a file that was named is an invalid request', async () => {
    const folder = await checkout('shop');
    const { problem } = await resolved(folder, { 'compose-file': 'compose.yaml\nmissing.yaml' });
    expect(problem).toMatchObject({
      message: `There is no compose file ${join(folder, 'missing.yaml')}.`,
      exitCode: 64,
    });
  });

  it('for want of a folder is an invalid request', async () => {
    const folder = join(temporaryFolder(), 'gone');
    const { problem, name } = await resolved(folder, {}, 'o/shop');
    expect(problem).toMatchObject({ message: expect.stringContaining(`no folder ${folder}`), exitCode: 64 });
    expect(name).toBe('shop');
  });
});
