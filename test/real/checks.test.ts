import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { askFromInside, connectFromInside } from '../../src/checks/ask-inside.ts';
import type { CheckContext, CheckedContainer, CheckResult } from '../../src/checks/check.ts';
import { runChecks } from '../../src/checks/run-checks.ts';
import { LocalHost } from '../../src/hosts/local.ts';
import { Redactor } from '../../src/hosts/redactor.ts';
import type { SmokeCheck } from '../../src/request/schema.ts';

const run = `homeport-checks-${randomBytes(4).toString('hex')}`;
/** On the loopback of a container only: a documentation address, which this host has no way to (RFC 5737). */
const hidden = '198.51.100.7';
const quick = { retries: 0, interval: 100, timeout: 20_000 };
const started: string[] = [];
const networks: string[] = [];

function docker(...args: string[]): string {
  return execFileSync('docker', args, { encoding: 'utf8', timeout: 120_000 }).trim();
}

function start(service: string, options: string[], image: string, ...command: string[]): CheckedContainer {
  const name = `${run}-${service}-${started.length}`;
  const id = docker('run', '-d', '--name', name, '--network', run, ...options, image, ...command);
  started.push(id);
  const address = docker('inspect', '-f', '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}', id);
  return { id, name, service, addresses: address === '' ? [] : [address], hostNetwork: false, restartsBefore: 0 };
}

const server = `require('http').createServer((request, response) => {
  if (request.url === '/login') response.writeHead(302, { location: '/' }).end();
  else if (request.url === '/broken') response.writeHead(500).end('boom');
  else if (request.url === '/json') response.setHeader('x-release', 'r7').end('{"status": "ok", "queue": {"length": 0}}');
  else response.end('hello ' + request.headers.host);
}).listen(3000)`;
const serveFile = 'mkdir /w && echo hello >/w/health && exec httpd -f -p 3000 -h /w';

const context = (containers: CheckedContainer[], signal = new AbortController().signal): CheckContext => ({
  host: new LocalHost({ redactor: new Redactor() }),
  signal,
  workingDirectory: tmpdir(),
  env: {},
  containers,
  databaseOf: () => null,
  bot: null,
  stateFolder: tmpdir(),
  say: () => {},
});

async function check(wanted: SmokeCheck, ...containers: CheckedContainer[]): Promise<CheckResult> {
  const [result] = await runChecks([wanted], context(containers));
  if (result === undefined) throw new Error('no result');
  return result;
}

const http = (target: string, more: object = {}): SmokeCheck => ({
  http: target,
  ...quick,
  retries: 10,
  ...more,
});

let web: CheckedContainer;
let box: CheckedContainer;
let python: CheckedContainer;

beforeAll(() => {
  networks.push(docker('network', 'create', run));
  web = start('web', ['-e', 'COLOUR=blue'], 'node:24-slim', 'node', '-e', server);
  box = start('box', ['--cap-add', 'NET_ADMIN'], 'busybox:stable', 'sh', '-c', serveFile);
  python = start('python', [], 'python:3.11-slim', 'python3', '-m', 'http.server', '3000');
});

afterAll(() => {
  for (const id of started) docker('rm', '-f', '-v', id);
  for (const id of networks) docker('network', 'rm', id);
});

describe('http straight to a container', () => {
  it('asks it by its address on the network of the project', async () => {
    expect(await check(http('web:3000/', { body: 'hello web:3000' }), web)).toMatchObject({ ok: true, seen: '' });
  });

  it('says what it saw', async () => {
    const broken = await check(http('web:3000/broken', { retries: 0 }), web);
    expect(broken.seen).toBe(`${web.name}: 500 Internal Server Error (expected 200)\nboom`);
    const refused = await check(http('web:3001/', { retries: 0 }), web);
    expect(refused.seen).toContain(
      `${web.name}: connection refused: nothing listens on port 3001 of ${web.addresses[0]}`,
    );
  });
});

