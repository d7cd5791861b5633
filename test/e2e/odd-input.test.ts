import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { idle } from '../support/bad-input.ts';
import { docker, makeProject, type Outcome, type Project } from '../support/project.ts';
import { runAction } from '../support/run-action.ts';

let project: Project;

beforeAll(async () => {
  project = await makeProject({ files: { 'compose.yaml': compose('0') }, name: 'odd' });
});

afterAll(async () => await project?.cleanUp());

function compose(version: string, more = ''): string {
  return `services:\n  web:\n    ${idle}\n    environment: {VERSION: '${version}'}\n${more}`;
}

/** What the container of a service was given, by name. */
async function environmentOf(service: string): Promise<Record<string, string>> {
  const { environment } = await project.container(service);
  return Object.fromEntries(
    environment.map((entry) => [entry.split('=')[0] ?? '', entry.slice(entry.indexOf('=') + 1)]),
  );
}

async function expectDeployed(outcome: Outcome, commit: string, version: string): Promise<void> {
  expect(outcome.report).toMatchObject({ status: 'success', commit, project: project.name });
  expect(await environmentOf('web')).toMatchObject({ VERSION: version });
}

const quick = ['--startup-wait', '0s'];

describe('A checkout', () => {
  it('with a detached head is deployed, without a branch', async () => {
    const commit = await project.commit('detached', { 'compose.yaml': compose('detached') });
    await project.git('checkout', '--quiet', '--detach');
    const outcome = await project.deploy(quick);
    await project.git('checkout', '--quiet', 'main');
    await expectDeployed(outcome, commit, 'detached');
    expect(outcome.report.branch).toBeNull();
  });

  it('of depth one is deployed', async () => {
    const commit = await project.commit('shallow', { 'compose.yaml': compose('shallow') });
    const clone = join(project.folder, 'shallow');
    await execa('git', ['clone', '--quiet', '--depth', '1', `file://${project.checkout}`, clone]);
    await expectDeployed(await project.deploy(['--working-directory', clone, ...quick]), commit, 'shallow');
  });

  it('that belongs to another user is deployed', async () => {
    const commit = await project.commit('owned by another', { 'compose.yaml': compose('another') });
    await execa('chown', ['--recursive', '65534:65534', project.checkout]);
    try {
      await expectDeployed(await project.deploy(quick), commit, 'another');
    } finally {
      await execa('chown', ['--recursive', '0:0', project.checkout]);
    }
  });

  it('behind a symbolic link is deployed, and nothing of the running service hangs on the link', async () => {
    const mount = "    volumes: ['./settings:/settings:ro']\n";
    const commit = await project.commit('linked', { 'compose.yaml': compose('linked', mount), settings: 'of linked' });
    const link = join(project.folder, 'link');
    await symlink(project.checkout, link);
    const outcome = await project.deploy(['--working-directory', link, ...quick]);
    await expectDeployed(outcome, commit, 'linked');
    const { id } = await project.container('web');
    const source = await docker('inspect', '--format', '{{range .Mounts}}{{.Source}}{{end}}', id);
    expect(source.startsWith(join(project.state, 'files'))).toBe(true);
  });
});

it('Paths with spaces, quotes, a leading dash, a dollar sign and letters of the world work everywhere', async () => {
  const folder = `-it's "ünï" $HOME`;
  const file = `-kömpose it's.yaml`;
  const mounted = `-fïle "x" $y, z.txt`;
  const commit = await project.commit('odd names', {
    [`${folder}/${file}`]: `name: ${project.name}\n${compose(
      'odd',
      `    volumes: [{type: bind, source: ${JSON.stringify(`./${mounted.replaceAll('$', '$$$$')}`)}, target: /mounted}]\n`,
    )}`,
    [`${folder}/${mounted}`]: 'content of an odd name',
    [`${folder}/check it.sh`]: 'test "$PWD" != / && test -e ./-k*mpose*',
  });
  const outcome = await project.deploy([
    ...['--working-directory', folder],
    ...['--compose-file', file],
    ...['--tests', 'here: bash "check it.sh"'],
    ...['--smoke', '[{run: bash "check it.sh"}]'],
    ...quick,
  ]);
  await expectDeployed(outcome, commit, 'odd');
  const { id } = await project.container('web');
  expect(await docker('exec', id, 'cat', '/mounted')).toBe('content of an odd name');
});

