import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { idle } from '../support/bad-input.ts';
import { docker, makeProject, type Project, plainEnvironment } from '../support/project.ts';

/*
 * One project with much of what compose files can say, started once by Homeport and once by `docker compose up`: what
 * runs must be the same.
 */

const inspected = z.array(
  z.looseObject({
    Config: z.looseObject({
      Env: z.array(z.string()),
      Labels: z.record(z.string(), z.string()),
      Hostname: z.string(),
    }),
    HostConfig: z.looseObject({}),
    Mounts: z.array(z.looseObject({ Type: z.string(), Destination: z.string(), RW: z.boolean() })),
  }),
);

const services = ['app', 'extended', 'included', 'windows'];

const files = {
  'compose.yaml': `
include:
  - path: ./part/compose.yaml
x-common: &common
  image: busybox:stable
  stop_signal: SIGKILL
  restart: on-failure:3
  environment: &environment
    PLAIN: plain
    DOLLARS: "one $$ two $$$$ $\${NOT_A_VARIABLE} $$(not a command)"
    FROM_DOTENV: "\${FROM_DOTENV} and \${MISSING:-a default}"
services:
  app:
    <<: *common
    command: ["sh", "-c", "echo $$0; exec sleep 600", "it's \\"quoted\\" $$HOME"]
    environment:
      <<: *environment
      MERGED: "yes"
    env_file: [one.env, ./two.env]
    labels: {example.price: "5 $$", example.multi: "a\\nb"}
    healthcheck: {test: ["CMD-SHELL", "test $$((1 + 1)) = 2"], interval: 1s, start_period: 1s}
    configs: [{source: plain, target: /etc/plain.conf}, {source: inline, target: /etc/inline.conf}]
    secrets: [token]
    volumes: ["./mounted:/mounted:ro", "data:/data"]
    tmpfs: ["/scratch:size=1m"]
    ulimits: {nofile: {soft: 1024, hard: 2048}}
    sysctls: {net.ipv4.ip_unprivileged_port_start: "80"}
    cap_drop: [NET_RAW]
    mem_limit: 64m
    user: "1000:1000"
    working_dir: /mounted
    extra_hosts: ["example.test:203.0.113.7"]
    networks: {default: {aliases: [also-app]}}
  extended:
    extends: {file: base/base.yaml, service: base}
    environment: {OVERRIDDEN: by the project}
  windows:
    <<: *common
    depends_on: {app: {condition: service_healthy}}
configs:
  plain: {file: ./conf/plain.conf}
  inline: {content: "inline \${FROM_DOTENV} $$5"}
secrets: {token: {file: ./conf/token}}
volumes: {data: {labels: {example.kind: data}}}
`,
  // As an editor on Windows leaves it.
  'override.yaml': `services:\r\n  windows:\r\n    environment:\r\n      CRLF: "kept $$ clean"\r\n    command: |\r\n      sleep\r\n      600\r\n  app:\r\n    environment: {PLAIN: overridden}\r\n`,
  'base/base.yaml': `services:\n  base:\n    ${idle}\n    environment: {BASE: base, OVERRIDDEN: by the base}\n    env_file: [base.env]\n`,
  'base/base.env': 'FROM_BASE=base $FROM_DOTENV\n',
  'part/compose.yaml': `services:\n  included:\n    ${idle}\n    volumes: ['./own.txt:/own.txt:ro']\n    environment: {PART: "\${PART:-none}"}\n`,
  'part/own.txt': 'of the part\n',
  'part/.env': 'PART=of the part\n',
  '.env': 'FROM_DOTENV=from .env\n',
  'one.env': 'SINGLE=\'$LITERAL\'\nDOUBLE="a\\nb $FROM_DOTENV"\nBARE=pa$$word # comment\n',
  'two.env': 'SINGLE_TWO=two\nEMPTY=\n',
  'conf/plain.conf': 'a = "$HOME"\r\nb\r\n',
  'conf/token': 'no newline at the end, $5',
  'mounted/file with spaces.txt': 'mounted\n',
};

