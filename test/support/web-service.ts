import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';

export interface Call {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** `lost`: takes what was sent and resets the connection. `endless`: answers, and never stops. */
export type Step =
  | 'hang'
  | 'lost'
  | 'endless'
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string };

/** A person's web service on this machine: keeps what it gets, and answers as it is told. */
export class WebService {
  readonly calls: Call[] = [];
  readonly #server: Server;
  readonly #scheme: 'http' | 'https';
  readonly #usually: (call: Call) => Step;
  #steps: Step[] = [];

  private constructor(usually: (call: Call) => Step, tls: { key: string; cert: string } | null) {
    const handle = (request: IncomingMessage, response: ServerResponse): void => {
      this.#handle(request, response).catch(() => response.destroy());
    };
    this.#usually = usually;
    this.#scheme = tls === null ? 'http' : 'https';
    this.#server = tls === null ? createServer(handle) : createTlsServer(tls, handle);
  }

  /** `usually` answers what no step was given for. */
  static async start(
    usually: (call: Call) => Step = () => ({ status: 204 }),
    tls: { key: string; cert: string } | null = null,
  ): Promise<WebService> {
    const service = new WebService(usually, tls);
    await new Promise<void>((resolve) => service.#server.listen(0, '127.0.0.1', resolve));
    return service;
  }

  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get url(): string {
    return `${this.#scheme}://${this.host}`;
  }

  /** How the next calls are answered. */
  answer(...steps: Step[]): void {
    this.#steps = steps;
  }

  async connections(): Promise<number> {
    return await new Promise((resolve, reject) => {
      this.#server.getConnections((error, count) => (error ? reject(error) : resolve(count)));
    });
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { method = '', url: path = '', headers } = request;
    const call = { method, path, headers, body: Buffer.concat(chunks).toString(), at: Date.now() };
    this.calls.push(call);
    const step = this.#steps.shift() ?? this.#usually(call);
    if (step === 'hang') return;
    if (step === 'lost') {
      request.socket.resetAndDestroy();
      return;
    }
    if (step === 'endless') {
      const more = (): void => {
        while (!response.destroyed && response.write('x'.repeat(65_536)));
      };
      response.on('drain', more).writeHead(200);
      more();
      return;
    }
    response.writeHead(step.status, step.headers ?? {}).end(step.body ?? '');
  }
}
