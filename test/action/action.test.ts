import { chmod, copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { outputs as promisedOutputs } from '../../src/request/outputs.ts';
import { version } from '../../src/version.ts';
import { plainEnvironment } from '../support/project.ts';
import { type ActionRun, beginAction, bundle, masked, runAction } from '../support/run-action.ts';
import { TelegramServer } from '../support/telegram-server.ts';

/** A machine without an engine: whatever a test does here, no container can come of it. */
const noEngine = { DOCKER_HOST: 'unix:///nonexistent/docker.sock' };
let workspace = '';
let state = '';

beforeAll(async () => {
  workspace = await mkdtemp(join(tmpdir(), 'homeport-workspace-'));
  state = join(workspace, 'state');
  await writeFile(join(workspace, 'compose.yaml'), 'services:\n  web:\n    image: busybox:stable\n');
});

afterAll(async () => {
  await rm(workspace, { recursive: true, force: true });
});

describe('a request that is wrong', () => {
  const inputs = {
    command: 'deploi',
    'coverage-minimum': 'lots',
    timeout: '10 minutes',
    'telegram-tokn': 'not to be shown',
    'state-directory': 'state',
  };

  let run: ActionRun;

  beforeAll(async () => {
    run = await runAction(inputs, { workspace, env: noEngine });
  });

  it('fails the step with all that is wrong in one annotation, with the likely spellings', () => {
    const errors = run.commands.filter(({ name }) => name === 'error');
    expect(run.exitCode, run.output).toBe(1);
    expect(errors).toHaveLength(1);
    const lines = errors[0]?.message.split('\n') ?? [];
    expect(lines[0]).toBe('The request has 4 problems:');
    expect(lines).toContainEqual(expect.stringMatching(/command \(input\): got `deploi`.*did you mean `deploy`\?/));
    expect(lines).toContainEqual(
      expect.stringMatching(/coverage-minimum \(input\): got `lots`, expected a percentage/),
    );
    expect(lines).toContainEqual(expect.stringMatching(/timeout \(input\): got `10 minutes`/));
    expect(lines).toContainEqual(expect.stringMatching(/telegram-tokn \(input\):.*did you mean `telegram-token`\?/));
    expect(run.output).not.toContain('not to be shown');
    expect(run.output).not.toMatch(/^\s+at .+:\d+:\d+\)?$/m);
  });

  it('tells later steps so, and touches nothing', async () => {
    expect(run.outputs).toEqual({ status: 'aborted', phase: 'preflight', 'exit-code': '64' });
    expect(run.handedOn).toBe('');
    expect(await readdir(workspace)).toEqual(['compose.yaml']);
  });

  it('is told together with what is wrong in homeport.yml', async () => {
    const folder = await mkdtemp(join(workspace, 'settings-'));
    try {
      await writeFile(join(folder, 'homeport.yml'), 'start-timout: 1m\nbackup-required: yes please\n');
      const run = await runAction({ notify: 'loudly' }, { workspace: folder, env: noEngine });
      const [error, ...more] = run.commands.filter(({ name }) => name === 'error');
      expect(more).toEqual([]);
      expect(error?.message).toMatch(/start-timout \(homeport\.yml\):.*did you mean `start-timeout`\?/);
      expect(error?.message).toContain('backup-required (homeport.yml): got `yes please`');
      expect(error?.message).toContain('notify (input): got `loudly`');
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it('shows no secret that stands in the wrong place', async () => {
    const run = await runAction(
      { secrets: 'PASSWORD=Wave-9-over-the-Bow', project: 'shop Wave-9-over-the-Bow' },
      { workspace, env: noEngine },
    );
    expect(run.outputs['exit-code']).toBe('64');
    expect(run.output).toContain('project (input): got `shop ***`');
    expect(run.output).not.toContain('Wave-9-over-the-Bow');
  });

  it('may lack what its command needs', async () => {
    const run = await runAction({ command: 'restore' }, { workspace, env: noEngine });
    expect(run.exitCode, run.output).toBe(1);
    expect(run.outputs['exit-code']).toBe('64');
    expect(run.commands.find(({ name }) => name === 'error')?.message).toContain('file');
  });
});

describe('secrets', () => {
  const password = 'Wave 9/over+the=Bow?';
  const key = '-----BEGIN KEY-----\nMIIEvQIBADANBgkqhki\n-----END KEY-----';
  const { token } = TelegramServer;
  const inputs = {
    command: 'plan',
    secrets: `PASSWORD='${password}'\nKEY="${key}"`,
    'telegram-token': token,
    'telegram-chat': '1',
  };
  let run: ActionRun;

  beforeAll(async () => {
    run = await runAction(inputs, { workspace, env: noEngine });
  });

  it('are masked before anything but the name is printed', () => {
    const [first, ...lines] = run.stdout.split('\n');
    const lastMask = lines.findLastIndex((line) => line.startsWith('::add-mask::'));
    expect(first).toBe(`Homeport ${version}`);
    expect(lastMask).toBeGreaterThan(0);
    expect(lines.slice(0, lastMask + 1).filter((line) => !line.startsWith('::add-mask::'))).toEqual([]);
  });

  it('are masked as they are, URL-encoded, in JSON, and in base64 also within a longer text', () => {
    const { commands } = run;
    for (const secret of [password, token, 'MIIEvQIBADANBgkqhki']) {
      expect(masked(`<${secret}>`, commands)).toBe('<***>');
      expect(masked(`<${encodeURIComponent(secret)}>`, commands)).toBe('<***>');
      expect(masked(JSON.stringify({ secret }), commands)).toBe('{"secret":"***"}');
      for (const before of ['', 'a', 'ab', 'abc']) {
        const left = masked(Buffer.from(`${before}${secret}:end`).toString('base64'), commands);
        expect(left).toMatch(/^.{0,6}\*\*\*.{0,8}$/);
      }
    }
  });

  it('stand nowhere else in what is printed, handed on, written or sent', async () => {
    const telegram = await TelegramServer.start();
    try {
      const deploy = { ...inputs, command: 'deploy', 'state-directory': state, 'telegram-api-url': telegram.url };
      const { stdout, stderr, handedOn, summary, outputs } = await runAction(deploy, { workspace, env: noEngine });
      const printed = stdout.replaceAll(/^::add-mask::.*$/gm, '') + stderr;
      const report = await readFile(outputs.report ?? '', 'utf8');
      const sent = JSON.stringify(telegram.calls);
      expect(report).toContain('"schema": 1');
      expect(sent).toContain('DEPLOYMENT ABORTED');
      for (const place of [printed, handedOn, summary, JSON.stringify(outputs), report, sent]) {
        for (const secret of [password, encodeURIComponent(password), token, 'MIIEvQIBADANBgkqhki']) {
          expect(place).not.toContain(secret);
        }
      }
    } finally {
      await telegram.close();
      await rm(state, { recursive: true, force: true });
    }
  });

  it('are not inherited by what the action starts, and neither is any other input', async () => {
    const folder = await mkdtemp(join(workspace, 'path-'));
    const seen = join(folder, 'seen');
    await writeFile(join(folder, 'id'), `#!/bin/sh\nenv > '${seen}'\n`);
    await chmod(join(folder, 'id'), 0o755);
    const path = `${folder}:${plainEnvironment().PATH}`;
    await runAction(inputs, { workspace, env: { ...noEngine, PATH: path } });
    const environment = await readFile(seen, 'utf8');
    await rm(folder, { recursive: true, force: true });
    expect(environment).toContain('GITHUB_REPOSITORY=octo/shop');
    expect(environment).not.toContain('INPUT_');
    expect(environment).not.toContain(password);
    expect(environment).not.toContain(token);
  });
});

describe('a machine without an engine', () => {
  it('aborts with everything that people and later steps want to know', async () => {
    const run = await runAction({ 'state-directory': state }, { workspace, env: noEngine });
    await rm(state, { recursive: true, force: true });
    expect(run.exitCode, run.output).toBe(1);
    expect(Object.keys(run.outputs).sort()).toEqual(Object.keys(promisedOutputs).sort());
    expect(run.outputs).toMatchObject({ status: 'aborted', phase: 'preflight', 'exit-code': '7', release: '' });
    expect(run.outputs['systems-deployed']).toBe('[]');
    expect(run.summary).toContain('Deployment aborted');
    const [error, ...more] = run.commands.filter(({ name }) => name === 'error');
    expect(more).toEqual([]);
    expect(error?.properties.title).toMatch(/^Deployment aborted: shop/);
    expect(error?.message).toMatch(/Docker/);
    expect(error?.message).toContain('Next step:');
  });

  it('writes no summary when none is wanted', async () => {
    const run = await runAction({ 'state-directory': state, summary: 'false' }, { workspace, env: noEngine });
    await rm(state, { recursive: true, force: true });
    expect(run.outputs.status).toBe('aborted');
    expect(run.summary).toBe('');
  });

  it('gets no plan, and is told why', async () => {
    const run = await runAction({ command: 'plan' }, { workspace, env: noEngine });
    expect(run.exitCode, run.output).toBe(1);
    expect(run.outputs).toMatchObject({ status: 'aborted', 'exit-code': '7' });
    expect(run.stdout).toContain('Nothing was changed.');
  });
});

describe('the first line', () => {
  it('is printed before the rest is even loaded', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'homeport-entry-'));
    try {
      await mkdir(join(folder, 'main'));
      for (const name of ['index.js', 'package.json']) {
        await copyFile(join(dirname(bundle), name), join(folder, 'main', name));
      }
      const running = beginAction({}, { workspace, runnerFolder: folder, entry: join(folder, 'main', 'index.js') });
      const { stdout, exitCode } = await running.ended;
      expect(stdout).toBe(`Homeport ${version}\n`);
      expect(exitCode).not.toBe(0);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
