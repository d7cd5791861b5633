import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectAborted, idle } from '../support/bad-input.ts';
import { docker, makeProject, type Outcome, Project } from '../support/project.ts';
import { freePort } from '../support/web.ts';

/*
 * Compose files as people write them, deployed on the real engine. What plain Compose gives a container is compared in
 * as-compose.test.ts; here is what a deployment makes of it: order, files and values by release, refusals, projects side
 * by side.
 */

const quick = ['--startup-wait', '0s'];

async function exec(project: Project, service: string, ...words: string[]): Promise<string> {
  return await docker('exec', (await project.container(service)).id, ...words);
}

/** What a person sees of the services, one word a container. */
async function running(project: Project): Promise<string[]> {
  return (await project.containers()).filter(({ state }) => state === 'running').map(({ service }) => service);
}

describe('a compose file in a sub-folder, made of several', () => {
  let project: Project;
  let outside: string;
  let port: number;
  let first: Outcome;

  const args = (...more: string[]): string[] => [
    ...['--project', project.name, '--compose-file', 'deploy/compose.yaml', ...quick],
    ...['--smoke', `- http: host:${port}/version\n  body: over the network of the host`],
    ...more,
  ];

  const compose = (): string => `version: "3.8"
include:
  - path: ../parts/cache/compose.yaml
    project_directory: ../parts/place
    env_file: ../parts/own.env
x-careful: &careful
  init: true
  restart: unless-stopped
services:
  prepare:
    image: busybox:stable
    command: [sh, -c, 'sleep 0.3; echo prepared > /made/ready']
    volumes: [made:/made]
  web:
    <<: *careful
    extends: {file: ../base/service.yaml, service: base}
    container_name: ${outside}-web
    depends_on:
      prepare: {condition: service_completed_successfully}
      cache: {condition: service_healthy}
      helper: {condition: service_started}
      tools: {condition: service_started, required: false}
    env_file: [web.env, {path: not-here.env, required: false}]
    configs: [{source: settings, target: /etc/settings}]
    secrets: [from-file, from-value]
    networks: [default, shared]
    volumes: ["made:/made:ro", "kept:/kept", "../base/motd:/motd:ro"]
  helper:
    ${idle}
    deploy: {replicas: 2}
  host:
    image: busybox:stable
    command: [httpd, -f, -p, "${port}", -h, /www]
    stop_signal: SIGKILL
    network_mode: host
    ports: ["${port}:${port}"]
    volumes: ["./www:/www:ro"]
  tools:
    ${idle}
    profiles: [debug]
configs: {settings: {file: ./settings}}
secrets:
  from-file: {file: ../base/secret}
  from-value: {environment: VALUE}
networks: {shared: {external: true, name: ${outside}-network}}
volumes: {made: {}, kept: {external: true, name: ${outside}-volume}}
`;

  beforeAll(async () => {
    port = await freePort();
    project = await makeProject({ files: {}, name: 'forms' });
    outside = `${project.name}-outside`;
    await project.commit('v1', {
      'deploy/compose.yaml': compose(),
      'deploy/.env': 'VALUE=value one\n',
      'deploy/web.env': 'FROM_ENV_FILE="$VALUE, in a file"\n',
      'deploy/settings': 'settings one\n',
      'deploy/www/version': 'over the network of the host\n',
      'base/service.yaml': `services:\n  base:\n    ${idle}\n    environment: {FROM_BASE: base}\n`,
      'base/secret': 'secret one\n',
      'base/motd': 'good day\n',
      'parts/cache/compose.yaml': `services:
  cache:
    ${idle}
    environment: {FROM_OWN_ENV: "\${OWN}"}
    volumes: ['./data:/data:ro']
    healthcheck: {test: [CMD, test, -e, /data/file], interval: 1s, start_period: 1s}
`,
      'parts/own.env': 'OWN=of the part\n',
      'parts/place/data/file': 'of the place\n',
    });
  });

  afterAll(async () => {
    await project?.cleanUp();
    await docker('rm', '--force', `${outside}-web`);
    for (const kind of ['network', 'volume'] as const) {
      const there = (await docker(kind, 'ls', '--format', '{{.Name}}')).split('\n');
      if (there.includes(`${outside}-${kind}`)) await docker(kind, 'rm', `${outside}-${kind}`);
    }
  });

  it('is refused before anything is touched where it needs what the host does not have', async () => {
    await docker('run', '--detach', '--name', `${outside}-web`, 'busybox:stable', 'sleep', '600');
    const outcome = await project.homeport(['deploy', ...args()]);
    expectAborted(outcome, {
      exitCode: 7,
      phase: 'preflight',
      cause: new RegExp(`external network ${outside}-network .* external volume ${outside}-volume .* ${outside}-web`),
      hint: new RegExp(`docker network create ${outside}-network`),
    });
    expect(await project.containers()).toEqual([]);
    expect(await project.networks()).toEqual([]);
    await docker('rm', '--force', `${outside}-web`);
    await docker('network', 'create', `${outside}-network`);
    await docker('volume', 'create', `${outside}-volume`);
  });

  it('is deployed in the order of its dependencies, with as many containers as it asks for', async () => {
    first = await project.deploy(args());
    expect(await running(project)).toEqual(['cache', 'helper', 'helper', 'host', 'web']);
    expect(await project.container('prepare')).toMatchObject({ state: 'exited' });
    expect(await exec(project, 'web', 'cat', '/made/ready')).toBe('prepared');
    const started = async (service: string) => Date.parse((await project.container(service)).startedAt);
    expect(await started('web')).toBeGreaterThan((await started('prepare')) + 300);
    expect(await started('web')).toBeGreaterThan(await started('cache'));
    expect(first.report.warnings.join('\n')).not.toMatch(/obsolete|version/i);
  });

  it('has the name, the process and the networks that it says', async () => {
    const { name, id } = await project.container('web');
    expect(name).toBe(`${outside}-web`);
    const format = '{{.HostConfig.Init}} {{range $name, $_ := .NetworkSettings.Networks}}{{$name}} {{end}}';
    const told = await docker('inspect', '--format', format, id);
    expect(told.trim().split(' ').toSorted()).toEqual(
      [`${outside}-network`, `${project.name}_default`, 'true'].toSorted(),
    );
  });

  it('has values from beside itself, from its parts and from what it extends', async () => {
    const { environment } = await project.container('web');
    expect(environment).toContain('FROM_BASE=base');
    expect(environment).toContain('FROM_ENV_FILE=value one, in a file');
    expect((await project.container('cache')).environment).toContain('FROM_OWN_ENV=of the part');
    expect(await exec(project, 'cache', 'cat', '/data/file')).toBe('of the place');
    expect(await exec(project, 'web', 'cat', '/motd')).toBe('good day');
    expect(await texts()).toEqual(['settings one', 'secret one', 'value one']);
  });

  async function texts(): Promise<string[]> {
    const paths = ['/etc/settings', '/run/secrets/from-file', '/run/secrets/from-value'];
    return await Promise.all(paths.map((path) => exec(project, 'web', 'cat', path)));
  }

  it('keeps configs and secrets by content: no edit of the checkout reaches what runs', async () => {
    const { id } = await project.container('web');
    await project.write({ 'deploy/settings': 'edited\n', 'base/secret': null, 'deploy/.env': 'VALUE=edited\n' });
    await docker('restart', '--time', '1', id);
    expect(await texts()).toEqual(['settings one', 'secret one', 'value one']);
    await project.git('reset', '--quiet', '--hard');
  });

  it('takes new contents and a profile with a release, and leaves alone what has not changed', async () => {
    await exec(project, 'web', 'sh', '-c', 'echo precious > /kept/note');
    const before = await project.containers();
    await project.commit('v2', {
      'deploy/settings': 'settings two\n',
      'base/secret': 'secret two\n',
      'deploy/.env': 'VALUE=value two\n',
    });
    await project.deploy(args('--profiles', 'debug'));
    expect(await texts()).toEqual(['settings two', 'secret two', 'value two']);
    expect(await running(project)).toEqual(['cache', 'helper', 'helper', 'host', 'tools', 'web']);
    const same = (service: string) => before.filter((one) => one.service === service);
    const now = await project.containers();
    for (const service of ['cache', 'helper', 'host']) {
      expect(now.filter((one) => one.service === service)).toEqual(same(service));
    }
  });

  it('goes back to the contents, the values and the profiles of the release before', async () => {
    const outcome = await project.homeport(['rollback', '--project', project.name]);
    expect(outcome.exitCode, outcome.output).toBe(0);
    expect(outcome.report.release).toBe(first.report.release);
    expect(await texts()).toEqual(['settings one', 'secret one', 'value one']);
    expect(await running(project)).toEqual(['cache', 'helper', 'helper', 'host', 'web']);
    expect(await exec(project, 'web', 'cat', '/kept/note')).toBe('precious');
  });
});