describe('a container that this host has no way to', () => {
  it('is asked from inside', async () => {
    docker('exec', box.id, 'ip', 'addr', 'add', `${hidden}/32`, 'dev', 'lo');
    const away = { ...box, addresses: [hidden] };
    expect(await check(http('box:3000/health', { body: 'hello' }), away)).toMatchObject({ ok: true });
    expect((await check(http('box:3000/gone', { retries: 0 }), away)).seen).toContain('404 Not Found (expected 200)');
    expect((await check(http('box:3001/', { retries: 0 }), away)).seen).toContain('connection refused');
    expect(await check({ tcp: 'box:3000', ...quick }, away)).toMatchObject({ ok: true });
    expect((await check({ tcp: 'box:3001', ...quick }, away)).seen).toContain('connection refused');
  });

  it('is judged by its headers and its JSON too', async () => {
    const good = { header: { 'x-release': '/^r\\d+$/' }, json: { 'queue.length': 0 }, under: 5000 };
    const away = { ...web, addresses: [] };
    expect(await check(http('web:3000/json', good), away)).toMatchObject({ ok: true, seen: '' });
    const wrong = http('web:3000/json', { header: { 'x-release': 'r8' }, retries: 0 });
    expect((await check(wrong, away)).seen).toContain('its header `x-release` is not `r8`: r7');
    expect((await check(http('web:3000/json', { json: { status: 'up' }, retries: 0 }), away)).seen).toContain(
      'in its JSON `status` is "ok" (expected "up")',
    );
    const redirected = http('web:3000/login', { redirects: 302, header: { location: '/' } });
    expect(await check(redirected, away)).toMatchObject({ ok: true });
    // BusyBox's wget tells the headers as well.
    const served = http('box:3000/health', { header: { 'content-length': '6' }, body: '/^hello$/' });
    expect(await check(served, { ...box, addresses: [] })).toMatchObject({ ok: true });
  });

  it('is asked from inside when it has no address at all', async () => {
    expect(await check(http('web:3000/', { body: 'hello' }), { ...web, addresses: [] })).toMatchObject({ ok: true });
  });

  it('is asked from a neighbour when it has nothing to ask with', async () => {
    const options = ['--cap-add', 'NET_ADMIN', '-e', 'PATH=/nowhere'];
    const bare = start(
      'bare',
      options,
      'busybox:stable',
      '/bin/sh',
      '-c',
      serveFile.replaceAll(/(mkdir|httpd)/g, '/bin/$1'),
    );
    docker('exec', bare.id, '/bin/ip', 'addr', 'add', '198.51.100.8/32', 'dev', 'lo');
    docker('exec', box.id, 'ip', 'route', 'add', '198.51.100.8/32', 'via', bare.addresses[0] ?? '');
    const away = { ...bare, addresses: ['198.51.100.8'] };
    expect(await check(http('bare:3000/health', { body: 'hello' }), away, box)).toMatchObject({ ok: true });
    const alone = await check(http('bare:3000/health', { retries: 0 }), away);
    expect(alone.seen).toContain(
      'this host is not on the network of 198.51.100.8, and the container has no shell to ask from inside',
    );
  });
});

