import { describe, expect, it } from 'vitest';
import { runChecks } from '../../src/checks/run-checks.ts';
import type { Host } from '../../src/hosts/host.ts';
import { container, contextOf, freePort, httpCheck, serve, serveTcp, serveTls } from './support.ts';

async function ask(http: string, more: object = {}, context = contextOf()) {
  const [result] = await runChecks([httpCheck(http, more)], context);
  if (result === undefined) throw new Error('no result');
  return result;
}

describe('an http check of a URL', () => {
  it('passes when the status, the body and the time are as wanted', async () => {
    const port = await serve((_request, response) => response.end('{"status":"ok"}'));
    const result = await ask(`http://localhost:${port}/health`, { body: '"ok"', under: 5000 });
    expect(result).toMatchObject({
      ok: true,
      attempts: 1,
      title: `http http://localhost:${port}/health`,
      service: null,
    });
  });

  it('asks again until the first success', async () => {
    let asked = 0;
    const port = await serve((_request, response) => {
      asked += 1;
      response.writeHead(asked < 3 ? 503 : 200).end();
    });
    const context = contextOf();
    const result = await ask(`http://127.0.0.1:${port}/`, { retries: 3 }, context);
    expect(result).toMatchObject({ ok: true, attempts: 3, seen: '' });
    expect(asked).toBe(3);
    expect(context.said[0]).toBe(
      `http http://127.0.0.1:${port}/: attempt 1 of 4: 503 Service Unavailable (expected 200)`,
    );
    expect(context.said[2]).toContain('ok at attempt 3');
  });

  it('takes retries for retries: 2 of them are 3 attempts', async () => {
    let asked = 0;
    const port = await serve((_request, response) => {
      asked += 1;
      response.writeHead(500).end('boom');
    });
    const result = await ask(`http://127.0.0.1:${port}/`, { retries: 2 });
    expect(result).toMatchObject({ ok: false, attempts: 3, seen: '500 Internal Server Error (expected 200)\nboom' });
    expect(asked).toBe(3);
  });

  it('does not follow a redirect, and says where it goes', async () => {
    const port = await serve((request, response) => {
      if (request.url === '/login') response.end('ok');
      else response.writeHead(302, { location: '/login' }).end();
    });
    expect((await ask(`http://127.0.0.1:${port}/`)).seen).toBe('302 Found (expected 200), it redirects to /login');
  });

  it('refuses an answer that is slower than `under`', async () => {
    const port = await serve((_request, response) => setTimeout(() => response.end('ok'), 80));
    expect((await ask(`http://127.0.0.1:${port}/`, { under: 50 })).seen).toMatch(
      /^200 OK after \d+ ms, the limit is 50 ms$/,
    );
  });

  it.each([
    ['never answers', () => {}],
    [
      'stops in the middle of the body',
      (socket: { write(text: string): void }) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc'),
    ],
  ])('ends at its time limit when the server %s', async (_what, behave) => {
    const port = await serveTcp((socket) => behave(socket));
    const result = await ask(`http://127.0.0.1:${port}/`, { timeout: 150 });
    expect(result.seen).toBe(`no whole answer from 127.0.0.1:${port} within 0.1s`);
    expect(result.durationMs).toBeLessThan(2000);
  });

  it('says that nothing listens', async () => {
    const port = await freePort();
    expect((await ask(`http://127.0.0.1:${port}/`)).seen).toBe(
      `connection refused: nothing listens on 127.0.0.1:${port}`,
    );
    expect((await ask(`http://localhost:${port}/`)).seen).toBe(
      `connection refused: nothing listens on localhost:${port}`,
    );
  });

  it.each([
    ['closes the connection', 'end', /closed the connection before it had answered/],
    ['resets the connection', 'resetAndDestroy', /closed the connection before it had answered/],
  ] as const)('says that the server %s', async (_what, method, seen) => {
    const port = await serveTcp((socket) => socket.once('data', () => socket[method]()));
    expect((await ask(`http://127.0.0.1:${port}/`)).seen).toMatch(seen);
  });

  it('says that what listens speaks something else', async () => {
    const port = await serveTcp((socket) => socket.end('220 mail.example.org ESMTP\r\n'));
    expect((await ask(`http://127.0.0.1:${port}/`)).seen).toContain('does not speak HTTP');
    const plain = await serve((_request, response) => response.end('ok'));
    expect((await ask(`https://127.0.0.1:${plain}/`)).seen).toContain('does not speak TLS');
  });

  it('verifies certificates', async () => {
    const port = await serveTls((_request, response) => response.end('ok'));
    expect((await ask(`https://localhost:${port}/`)).seen).toContain(
      `the TLS certificate of localhost:${port} is not valid: self-signed certificate`,
    );
  });

  it('takes a certificate that nobody signed where it is told to, and says so once', async () => {
    const port = await serveTls((_request, response) => response.writeHead(503).end());
    const context = contextOf();
    const result = await ask(`https://127.0.0.1:${port}/`, { insecure: true, retries: 1 }, context);
    expect(result).toMatchObject({ ok: false, attempts: 2, seen: '503 Service Unavailable (expected 200)' });
    expect(context.said.filter((line) => line.includes('not verified'))).toEqual([
      `http https://127.0.0.1:${port}/: its TLS certificate is not verified (\`insecure: true\`)`,
    ]);
  });

  it('judges headers and JSON', async () => {
    const port = await serve((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json; charset=utf-8', 'set-cookie': ['a=1', 'b=2'] });
      response.end('{"status": "ok", "checks": {"database": "up", "queue": {"length": 3}}}');
    });
    const good = {
      header: { 'Content-Type': '/^application\\/json/', 'set-cookie': 'b=2' },
      json: { status: 'ok', 'checks.queue': { length: 3 }, checks: { database: 'up' } },
    };
    expect(await ask(`http://127.0.0.1:${port}/`, good)).toMatchObject({ ok: true });
    expect((await ask(`http://127.0.0.1:${port}/`, { header: { 'content-type': 'application/json' } })).seen).toBe(
      '200 OK, but its header `content-type` is not `application/json`: application/json; charset=utf-8',
    );
    expect((await ask(`http://127.0.0.1:${port}/`, { json: { 'checks.database': 'down' } })).seen).toContain(
      '200 OK, but in its JSON `checks.database` is "up" (expected "down")',
    );
  });

  it('says that a name is not known', async () => {
    expect((await ask('http://no-such-host.invalid/')).seen).toMatch(
      /the name in no-such-host.invalid is not known|can't be reached/,
    );
  });

  it('reads 64 KiB of an endless body and no more', async () => {
    let sent = 0;
    const port = await serve((_request, response) => {
      const more = () => {
        while (!response.destroyed && response.write('y'.repeat(16_384))) sent += 16_384;
      };
      response.on('drain', more);
      more();
    });
    expect(await ask(`http://127.0.0.1:${port}/`)).toMatchObject({ ok: true });
    expect((await ask(`http://127.0.0.1:${port}/`, { body: 'needle' })).seen).toContain(
      'the first 64 KiB of its body do not contain',
    );
    expect(sent).toBeLessThan(64 * 2 ** 20);
  });

  it('finds a text that lies across two pieces of the body', async () => {
    const port = await serve((_request, response) => {
      response.write('all is re');
      setTimeout(() => response.end('ady now'), 20);
    });
    expect(await ask(`http://127.0.0.1:${port}/`, { body: 'is ready' })).toMatchObject({ ok: true });
  });

  it('uses a connection only once', async () => {
    const connections = new Set<number | undefined>();
    const port = await serve((request, response) => {
      connections.add(request.socket.remotePort);
      response.writeHead(500).end();
    });
    await ask(`http://127.0.0.1:${port}/`, { retries: 2 });
    expect(connections.size).toBe(3);
  });

  it('sends the credentials of the URL and does not show them', async () => {
    const port = await serve((request, response) => {
      response.writeHead(request.headers.authorization === 'Basic dXNlcjpwYSBzcw==' ? 200 : 401).end();
    });
    const result = await ask(`http://user:pa%20ss@127.0.0.1:${port}/`);
    expect(result).toMatchObject({ ok: true, title: `http http://127.0.0.1:${port}/` });
  });
});

