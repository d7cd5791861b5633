import { randomBytes } from 'node:crypto';
import { statSync } from 'node:fs';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GithubServer } from '../support/github-server.ts';
import { commandLinesWith, expectNoLeak, filesBelow } from '../support/leaks.ts';
import { docker, makeProject, type Project } from '../support/project.ts';
import { type ActionRun, runAction } from '../support/run-action.ts';
import { TelegramServer } from '../support/telegram-server.ts';
import { WebService } from '../support/web-service.ts';

const entry = fileURLToPath(new URL('../../src/action/main.ts', import.meta.url));
const random = () => randomBytes(6).toString('hex');

/** Where people keep them: each is of this test alone. */
const secrets = {
  given: `p@ss/$${random()}+"w'rd"=1`,
  envFile: `en/v+Pa55-${random()}`,
  database: `d@ta/B4se-${random()}`,
  serviceEnvFile: `s3rvice/Env+${random()}`,
  inline: `in+l1ne/${random()}`,
  inherited: `inh3r1ted/${random()}`,
  hook: `T024BE7LH${random()}`,
  hookUser: `hook-pa55-${random()}`,
  signature: `signs+the/body-${random()}`,
  telegram: TelegramServer.token,
  github: GithubServer.token,
};

/**
 * Prints all that it can find, as it is, encoded in every way and broken over lines, and fails like a library that
 * couldn't reach its server, if it is told to.
 */
const telling = `
import { readFileSync } from 'node:fs';
const known = ['TOKEN', 'RELAY_API_KEY'].map((name) => process.env[name]).filter(Boolean);
const lines = ['.env', 'service.env', 'compose.yaml'].flatMap((file) => readFileSync(file, 'utf8').split('\\n'));
const read = lines.flatMap((line) => /(?:PASSWORD|TOKEN|URL)[=:] ?'?([^'\\s]{8,})'?/.exec(line)?.[1] ?? []);
const base64 = (text) => Buffer.from(text).toString('base64');
for (const secret of [...known, ...read.filter((one) => !one.startsWith('$'))]) {
  const percent = encodeURIComponent(secret).replace(/'/g, '%27');
  const forms = [secret, encodeURIComponent(secret), percent, percent.replaceAll('%2F', '/'), percent.replace(/%../g, (one) => one.toLowerCase())];
  const encoded = ['', 'x', 'xx'].map((before) => base64(before + secret));
  for (const form of [...forms, ...encoded, Buffer.from(secret).toString('base64url'), JSON.stringify({ secret })]) {
    console.log(form);
    const at = Math.floor(form.length / 2);
    console.log('broken: ' + form.slice(0, at) + '\\n' + form.slice(at));
    console.error(form.slice(0, 1) + '\\n    ' + form.slice(1));
  }
  console.log(base64(secret.repeat(8)).replaceAll(/(.{76})/g, '$1\\n'));
}
if (process.argv[2] === 'fail') throw new Error('connect ECONNREFUSED ' + read.find((one) => one.includes('://')));
`;

let project: Project;
let github: GithubServer;
let telegram: TelegramServer;
let hook: WebService;
/** All that anybody can read, by where it was. */
const told: [string, string][] = [];

function compose(command: string): string {
  return `services:
  web:
    build:
      context: image
      secrets: [token]
    command: ['sh', '-c', '${command}']
    stop_signal: SIGKILL
    env_file: [service.env]
    environment:
      TOKEN: "\${TOKEN}"
      DB_PASSWORD: "\${DB_PASSWORD}"
      DATABASE_URL: "\${DATABASE_URL}"
      INLINE_TOKEN: '${secrets.inline}'
secrets:
  token: {environment: TOKEN}
`;
}

beforeAll(async () => {
  [github, telegram, hook] = await Promise.all([GithubServer.start(), TelegramServer.start(), WebService.start()]);
  project = await makeProject({
    name: 'leaks',
    files: {
      'compose.yaml': compose('env; sleep 600'),
      '.env': `DB_PASSWORD='${secrets.envFile}'\nDATABASE_URL='postgres://app:${secrets.database}@db.invalid/shop'\n`,
      'service.env': `RELAY_PASSWORD=${secrets.serviceEnvFile}\n`,
      'tell.mjs': telling,
      'image/Dockerfile': 'FROM busybox:stable\nRUN --mount=type=secret,id=token test -s /run/secrets/token\n',
    },
  });
});