describe('asking from inside', () => {
  const signal = new AbortController().signal;
  const host = new LocalHost({ redactor: new Redactor() });
  const ask = (container: CheckedContainer, path: string, port = 3000) => {
    const url = new URL(`http://127.0.0.1:${port}${path}`);
    return askFromInside(container.id, { url, hostHeader: 'web:3000', timeout: 20_000 }, { host, signal });
  };

  it('works with Node, Python and the wget of BusyBox', async () => {
    await check(http('python:3000/'), python);
    expect(await ask(web, '/')).toMatchObject({ kind: 'answer', status: 200, body: 'hello web:3000' });
    expect(await ask(python, '/')).toMatchObject({ kind: 'answer', status: 200 });
    expect(await ask(box, '/health')).toMatchObject({ kind: 'answer', status: 200, body: 'hello\n' });
    for (const container of [web, python, box]) {
      expect(await ask(container, '/', 3009)).toMatchObject({ kind: 'none', reason: 'refused' });
    }
  });

  it('does not follow a redirect', async () => {
    const answer = await ask(web, '/login');
    expect(answer).toMatchObject({ status: 302 });
    expect('headers' in answer && answer.headers.get('location')).toEqual(['/']);
  });

  it('works with the bash of PostgreSQL, which has nothing else', async () => {
    const db = start('db', [], 'postgres:15', 'sleep', '300');
    const url = new URL(`http://${web.addresses[0]}:3000/`);
    const wanted = { hostHeader: 'web:3000', timeout: 20_000 };
    expect(await askFromInside(db.id, { url, ...wanted }, { host, signal })).toMatchObject({
      status: 200,
      body: 'hello web:3000',
    });
  });

  it('connects with what there is', async () => {
    for (const container of [web, python, box]) {
      const wanted = { address: '127.0.0.1', timeout: 20_000 };
      expect(await connectFromInside(container.id, { ...wanted, port: 3000 }, { host, signal })).toEqual({
        kind: 'connected',
      });
      expect(await connectFromInside(container.id, { ...wanted, port: 3009 }, { host, signal })).toMatchObject({
        reason: 'refused',
      });
    }
  });

  it('says that the container is gone', async () => {
    expect(await ask({ ...web, id: `${run}-gone` }, '/')).toMatchObject({
      kind: 'none',
      reason: 'other',
      seen: expect.stringMatching(/No such container/),
    });
  });
});

describe('an exec check', () => {
  it('runs in each container of the service, in the environment of that container', async () => {
    const second = start('web', ['-e', 'COLOUR=red'], 'node:24-slim', 'sleep', '300');
    const exec = { service: 'web', command: 'test -n "$COLOUR" && hostname' };
    expect(await check({ exec, ...quick }, web, second, box)).toMatchObject({ ok: true, service: 'web', seen: '' });
    const blue = await check(
      { exec: { service: 'web', command: 'echo $COLOUR; test $COLOUR = blue' }, ...quick },
      web,
      second,
    );
    expect(blue).toMatchObject({ ok: false, seen: `${second.name}: exit code 1\nred` });
  });

  it('takes a list of words without a shell', async () => {
    const good = { service: 'web', command: ['node', '-e', 'process.exit(process.argv[1] === "$x" ? 0 : 1)', '$x'] };
    expect(await check({ exec: good, ...quick }, web)).toMatchObject({ ok: true });
    const missing = await check({ exec: { service: 'web', command: ['no-such-program'] }, ...quick }, web);
    expect(missing.seen).toMatch(/exit code 12[67].*no-such-program/s);
  });

  it('leaves nothing running in the container when its time is up', async () => {
    const late = await check(
      { exec: { service: 'web', command: 'echo waiting; sleep 77' }, ...quick, timeout: 1000 },
      web,
    );
    expect(late.seen).toBe(`${web.name}: still running after 1.0s\nwaiting`);
    await expect.poll(() => docker('top', web.id), { timeout: 10_000 }).not.toContain('sleep 77');
  });

  it('names the services when it does not know one', async () => {
    const result = await check({ exec: { service: 'wbe', command: 'true' }, ...quick, retries: 3 }, web, box);
    expect(result).toMatchObject({
      ok: false,
      attempts: 1,
      seen: 'there is no running service `wbe`; there are: box, web',
    });
  });
});