describe('an http check that follows redirects', () => {
  it('judges where they end', async () => {
    const port = await serve((request, response) => {
      if (request.url === '/') response.writeHead(301, { location: '/b' }).end();
      else if (request.url === '/b') response.writeHead(307, { location: `http://localhost:${port}/c` }).end();
      else response.end(`at ${request.url}`);
    });
    expect(await ask(`http://127.0.0.1:${port}/`, { redirects: 'follow', body: 'at /c' })).toMatchObject({ ok: true });
  });

  it('takes the time of all of them', async () => {
    const port = await serve((request, response) => {
      setTimeout(() => {
        if (request.url === '/') response.writeHead(302, { location: '/b' });
        response.end();
      }, 60);
    });
    const { seen } = await ask(`http://127.0.0.1:${port}/`, { redirects: 'follow', under: 100 });
    expect(seen).toMatch(/^200 OK after 1\d\d ms, the limit is 100 ms$/);
  });

  it('gives up a loop', async () => {
    let asked = 0;
    const port = await serve((_request, response) => {
      asked += 1;
      response.writeHead(302, { location: '/' }).end();
    });
    expect((await ask(`http://127.0.0.1:${port}/`, { redirects: 'follow' })).seen).toBe(
      `more than 5 redirects, the last to 127.0.0.1:${port}`,
    );
    expect(asked).toBe(6);
  });

  it('goes nowhere but to http and https', async () => {
    const port = await serve((_request, response) => response.writeHead(302, { location: 'file:///etc/passwd' }).end());
    expect((await ask(`http://127.0.0.1:${port}/`, { redirects: 'follow' })).seen).toBe(
      "it redirects to file:///etc/passwd, which can't be asked",
    );
  });

  it('to a stranger sends no password, and takes no certificate that nobody signed', async () => {
    const heard: (string | undefined)[] = [];
    const stranger = await serveTls((request, response) => {
      heard.push(request.headers.authorization);
      response.end();
    });
    const plain = await serve((request, response) => {
      heard.push(request.headers.authorization);
      response.end();
    });
    const port = await serve((request, response) => {
      const to = request.url === '/tls' ? `https://localhost:${stranger}/` : `http://localhost:${plain}/`;
      response.writeHead(302, { location: to }).end();
    });
    const follow = { redirects: 'follow', insecure: true };
    expect((await ask(`http://127.0.0.1:${port}/tls`, follow)).seen).toContain('self-signed certificate');
    expect(await ask(`http://localhost:${port}/tls`, follow)).toMatchObject({ ok: true });
    expect(await ask(`http://user:pass@127.0.0.1:${port}/`, follow)).toMatchObject({ ok: true });
    expect(heard).toEqual([undefined, undefined]);
  });

  it('or expects the redirect itself', async () => {
    const port = await serve((_request, response) => response.writeHead(308, { location: '/login' }).end());
    expect(await ask(`http://127.0.0.1:${port}/`, { redirects: 308, header: { location: '/login' } })).toMatchObject({
      ok: true,
    });
    expect((await ask(`http://127.0.0.1:${port}/`, { redirects: 302 })).seen).toBe(
      '308 Permanent Redirect (expected 302), it redirects to /login',
    );
  });
});

