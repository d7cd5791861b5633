import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { askFromInside, connectFromInside } from '../../src/checks/ask-inside.ts';
import type { Host } from '../../src/hosts/host.ts';
import { LocalHost } from '../../src/hosts/local.ts';
import { Redactor } from '../../src/hosts/redactor.ts';
import { freePort, serve, serveTcp } from './support.ts';

/*
 * The real clients of this machine, one at a time on the PATH, in the place of a container's. BusyBox's wget and nc have
 * their tests with real containers.
 */
let folder = '';
const local = new LocalHost({ redactor: new Redactor() });
const signal = new AbortController().signal;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'homeport-clients-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function find(program: string): string {
  // Where python3 is a shim of a version manager, only itself knows where it is.
  if (program === 'python3')
    return execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' }).trim();
  if (program === 'node') return process.execPath;
  const found = (process.env.PATH ?? '').split(delimiter).find((path) => existsSync(join(path, program)));
  if (found === undefined) throw new Error(`${program} is needed for this test`);
  return join(found, program);
}

/** Runs what would run in a container in a shell that knows these programs only. */
function withOnly(...programs: string[]): { host: Host; signal: AbortSignal } {
  const bin = mkdtempSync(join(folder, 'bin-'));
  for (const program of ['sh', 'head', 'grep', 'timeout', ...programs]) symlinkSync(find(program), join(bin, program));
  const host: Host = {
    name: 'local',
    files: local.files,
    exec: (argv, options) => {
      const [, ...args] = argv.slice(argv.indexOf('sh'));
      return local.exec(['/bin/sh', ...args], {
        ...options,
        env: { ...options.env, PATH: bin, NODE_OPTIONS: '--bad' },
      });
    },
  };
  return { host, signal };
}

const clients = ['curl', 'node', 'python3', 'wget', 'bash'] as const;

describe.each(clients)('asking from inside with %s', (client) => {
  const ask = (port: number, path: string, timeout = 10_000) =>
    askFromInside(
      'c',
      { url: new URL(`http://127.0.0.1:${port}${path}`), hostHeader: 'web:3000', timeout },
      withOnly(client),
    );

  it('brings back the status and the body, and asks as a neighbour would', async () => {
    const port = await serve((request, response) =>
      response.end(`${request.method} ${request.headers.host} ${request.url}`),
    );
    expect(await ask(port, '/health?a=1&b="x y"')).toMatchObject({
      kind: 'answer',
      status: 200,
      body: 'GET web:3000 /health?a=1&b=%22x%20y%22',
      cut: false,
    });
  });

  it('brings back an error with its body', async () => {
    const port = await serve((_request, response) => response.writeHead(503).end('database is down'));
    expect(await ask(port, '/')).toMatchObject({ kind: 'answer', status: 503, body: 'database is down' });
  });

  it('does not follow a redirect', async () => {
    const port = await serve((request, response) => {
      if (request.url === '/login') response.end('log in');
      else response.writeHead(302, { location: '/login' }).end();
    });
    const answer = await ask(port, '/');
    expect(answer).toMatchObject({ kind: 'answer', status: 302, body: '' });
    expect('headers' in answer && answer.headers.get('location')).toEqual(['/login']);
  });

  it('brings back all headers, and no line of the body for one', async () => {
    const port = await serve((_request, response) => {
      response.writeHead(200, { 'Content-Type': 'application/json', 'X-Trace': 'a: b', 'Set-Cookie': ['c=1', 'd=2'] });
      response.end('x-body: 1\r\n\r\nx-more: 2');
    });
    const answer = await ask(port, '/');
    const headers = 'headers' in answer ? answer.headers : new Map<string, string[]>();
    expect(headers.get('content-type')).toEqual(['application/json']);
    expect(headers.get('x-trace')).toEqual(['a: b']);
    expect(headers.get('set-cookie')).toEqual(['c=1', 'd=2']);
    expect([...headers.keys()].filter((name) => name === 'x-body' || name === 'x-more')).toEqual([]);
    expect(answer).toMatchObject({ body: 'x-body: 1\r\n\r\nx-more: 2' });
  });

  it('says that nothing listens', async () => {
    const answer = await ask(await freePort(), '/');
    expect(answer).toMatchObject({ kind: 'none', reason: 'refused' });
    expect('seen' in answer && answer.seen).toMatch(/^connection refused: nothing listens \(asked from inside: ./);
  });

  it('reads 64 KiB of an endless body and no more', async () => {
    const port = await serve((_request, response) => {
      const more = () => {
        while (!response.destroyed && response.write('y'.repeat(16_384)));
      };
      response.on('drain', more);
      more();
    });
    const answer = await ask(port, '/');
    expect(answer).toMatchObject({ kind: 'answer', status: 200, cut: true });
    expect('body' in answer && answer.body?.length).toBe(65_536);
  });

  it('does not wait longer than it may', async () => {
    const port = await serveTcp(() => {});
    expect(await ask(port, '/', 400)).toMatchObject({
      kind: 'none',
      reason: 'other',
      seen: expect.stringContaining('within 0.4s'),
    });
  });

  it('tells the time of the request, not of the start of a client', async () => {
    const port = await serve((_request, response) => setTimeout(() => response.end(), 150));
    const answer = await ask(port, '/');
    const durationMs = 'durationMs' in answer ? answer.durationMs : 0;
    expect(durationMs).toBeGreaterThan(140);
    expect(durationMs).toBeLessThan(2000);
  });
});

it.each(['curl', 'node', 'python3'])('does not take half an answer for one, with %s', async (client) => {
  const port = await serveTcp((socket) => {
    socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf'));
  });
  const url = new URL(`http://127.0.0.1:${port}/`);
  expect(await askFromInside('c', { url, hostHeader: 'web', timeout: 5000 }, withOnly(client))).toMatchObject({
    kind: 'none',
  });
});

it('says when there is nothing to ask with', async () => {
  const url = new URL('http://127.0.0.1:1/');
  expect(await askFromInside('c', { url, hostHeader: 'web', timeout: 5000 }, withOnly())).toEqual({
    kind: 'none',
    reason: 'no-client',
    seen: 'the container has no curl, node, python3, wget or bash to ask from inside',
  });
});

describe.each(['bash', 'python3', 'node'] as const)('connecting from inside with %s', (client) => {
  const connect = (port: number) =>
    connectFromInside('c', { address: '127.0.0.1', port, timeout: 10_000 }, withOnly(client));

  it('knows whether something listens', async () => {
    expect(await connect(await serveTcp(() => {}))).toEqual({ kind: 'connected' });
    expect(await connect(await freePort())).toMatchObject({ kind: 'none', reason: 'refused' });
  });
});