afterAll(async () => {
  await Promise.all([github?.close(), telegram?.close(), hook?.close(), project?.cleanUp()]);
});

const quoted = (text: string) => `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;

async function deploy(inputs: Readonly<Record<string, string>> = {}): Promise<ActionRun> {
  const run = await runAction(
    {
      'state-directory': project.stateDirectory,
      'minimum-free-disk': '1MiB',
      'startup-wait': '1s',
      secrets: `TOKEN=${quoted(secrets.given)}`,
      'telegram-token': TelegramServer.token,
      'telegram-chat': '1',
      'telegram-api-url': telegram.url,
      'github-token': GithubServer.token,
      environment: 'staging',
      'webhook-url': `http://dana:${secrets.hookUser}@${hook.host}/hooks/${secrets.hook}`,
      'webhook-secret': secrets.signature,
      ...inputs,
    },
    {
      workspace: project.checkout,
      entry,
      env: {
        GITHUB_API_URL: github.url,
        GITHUB_REPOSITORY: 'octo/mundus',
        RELAY_API_KEY: secrets.inherited,
        TMPDIR: project.folder,
      },
    },
  );
  // The runner takes these lines for itself, and shows none of them.
  const shown = run.output.replaceAll(/^::add-mask::.*$/gm, '');
  told.push(['the log of the step', shown], ['the outputs', JSON.stringify(run.outputs)], ['the summary', run.summary]);
  told.push(['what was handed on', run.handedOn]);
  return run;
}

const smoke = JSON.stringify([{ run: 'node tell.mjs' }, { exec: { service: 'web', command: ['env'] } }]);