describe('tcp', () => {
  it('sees through the port that Docker publishes for a container in which nothing listens', async () => {
    const idle = start('idle', ['-p', '127.0.0.1::9000'], 'busybox:stable', 'sleep', '300');
    const published = docker('port', idle.id, '9000/tcp').split('\n')[0] ?? '';
    expect((await check({ tcp: published, ...quick }, idle)).ok).toBe(false);
    docker('exec', '-d', idle.id, 'nc', '-ll', '-p', '9000', '-e', 'sleep', '100');
    expect(await check({ tcp: published, ...quick, retries: 20 }, idle)).toMatchObject({ ok: true });
    expect(await check({ tcp: 'idle:9000', ...quick }, idle)).toMatchObject({ ok: true });
  });
});

describe('resources', () => {
  const limits = (resources: object): SmokeCheck => ({ resources, ...quick });

  it('passes below the limits, and says the figures', async () => {
    const said: string[] = [];
    const wanted = limits({ memory: 100, cpu: 100, disk: 100, restarts: 0 });
    const [result] = await runChecks([wanted], { ...context([web, box]), say: (line) => said.push(line) });
    expect(result).toMatchObject({
      ok: true,
      seen: '',
      title: 'resources memory 100 %, cpu 100 %, disk 100 %, restarts 0',
    });
    const figures = said.find((line) => line.startsWith('resources: ') && line.includes(' at most ')) ?? '';
    expect(figures).toMatch(/restarts 0 at most \(homeport-checks-/);
    expect(figures).toMatch(/disk [\d.]+ % at most \(\//);
    expect(figures).toMatch(/cpu [\d.]+ % at most/);
  });

  it('says which container was restarted, and does not ask again', async () => {
    const crashing = start('crashing', ['--restart', 'always'], 'busybox:stable', 'sh', '-c', 'sleep 0.5; exit 1');
    const count = () => Number(docker('inspect', '-f', '{{.RestartCount}}', crashing.id));
    await expect.poll(count, { timeout: 30_000 }).toBeGreaterThan(1);
    const result = await check({ ...limits({ restarts: 0 }), retries: 5 } as SmokeCheck, web, crashing);
    expect(result).toMatchObject({ ok: false, attempts: 1, service: null });
    expect(result.seen).toMatch(new RegExp(`^${crashing.name}: restarts \\d+, the limit is 0$`));
    docker('update', '--restart', 'no', crashing.id);
    await expect
      .poll(() => docker('inspect', '-f', '{{.State.Status}}', crashing.id), { timeout: 20_000 })
      .toBe('exited');
    const before = { ...crashing, restartsBefore: count() };
    expect(await check(limits({ restarts: 0 }), before)).toMatchObject({ ok: true });
  });

  it('sees a container that takes the CPU that it may have', async () => {
    const busy = start('busy', ['--cpus', '0.2'], 'busybox:stable', 'sh', '-c', 'while :; do :; done');
    const { seen } = await check(limits({ cpu: 20 }), busy);
    expect(seen).toMatch(new RegExp(`^${busy.name}: cpu [\\d.]+ % \\(of 0.2 CPUs\\), the limit is 20 %$`));
    docker('kill', busy.id);
  });

  it('sees a container that takes most of the memory that it may have', async () => {
    const program = 'x = b"y" * (40 << 20); print("ready", flush=True); import time; time.sleep(300)';
    const full = start('full', ['--memory', '64m'], 'python:3.11-slim', 'python3', '-c', program);
    await expect.poll(() => docker('logs', full.id), { timeout: 20_000 }).toBe('ready');
    const { seen } = await check(limits({ memory: 50 }), full, box);
    expect(seen).toMatch(
      new RegExp(`^${full.name}: memory [67]\\d(\\.\\d)? % \\([\\d.]+MiB / 64MiB\\), the limit is 50 %$`),
    );
    expect(await check(limits({ memory: 90 }), full, box)).toMatchObject({ ok: true });
  });

  it('says that a container is gone', async () => {
    const gone = { ...web, id: `${run}-gone`, name: 'gone' };
    expect((await check(limits({ memory: 90 }), gone)).seen).toMatch(/`docker stats` failed: .*No such container/s);
  });
});