it('Secrets of several lines, with quotes, dollar signs and backslashes reach the container as they are', async () => {
  const secrets = {
    PEM: '-----BEGIN KEY-----\nMIIBOgIBAAJBAK+x/Zs=\n  indented\n-----END KEY-----',
    QUOTES: `it's "quoted" and \`ticked\``,
    DOLLARS: 'pa$$word $HOME ${PATH} $(id) $1 end$',
    SLASHES: 'C:\\new\\table # no comment = sign',
  };
  const names = Object.keys(secrets);
  const more = '    secrets: [pem]\nsecrets: {pem: {environment: PEM}}\n';
  const environment = names.map((name) => `${name}: "\${${name}}"`).join(', ');
  await project.commit('secrets', {
    'compose.yaml': `services:\n  web:\n    ${idle}\n    environment: {VERSION: secrets, ${environment}}\n${more}`,
  });
  const quoted = (text: string) => `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
  const dotenv = Object.entries(secrets).map(([name, value]) => `${name}=${quoted(value)}`);
  const outcome = await project.deploy([...quick, '--tests', 'told: test "$PEM" && env | grep -A3 ^PEM'], {
    env: { HOMEPORT_SECRETS: dotenv.join('\n') },
  });
  expect(await environmentOf('web')).toMatchObject(secrets);
  const { id } = await project.container('web');
  expect(await docker('exec', id, 'cat', '/run/secrets/pem')).toBe(secrets.PEM);
  const log = await readFile(outcome.report.log ?? '', 'utf8');
  for (const part of Object.values(secrets).flatMap((value) => value.split('\n'))) {
    expect(outcome.output + log + JSON.stringify(outcome.report)).not.toContain(part.trim());
  }
});

describe("Compose's own variables", () => {
  it.each([
    ['the environment', null],
    ['.env', 'COMPOSE_PROJECT_NAME=another\nCOMPOSE_FILE=other.yaml\n'],
  ])('for another project in %s are not followed, and that is said', async (_where, dotenv) => {
    const commit = await project.commit('variables', {
      'compose.yaml': compose(dotenv === null ? 'environment' : 'dotenv'),
      'other.yaml': `services:\n  stranger:\n    ${idle}\n`,
      ...(dotenv === null ? {} : { '.env': dotenv }),
    });
    const env = dotenv === null ? { COMPOSE_PROJECT_NAME: 'another', COMPOSE_FILE: 'other.yaml' } : {};
    const { report } = await project.deploy(quick, { env });
    expect(report).toMatchObject({ status: 'success', commit, project: project.name });
    expect(report.warnings.join('\n')).toMatch(/COMPOSE_PROJECT_NAME is another, .* acts on the project hp-/);
    expect(report.warnings.join('\n')).toMatch(/COMPOSE_FILE is other\.yaml, .*compose-file/);
    expect((await project.containers()).map(({ service }) => service)).toEqual(['web']);
  });

  it('for profiles mean what they mean to Compose', async () => {
    const extra = `  debug:\n    ${idle}\n    profiles: [debug]\n`;
    await project.commit('profiles', { 'compose.yaml': compose('profiles', extra) });
    await project.deploy(quick, { env: { COMPOSE_PROFILES: 'debug' } });
    expect((await project.containers()).map(({ service }) => service)).toEqual(['debug', 'web']);
  });
});

describe('A project name', () => {
  it('in capitals is lowered as Compose does it: in the file, and the name of the folder', async () => {
    const folder = join(project.folder, 'My Shop.v2');
    await mkdir(folder);
    await execa('git', ['init', '--quiet'], { cwd: folder });
    const told = async (text: string) => {
      await writeFile(join(folder, 'compose.yaml'), text);
      const outcome = await project.homeport(['plan', '--working-directory', folder]);
      return /^Plan for ([^\s;]+)/.exec(outcome.stdout)?.[1];
    };
    expect(await told(`services: {web: {image: busybox:stable}}\n`)).toBe('myshopv2');
    expect(await told(`name: MyShop\nservices: {web: {image: busybox:stable}}\n`)).toBe('myshop');
  });
});

it('Inputs of the action that are all empty mean their defaults', async () => {
  const entry = fileURLToPath(new URL('../../src/action/main.ts', import.meta.url));
  const commit = await project.commit('by the action', { 'compose.yaml': compose('action'), '.env': null });
  const needed = { 'state-directory': project.stateDirectory, 'minimum-free-disk': '1MiB', 'startup-wait': '0s' };
  const run = await runAction(needed, { workspace: project.checkout, entry });
  expect(run.exitCode, run.output).toBe(0);
  expect(run.outputs).toMatchObject({ status: 'success', commit, 'exit-code': '0' });
  const plan = await runAction({ command: 'plan', ...needed }, { workspace: project.checkout, entry });
  expect(plan.stdout).toMatch(/backup +back the databases up, verified by restore/);
  expect(plan.stdout).toMatch(/test +skipped: no `tests`/);
  expect(plan.stdout).toMatch(/build +build the images/);
});