describe('Secrets in env files, inputs, addresses, the compose file and the environment', () => {
  it('may be told by tests, smoke checks and containers, and are on no command line meanwhile', async () => {
    const seen: string[] = [];
    const readable: string[] = [];
    const look = () => {
      seen.push(...commandLinesWith(Object.values(secrets)));
      void filesBelow(project.state).then(
        (files) =>
          readable.push(...files.filter((path) => !path.startsWith(join(project.state, 'files')) && isOpen(path))),
        () => {},
      );
    };
    const watch = setInterval(look, 100);
    const run = await deploy({ tests: 'unit: node tell.mjs', smoke });
    clearInterval(watch);
    expect(run.exitCode, run.output.slice(-3000)).toBe(0);
    expect(run.output).toContain('***');
    expect(seen).toEqual([]);
    expect(readable).toEqual([]);
    const { environment } = await project.container('web');
    expect(environment).toContain(`DATABASE_URL=postgres://app:${secrets.database}@db.invalid/shop`);
  });

  it('may be told by tests that fail', async () => {
    const run = await deploy({ tests: 'unit: node tell.mjs fail' });
    expect(run.outputs['exit-code'], run.output.slice(-3000)).toBe('1');
    expect(run.summary).toContain('connect ECONNREFUSED');
    expect(run.summary).toContain('***');
  });

  it('may be told by a container that does not stay up', async () => {
    await project.commit('loop', { 'compose.yaml': compose('env; exit 1') });
    const run = await deploy();
    expect(run.outputs).toMatchObject({ status: 'rolled_back', 'exit-code': '3' });
    expect(run.summary).toMatch(/INLINE_TOKEN=\*\*\*/);
  });

  it('may be what nobody could be reached with', async () => {
    await project.commit('good again', { 'compose.yaml': compose('env; sleep 601') });
    const dead = {
      'webhook-url': `http://dana:${secrets.hookUser}@127.0.0.1:9/hooks/${secrets.hook}`,
      'telegram-api-url': 'http://127.0.0.1:9',
    };
    const run = await deploy({ smoke, ...dead });
    expect(run.exitCode, run.output.slice(-3000)).toBe(0);
    const warnings = run.commands.filter(({ name }) => name === 'warning').map(({ message }) => message);
    expect(warnings.join('\n')).toMatch(/reporter Telegram failed/);
    expect(warnings.join('\n')).toMatch(/reporter webhook failed/);
  });

  it('come back with a rollback that was given none of them', async () => {
    const outcome = await project.homeport(['rollback'], { env: { RELAY_API_KEY: secrets.inherited } });
    expect(outcome.exitCode, outcome.output.slice(-3000)).toBe(0);
    told.push(['the log of the rollback', outcome.output]);
    expect((await project.container('web')).environment).toContain(`TOKEN=${secrets.given}`);
  });

  it('were in nothing that was printed, reported or sent', async () => {
    for (const format of ['html', 'telegram']) {
      told.push([`report --format ${format}`, (await project.homeport(['report', '--format', format])).output]);
    }
    for (const command of [['logs'], ['plan']]) {
      told.push([command.join(' '), (await project.homeport(command)).output]);
    }
    told.push(...telegram.calls.map(({ body }): [string, string] => ['Telegram', JSON.stringify(body)]));
    told.push(...github.calls.map(({ body }): [string, string] => ['GitHub', body]));
    told.push(...hook.calls.map(({ body }): [string, string] => ['the webhook', body]));
    for (const minimum of [telegram.calls.length, github.calls.length, hook.calls.length]) {
      expect(minimum).toBeGreaterThanOrEqual(3);
    }
    for (const [where, text] of told) expectNoLeak(text, secrets, where);
    expect([...telegram.violations, ...github.violations]).toEqual([]);
  });

  it('are in no image and not in its history', async () => {
    const tags = Object.keys(await project.tags());
    expect(tags.length).toBeGreaterThan(0);
    for (const tag of tags) {
      expectNoLeak(await docker('history', '--no-trunc', tag), secrets, `the history of ${tag}`);
      expectNoLeak(await docker('image', 'inspect', tag), secrets, `the image ${tag}`);
    }
  });

  it('are in no file that anybody else can read, and in none that needs them not', async () => {
    // What people commit is theirs to tell: the checkout, and its files that containers and smoke checks use.
    const committed = [`${project.checkout}/`, `${project.state}/files/`];
    const files = (await filesBelow(project.folder)).filter((path) => !committed.some((one) => path.startsWith(one)));
    const needed = /releases\/[^/]+\/(environment\.json|compose\.yaml)$/;
    expect(files.filter((path) => needed.test(path)).length).toBeGreaterThan(2);
    for (const path of files) {
      expect((await stat(path)).mode & 0o077, path).toBe(0);
      if (!needed.test(path)) expectNoLeak(await readFile(path, 'utf8'), secrets, path);
    }
    expect((await stat(project.state)).mode & 0o077).toBe(0);
  });

  it('are in no build argument, of the compose file neither', async () => {
    const args = compose('env; sleep 602').replace(
      '      context: image\n',
      '      context: image\n      args: {T: "x-${TOKEN}"}\n',
    );
    await project.write({ 'args.yaml': `name: ${project.name}\n${args}` });
    const before = await project.whatRuns();
    const run = await deploy({ 'compose-file': 'args.yaml' });
    expect(run.outputs['exit-code'], run.output.slice(-3000)).toBe('64');
    expect(run.output).toMatch(/A secret is a build argument in the compose file \(`T` of the service `web`\)/);
    expect(run.output).toMatch(/build secret/);
    expectNoLeak(run.output.replaceAll(/^::add-mask::.*$/gm, ''), secrets, 'the refusal');
    expect(await project.whatRuns()).toEqual(before);
  });

  it('are for nobody else where the process crashes and the kernel keeps its memory', async () => {
    await project.write({ 'args.yaml': null });
    const running = project.begin(['deploy', '--tests', 'unit: touch ../begun && sleep 60'], {
      env: { HOMEPORT_SECRETS: `TOKEN=${quoted(secrets.given)}` },
    });
    await running.said('touch ../begun');
    await execa('prlimit', ['--pid', String(running.child.pid), '--core=unlimited']);
    running.signal('SIGABRT');
    const ended = await running.ended;
    expect(ended.exitCode).toBeNull();
    expectNoLeak(ended.output, secrets, 'the last words');
    const left = (await filesBelow(project.folder)).filter(
      (path) => /(?:^|\/)(?:core|report)[^/]*$/.test(path) && !/reports?\//.test(path),
    );
    for (const path of left) expect((await stat(path)).mode & 0o077, path).toBe(0);
    for (const path of left) await writeFile(path, '');
    const recovered = await project.homeport(['recover']);
    expect(recovered.exitCode, recovered.output).toBe(0);
    expectNoLeak(recovered.output, secrets, 'the recovery');
  });
});

function isOpen(path: string): boolean {
  try {
    return (statSync(path).mode & 0o077) !== 0;
  } catch {
    // It was a temporary one.
    return false;
  }
}