describe('builds of all kinds', () => {
  let project: Project;
  const token = 'npm-token-81f3';

  const compose = (context: string): string => `services:
  site:
    build:
      context: ${context}
      dockerfile: ../docker/site.Dockerfile
      target: prod
      args: {GREETING: "hello $$you"}
      secrets: [npm, licence]
    healthcheck: {disable: true}
  inline:
    build: {context: ., dockerfile_inline: "FROM busybox:stable\\nENV DOLLAR=\\\\$$5\\nSTOPSIGNAL SIGKILL\\nCMD [\\"sleep\\", \\"600\\"]"}
secrets:
  npm: {environment: NPM_TOKEN}
  licence: {file: ./licence.key}
`;

  beforeAll(async () => {
    project = await makeProject({ files: {}, name: 'builds' });
    await project.commit('v1', {
      'app/compose.yaml': compose('./site'),
      'app/site/text': 'of the context\n',
      'app/docker/site.Dockerfile': `ARG BASE=busybox:stable
FROM \${BASE} AS base
ARG GREETING
COPY text /text
RUN --mount=type=secret,id=npm --mount=type=secret,id=licence \\
  cat /run/secrets/npm /run/secrets/licence | md5sum > /built-with && echo "$GREETING" > /greeting
FROM base AS dev
RUN false
FROM base AS prod
STOPSIGNAL SIGKILL
CMD ["sleep", "600"]
`,
      '.gitignore': '.env\n*.key\n',
    });
    await project.write({ 'app/.env': `NPM_TOKEN=${token}\n`, 'app/licence.key': 'licence 77' });
  });
  afterAll(async () => await project?.cleanUp());

  const args = (): string[] => ['--project', project.name, '--compose-file', 'app/compose.yaml', ...quick];

  it('are made by their targets and arguments, with secrets that nothing keeps', async () => {
    await project.deploy(args());
    expect(await exec(project, 'site', 'cat', '/text', '/greeting')).toBe('of the context\nhello $you');
    const { stdout } = await execa('md5sum', { input: `${token}licence 77` });
    expect(await exec(project, 'site', 'cat', '/built-with')).toBe(stdout);
    expect((await project.container('inline')).environment).toContain('DOLLAR=$5');
    const kept = await execa('grep', ['-rlE', `${token}|licence 77`, project.state], { reject: false });
    expect(kept.stdout).toBe('');
  });

  it('are refused with a reason where a context is a URL, and what runs stays', async () => {
    const before = await project.whatRuns();
    await project.commit('by URL', { 'app/compose.yaml': compose('https://me:gh-pass-5@github.com/o/r.git#main') });
    const outcome = await project.homeport(['deploy', ...args()]);
    expectAborted(outcome, {
      exitCode: 7,
      phase: 'preflight',
      cause: /service site is built from https:\/\/github\.com\/o\/r\.git#main, a context by URL: .* in no commit/,
      hint: /git submodule/,
    });
    expect(outcome.output).not.toContain('gh-pass-5');
    expect(await project.whatRuns()).toEqual(before);
  });
});

