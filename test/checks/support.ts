import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { CheckContext, CheckedContainer } from '../../src/checks/check.ts';
import { LocalHost } from '../../src/hosts/local.ts';
import { Redactor } from '../../src/hosts/redactor.ts';
import type { SmokeCheck } from '../../src/request/schema.ts';

/** Quick attempts; a test says what it is about. */
export const quick = { retries: 0, interval: 5, timeout: 5000 };

export function httpCheck(http: string, more: object = {}): SmokeCheck {
  return { http, ...quick, ...more };
}

export function container(service: string, more: Partial<CheckedContainer> = {}): CheckedContainer {
  return {
    id: `no-such-container-${service}`,
    name: `shop-${service}-1`,
    service,
    addresses: ['127.0.0.1'],
    hostNetwork: false,
    restartsBefore: 0,
    ...more,
  };
}

export function contextOf(more: Partial<CheckContext> = {}): CheckContext & { readonly said: string[] } {
  const said: string[] = [];
  return {
    host: new LocalHost({ redactor: new Redactor() }),
    signal: new AbortController().signal,
    workingDirectory: tmpdir(),
    env: {},
    containers: [],
    databaseOf: () => null,
    bot: null,
    stateFolder: tmpdir(),
    say: (line) => said.push(line),
    said,
    ...more,
  };
}

/** A real server on a free port of 127.0.0.1, closed after the test. */
export async function serve(listener: RequestListener): Promise<number> {
  const server = createServer(listener);
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return listen(server);
}

/** The same over TLS, with a certificate for `localhost` that nobody signed. */
export async function serveTls(listener: RequestListener): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'homeport-tls-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const [key, cert] = [join(folder, 'key'), join(folder, 'cert')];
  const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1'];
  execFileSync('openssl', [...request, '-subj', '/CN=localhost', '-keyout', key, '-out', cert], { stdio: 'ignore' });
  const server = createTlsServer({ key: readFileSync(key), cert: readFileSync(cert) }, listener);
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return listen(server);
}

export async function serveTcp(onConnection: (socket: Socket) => void): Promise<number> {
  const sockets: Socket[] = [];
  const server = createTcpServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => {});
    onConnection(socket);
  });
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return listen(server);
}

/** A port on which nothing listens. */
export async function freePort(): Promise<number> {
  const server = createTcpServer();
  const port = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Starts on a free port, which it gives. */
export async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}