let project: Project;
let plain: string;

beforeAll(async () => {
  project = await makeProject({ files, name: 'same' });
  await project.deploy(['--compose-file', 'compose.yaml', '--compose-file', 'override.yaml']);
  plain = `${project.name}-plain`;
  await composePlain('up', '--detach', '--wait');
});

afterAll(async () => {
  if (plain !== undefined) await composePlain('down', '--volumes', '--timeout', '0');
  await project?.cleanUp();
});

async function composePlain(...words: string[]): Promise<void> {
  const argv = ['compose', '--project-name', plain, '-f', 'compose.yaml', '-f', 'override.yaml', ...words];
  await execa('docker', argv, { cwd: project.checkout, env: plainEnvironment(), extendEnv: false, timeout: 60_000 });
}

/** The names of the two containers of a service: Homeport's, and that of plain Compose. */
function both(service: string): [string, string] {
  return [`${project.name}-${service}-1`, `${plain}-${service}-1`];
}

/** What the engine was asked for, without what must differ: names, IDs and where a mount comes from. */
async function settingsOf(container: string, name: string): Promise<unknown> {
  const [one] = inspected.parse(JSON.parse(await docker('inspect', container)));
  if (one === undefined) throw new Error(`no container ${container}`);
  const { Hostname: _hostname, Image: _image, Env, Labels, ...config } = one.Config;
  const { Binds: _binds, Mounts: _mounts, ...hostConfig } = one.HostConfig;
  const settings = {
    config,
    hostConfig,
    environment: Env.toSorted(),
    labels: Object.entries(Labels).filter(([label]) => !label.startsWith('com.docker.compose.')),
    mounts: one.Mounts.map(({ Type, Destination, RW }) => `${Type} ${Destination} ${RW}`).toSorted(),
  };
  return JSON.parse(JSON.stringify(settings).replaceAll(name, 'the-project'));
}

it('Every service runs, and no other', async () => {
  expect((await project.containers()).map(({ service }) => service)).toEqual(services);
});

describe.each(services)('The service %s', (service) => {
  it('is started with the very settings that plain Compose gives it', async () => {
    const [homeport, compose] = both(service);
    expect(await settingsOf(homeport, project.name)).toEqual(await settingsOf(compose, plain));
  });

  it('sees the very same files', async () => {
    const script =
      'for f in /mounted/* /own.txt /etc/plain.conf /etc/inline.conf /run/secrets/*; do test ! -f "$f" || { echo "$f $(stat -c %a "$f")"; md5sum < "$f"; }; done';
    const [homeport, compose] = await Promise.all(
      both(service).map((name) => docker('exec', name, 'sh', '-c', script)),
    );
    expect(homeport).toBe(compose);
    if (service === 'app') expect(homeport?.match(/^\//gm)).toHaveLength(4);
  });
});

it('Dollar signs reach the container as they are meant', async () => {
  const { environment } = await project.container('app');
  expect(environment).toContain('DOLLARS=one $ two $$ ${NOT_A_VARIABLE} $(not a command)');
  expect(environment).toContain('SINGLE=$LITERAL');
  expect(environment).toContain('DOUBLE=a\nb from .env');
});

it('A second deployment of the same touches nothing', async () => {
  const before = await project.whatRuns();
  await project.deploy(['--compose-file', 'compose.yaml', '--compose-file', 'override.yaml']);
  expect(await project.whatRuns()).toEqual(before);
});

it('A variable without a value is warned of in the words of Compose', async () => {
  await project.commit('a variable that is not set', {
    'unset.yaml': `services:\n  app:\n    ${idle}\n    environment: {A: "$NOWHERE_SET"}\n`,
  });
  const args = ['plan', '--project', project.name, '--compose-file', join(project.checkout, 'unset.yaml')];
  expect((await project.homeport(args)).stdout).toMatch(/WARNING +The "NOWHERE_SET" variable is not set/);
});