describe('several projects of one repository', () => {
  let shop: Project;
  let blog: Project;
  let nameless: Project;

  const compose = (name: string, version: string): string => `${name === '' ? '' : `name: ${name}\n`}services:
  web:
    ${idle}
    environment: {VERSION: ${version}}
    volumes: ['./page:/page:ro', '../common:/common:ro']
`;

  beforeAll(async () => {
    shop = await makeProject({ files: {}, name: 'shop' });
    blog = sibling('blog');
    nameless = sibling('nameless');
    await shop.git('remote', 'add', 'origin', `https://example.org/o/${nameless.name}.git`);
    await shop.commit('both', {
      'shop/compose.yaml': compose(shop.name, 'one'),
      'shop/page': 'the shop\n',
      'blog/compose.yaml': compose(blog.name, 'one'),
      'blog/page': 'the blog\n',
      'common/motd': 'for both\n',
      'third/compose.yaml': compose('', 'three'),
      'third/page': 'the third\n',
      'fourth/compose.yaml': compose('', 'four'),
      'fourth/page': 'the fourth\n',
    });
  });
  afterAll(async () => {
    await nameless?.cleanUp();
    await blog?.cleanUp();
    await shop?.cleanUp();
  });

  /** Another project in the same checkout, with the same state directory. */
  function sibling(name: string): Project {
    return new Project(`${shop.name}-${name}`, shop.folder);
  }

  const inFolder = (folder: string): string[] => ['--working-directory', folder, ...quick];
  const version = async (project: Project) =>
    (await project.container('web')).environment.find((entry) => entry.startsWith('VERSION='));

  it('are deployed side by side, each with its own files', async () => {
    await Promise.all([
      shop.deploy(inFolder('shop')),
      blog.deploy(inFolder('blog')),
      nameless.deploy(inFolder('third')),
    ]);
    for (const [project, text] of [
      [shop, 'the shop'],
      [blog, 'the blog'],
      [nameless, 'the third'],
    ] as const) {
      expect(await exec(project, 'web', 'cat', '/page', '/common/motd')).toBe(`${text}\nfor both`);
    }
  });

  it('change and go back alone', async () => {
    const before = await shop.containers();
    await blog.commit('blog two', { 'blog/compose.yaml': compose(blog.name, 'two') });
    await blog.deploy(inFolder('blog'));
    expect(await version(blog)).toBe('VERSION=two');
    const back = await blog.homeport(['rollback', '--working-directory', 'blog', ...quick]);
    expect(back.exitCode, back.output).toBe(0);
    expect(await version(blog)).toBe('VERSION=one');
    expect(await shop.containers()).toEqual(before);
  });

  it('are not taken for one another where they have no name of their own', async () => {
    const before = await nameless.containers();
    const outcome = await nameless.homeport(['deploy', ...inFolder('fourth')]);
    expectAborted(outcome, {
      exitCode: 7,
      phase: 'source',
      cause: new RegExp(`${nameless.name} has its name from the repository and was deployed from .*/third`),
      hint: /need a name each: `name:`/,
    });
    expect(await nameless.containers()).toEqual(before);
    const { stdout } = await nameless.homeport(['plan', '--working-directory', 'fourth', '--project', 'fourth']);
    expect(stdout).toContain('Nothing was changed.');
    expect(stdout).not.toContain('would stop');
  });
});

