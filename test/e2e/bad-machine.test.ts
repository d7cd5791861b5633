import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, readdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commandsFolder, expectAborted, expectClear, idle, soon, whereIs } from '../support/bad-input.ts';
import { docker, makeProject, type Outcome, type Project, plainEnvironment } from '../support/project.ts';
import { freePort } from '../support/web.ts';

let project: Project;
let before: unknown;

beforeAll(async () => {
  project = await makeProject({ files: { 'compose.yaml': `services:\n  web:\n    ${idle}\n` }, name: 'machine' });
  await project.deploy();
  before = await whatIsThere();
});

afterAll(async () => await project?.cleanUp());

/** What runs, and what is recorded. */
async function whatIsThere(): Promise<unknown> {
  return { ...(await project.whatRuns()), releases: await readdir(join(project.state, 'releases')) };
}

async function aborted(
  args: readonly string[],
  wanted: { phase?: string; cause: string | RegExp; hint: string | RegExp },
  env: Record<string, string> = {},
): Promise<Outcome> {
  const outcome = await project.homeport(['deploy', ...args], {
    env: { RUNNER_TEMP: project.folder, ...env },
    timeout: soon,
  });
  expectAborted(outcome, { exitCode: 7, phase: 'preflight', ...wanted });
  expect(await whatIsThere()).toEqual(before);
  return outcome;
}

describe('Docker', () => {
  it('that does not run is told with its address and how to start it', async () => {
    const cause = /engine is not running: .*unix:\/\/\/nonexistent\.sock/;
    const env = { DOCKER_HOST: 'unix:///nonexistent.sock' };
    const outcome = await aborted([], { cause, hint: /systemctl start docker/ }, env);
    // Nobody could look, but the record still says what was good.
    expect(outcome.report.previous_release).toBe(await project.current());
    expect(outcome.stdout).toMatch(/Running now: The old release .+, untouched\./);
  });

  it('that is not installed is told', async () => {
    const path = await commandsFolder(project, 'without-docker', { real: ['git', 'flock'] });
    await aborted([], { cause: /Docker is not installed/, hint: /docs\.docker\.com\/engine\/install/ }, { PATH: path });
  });

  it('without Compose is told', async () => {
    const script = `test "$1" = compose || exec ${await whereIs('docker')} "$@"\necho "docker: 'compose' is not a docker command." >&2\nexit 1`;
    const path = await commandsFolder(project, 'without-compose', { scripts: { docker: script } });
    const wanted = {
      cause: /Compose plugin of Docker is not installed/,
      hint: /apt-get install docker-compose-plugin/,
    };
    await aborted([], wanted, { PATH: `${path}:${process.env.PATH}` });
  });

  it('with a Compose that is too old is told with both versions', async () => {
    const script = `test "$1 $2" = 'compose version' || exec ${await whereIs('docker')} "$@"\necho 2.17.0`;
    const path = await commandsFolder(project, 'old-compose', { scripts: { docker: script } });
    const wanted = { cause: 'Docker Compose 2.17.0 is too old: Homeport needs 2.20 or newer.', hint: /Update/ };
    await aborted([], wanted, { PATH: `${path}:${process.env.PATH}` });
  });

  it('that this user may not use is told, with the group that may', async () => {
    const nobody = 65_534;
    const state = join(project.folder, 'state-of-nobody');
    await mkdir(state);
    await chown(state, nobody, nobody);
    // Other users may pass through to the checkout; nothing in it is secret.
    await chmod(project.folder, 0o755);
    const ended = await execa(
      'setpriv',
      [
        `--reuid=${nobody}`,
        `--regid=${nobody}`,
        '--clear-groups',
        process.execPath,
        project.entry,
        'deploy',
        '--state-directory',
        state,
      ],
      {
        cwd: project.checkout,
        env: { ...plainEnvironment(), HOME: state },
        extendEnv: false,
        reject: false,
        timeout: soon,
      },
    );
    expect(ended.exitCode, ended.stdout + ended.stderr).toBe(7);
    expectClear(ended.stdout + ended.stderr, [/no permission to use the Docker engine/, /docker group/]);
    expect(await whatIsThere()).toEqual(before);
  });
});

