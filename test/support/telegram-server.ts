import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { methods, textOfTelegramHtml } from './telegram-html.ts';

export interface TelegramCall {
  readonly method: string;
  readonly body: Readonly<Record<string, unknown>>;
  /** What the chat shows. */
  readonly text: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

export interface Refusal {
  readonly code: number;
  readonly description: string;
  readonly parameters?: Readonly<Record<string, unknown>>;
}

/** `html`: the error page of a proxy. `lost`: it does what was asked and resets the connection before answering. */
export type Step = 'ok' | 'hang' | 'reset' | 'lost' | 'html' | Refusal;

export const cantParse: Refusal = {
  code: 400,
  description: "Bad Request: can't parse entities: Unsupported start tag at byte offset 3",
};

export function tooMany(seconds: number): Refusal {
  return { code: 429, description: `Too Many Requests: retry after ${seconds}`, parameters: { retry_after: seconds } };
}

/** A Bot API on this machine: keeps messages, checks each call against the documentation, and answers as it is told. */
export class TelegramServer {
  static readonly token = '123456789:AAF-secret_of_the_bot';
  /** Every call, in order, the refused ones too. */
  readonly calls: TelegramCall[] = [];
  /** What a chat shows now, by message ID. */
  readonly messages = new Map<number, string>();
  /** Calls that the documentation doesn't allow: a test with any is wrong. */
  readonly violations: string[] = [];
  readonly #server: Server;
  #steps: Step[] = [];
  #nextId = 101;

  private constructor() {
    this.#server = createServer((request, response) => {
      this.#handle(request, response).catch((error: unknown) => this.violations.push(String(error)));
    });
  }

  static async start(): Promise<TelegramServer> {
    const server = new TelegramServer();
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve));
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** How the next calls are answered; `ok` after them. */
  answer(...steps: Step[]): void {
    this.#steps = steps;
  }

  async connections(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.getConnections((error, count) => (error ? reject(error) : resolve(count)));
    });
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const method = this.#methodOf(request);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body: Record<string, unknown> = JSON.parse(Buffer.concat(chunks).toString());
    const text = this.#check(method, body);
    this.calls.push({ method, body, text, at: Date.now() });

    const step = this.#steps.shift() ?? 'ok';
    if (step === 'hang') return;
    if (step === 'reset') {
      request.socket.resetAndDestroy();
      return;
    }
    if (step === 'html') {
      response.writeHead(502, { 'content-type': 'text/html' }).end('<h1>Bad Gateway</h1>');
      return;
    }
    const answer = typeof step === 'object' ? step : this.#apply(method, body, text);
    if (step === 'lost') {
      request.socket.resetAndDestroy();
      return;
    }
    if (isRefusal(answer)) {
      const { code, description, parameters } = answer;
      response
        .writeHead(code, { 'content-type': 'application/json' })
        .end(JSON.stringify({ ok: false, error_code: code, description, ...(parameters && { parameters }) }));
      return;
    }
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ ok: true, result: answer }));
  }

  #methodOf(request: IncomingMessage): string {
    const match = /^\/bot([^/]+)\/(\w+)$/.exec(request.url ?? '');
    if (match?.[1] !== TelegramServer.token) this.violations.push(`wrong path ${request.url}`);
    if (request.method !== 'POST') this.violations.push(`${request.method} instead of POST`);
    if (request.headers['content-type'] !== 'application/json') this.violations.push('not application/json');
    return match?.[2] ?? '';
  }

  #check(method: string, body: Record<string, unknown>): string {
    if (method === 'getMe') {
      const parsed = methods.getMe.safeParse(body);
      if (!parsed.success) this.violations.push(parsed.error.message);
      return '';
    }
    if (method !== 'sendMessage' && method !== 'editMessageText') {
      this.violations.push(`unknown method ${method}`);
      return '';
    }
    const parsed = methods[method].safeParse(body);
    if (!parsed.success) {
      this.violations.push(parsed.error.message);
      return '';
    }
    try {
      const text = parsed.data.parse_mode === 'HTML' ? textOfTelegramHtml(parsed.data.text) : parsed.data.text;
      if (text.length > 4096) this.violations.push(`a text of ${text.length} UTF-16 units`);
      return text;
    } catch (error) {
      this.violations.push(`can't parse entities: ${String(error)}`);
      return '';
    }
  }

  #apply(method: string, body: Record<string, unknown>, text: string): Refusal | Record<string, unknown> {
    if (method === 'getMe') return { id: 123456789, is_bot: true, first_name: 'Shop', username: 'shop_bot' };
    const id = method === 'sendMessage' ? this.#nextId++ : Number(body.message_id);
    if (method === 'editMessageText') {
      if (!this.messages.has(id)) return { code: 400, description: 'Bad Request: message to edit not found' };
      if (this.messages.get(id) === text) {
        return {
          code: 400,
          description:
            'Bad Request: message is not modified: specified new message content and reply markup are exactly the same',
        };
      }
    }
    this.messages.set(id, text);
    return { message_id: id, date: Math.floor(Date.now() / 1000), chat: { id: body.chat_id, type: 'private' }, text };
  }
}

function isRefusal(answer: Refusal | Record<string, unknown>): answer is Refusal {
  return typeof answer.code === 'number';
}