describe('a project of few words', () => {
  let project: Project;

  const compose = (more = ''): string => `services:\n  db:\n    build: .\n${more}`;

  beforeAll(async () => {
    const dockerfile = `ARG TAG=stable\nFROM busybox:$TAG\nSTOPSIGNAL SIGKILL\nCMD ["sleep", "600"]\n`;
    project = await makeProject({ name: 'few', files: { 'compose.yaml': compose(), Dockerfile: dockerfile } });
  });
  afterAll(async () => await project?.cleanUp());

  it('is advised in a plan, and in the report of a deployment that goes well', async () => {
    await project.commit('any version', {
      'compose.yaml': 'services: {db: {build: {context: ., args: {TAG: latest}}}}\n',
    });
    const { stdout, stderr } = await project.homeport(['plan']);
    expect(stdout, stderr).toMatch(/WARNING +No health check: db\. .*healthcheck:/);
    expect(stdout).toMatch(/WARNING +Images without a version: db \(built from busybox:latest\)\. /);

    await project.commit('one version', { 'compose.yaml': compose() });
    const { report } = await project.deploy(quick);
    expect(report.warnings).toEqual([expect.stringMatching(/^No health check: db\./)]);
  });

  it('is told that its logs grow as soon as a container shows it, and comes back where a one-shot service fails', async () => {
    const { id } = await project.container('db');
    const limit = await docker('inspect', '--format', '{{index .HostConfig.LogConfig.Config "max-size"}}', id);
    const once = `  once:
    image: busybox:stable
    command: [sh, -c, 'echo there is no seed; exit 3']
  web:
    ${idle}
    depends_on: {once: {condition: service_completed_successfully}}
`;
    await project.commit('with a one-shot service', { 'compose.yaml': compose(once) });
    const { report } = await project.homeport(['deploy', ...quick]);
    expect(report).toMatchObject({ status: 'rolled_back', phase: 'start', exit_code: 3 });
    expect(report.error?.message).toMatch(/-once-1 of the service once exited with code 3/);
    expect(report.error?.excerpt).toContain('there is no seed');
    expect(report.warnings.filter((text) => text.startsWith('Logs without an end: db.'))).toHaveLength(
      limit === '' ? 1 : 0,
    );
    expect(await project.containers()).toMatchObject([{ id, service: 'db', state: 'running' }]);
  });
});