describe('The state folder', () => {
  it.each([
    ['can not be made', () => '/proc/homeport'],
    ['is a file', () => join(project.folder, 'file')],
  ])('that %s is told, and the report is kept elsewhere', async (_what, place) => {
    await writeFile(join(project.folder, 'file'), '');
    const outcome = await aborted(['--state-directory', place()], {
      cause: `The state folder ${join(place(), project.name)} can not be written`,
      hint: /`state-directory`/,
    });
    const path = /^report: (.+)$/m.exec(outcome.stdout)?.[1] ?? '';
    expect(path.startsWith(project.folder) || path.startsWith(tmpdir())).toBe(true);
  });
});

it('A disk that is too small is told with both sizes and the folder', async () => {
  await aborted(['--minimum-free-disk', '900TiB'], {
    cause: /Only [\d.]+ [GT]iB are free where Docker keeps its data \(.+\); `minimum-free-disk` asks for 900\.0 TiB\./,
    hint: /docker system df/,
  });
});

describe('A port', () => {
  async function withPort(port: number): Promise<string[]> {
    await project.write({ 'port.yaml': `services:\n  web:\n    ${idle}\n    ports: ['${port}:80']\n` });
    return ['--project', project.name, '--compose-file', 'port.yaml'];
  }

  it('that another container has is told with its name', async () => {
    const port = await freePort();
    const other = `hp-${randomBytes(4).toString('hex')}-other`;
    const id = await docker('run', '--detach', '--name', other, '-p', `${port}:80`, 'busybox:stable', 'sleep', '600');
    try {
      await aborted(await withPort(port), {
        cause: `The port ${port} of the service web is taken by the container ${other}.`,
        hint: /docker ps/,
      });
    } finally {
      await docker('rm', '--force', id);
    }
  });

  it('that a process of the host has is told', async () => {
    const port = await freePort();
    const server = createServer();
    await new Promise<void>((resolve) => void server.listen(port, '0.0.0.0', resolve));
    try {
      const cause = `The port ${port} of the service web is taken by another process on this host.`;
      await aborted(await withPort(port), { cause, hint: /ss -ltnp/ });
    } finally {
      server.close();
    }
  });
});

describe('The checkout', () => {
  it('that has changes which no commit holds is told with their names', async () => {
    await project.write({ 'compose.yaml': `services:\n  web:\n    ${idle}\n    init: true\n` });
    try {
      await aborted([], { phase: 'source', cause: /1 changed file .*M compose\.yaml/, hint: /commit the change/ });
    } finally {
      await project.git('checkout', '--quiet', 'compose.yaml');
    }
  });

  it('that is no git repository, or has no commit, is told', async () => {
    const folder = join(project.folder, 'plain');
    await mkdir(folder);
    await writeFile(join(folder, 'compose.yaml'), `services:\n  web:\n    ${idle}\n`);
    const args = ['--project', project.name, '--working-directory', folder];
    const cause = /plain is not a git checkout: fatal: not a git repository/;
    await aborted(args, { phase: 'source', cause, hint: /actions\/checkout/ });
    await execa('git', ['init', '--quiet'], { cwd: folder });
    const wanted = { cause: /plain has no commit yet/, hint: 'Commit what is to be deployed.' };
    await aborted(args, { phase: 'source', ...wanted });
  });
});

it('An image that can not be pulled fails the build with its name and the words of the registry', async () => {
  const image = '127.0.0.1:9/nothing:1';
  await project.commit('an image that is nowhere', { 'compose.yaml': `services:\n  web:\n    image: ${image}\n` });
  const outcome = await project.homeport(['deploy'], { timeout: soon });
  const { report } = outcome;
  expect([outcome.exitCode, report.status, report.phase], outcome.output).toEqual([2, 'failed', 'build']);
  expectClear(report.error?.message ?? '', [`The image ${image} of the service web can not be pulled`, /refused/]);
  expectClear(report.error?.hint ?? '', [/docker login/]);
  expect(report.release).toBeNull();
  expect(await whatIsThere()).toEqual(before);
});