describe('an http check of a service', () => {
  it('asks each of its containers, as a neighbour would', async () => {
    const hosts: (string | undefined)[] = [];
    const port = await serve((request, response) => {
      hosts.push(request.headers.host);
      response.end(request.url);
    });
    const containers = [
      container('web', { name: 'shop-web-1' }),
      container('web', { name: 'shop-web-2' }),
      container('db'),
    ];
    const result = await ask(`web:${port}/health`, { body: '/health' }, contextOf({ containers }));
    expect(result).toMatchObject({ ok: true, service: 'web' });
    expect(hosts).toEqual([`web:${port}`, `web:${port}`]);
  });

  it('fails when one of them does, and names it', async () => {
    const port = await serve((_request, response) => response.end());
    const containers = [container('web'), container('web', { name: 'shop-web-2', addresses: ['127.0.0.2'] })];
    const result = await ask(`web:${port}/`, {}, contextOf({ containers }));
    expect(result.ok).toBe(false);
    expect(result.seen).toBe(
      `shop-web-2: connection refused: nothing listens on port ${port} of 127.0.0.2 (listening on 127.0.0.1 only is not enough: it must be 0.0.0.0)`,
    );
  });

  it('takes the address that answers', async () => {
    const port = await serve((_request, response) => response.end());
    const containers = [container('web', { addresses: ['127.0.0.2', '127.0.0.1'] })];
    expect(await ask(`web:${port}/`, {}, contextOf({ containers }))).toMatchObject({ ok: true });
  });

  it("asks this host's loopback for a container on the host's network", async () => {
    const port = await serve((_request, response) => response.end());
    const containers = [container('web', { addresses: [], hostNetwork: true })];
    expect(await ask(`web:${port}/`, {}, contextOf({ containers }))).toMatchObject({ ok: true });
  });

  it('is wrong, and not asked again, when there is no such service', async () => {
    const containers = [container('web'), container('db')];
    const result = await ask('wbe:3000/health', { retries: 5 }, contextOf({ containers }));
    expect(result).toMatchObject({ ok: false, attempts: 1, service: null });
    expect(result.seen).toContain('there is no running service `wbe`; there are: db, web');
  });

  it.each([
    ['a rootless engine, whose networks are not those of this host', 'local', '["name=seccomp","name=rootless"]'],
    ['another host', 'production', '[]'],
  ])('never takes an address here for one of %s', async (_what, name, security) => {
    let asked = 0;
    const port = await serve((_request, response) => {
      asked += 1;
      response.end();
    });
    const local = contextOf().host;
    const host: Host = {
      name,
      files: local.files,
      exec: (argv, options) =>
        argv[1] === 'info'
          ? local.exec(['echo', security], options)
          : local.exec(['bash', '-c', 'echo "Error response from daemon: asked $2" >&2; exit 1', ...argv], options),
    };
    const result = await ask(`web:${port}/`, {}, contextOf({ host, containers: [container('web')] }));
    expect(asked).toBe(0);
    expect(result.seen).toContain('asked');
  });
});
