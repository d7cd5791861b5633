import { STATUS_CODES } from 'node:http';
import { type Dispatcher, EnvHttpProxyAgent, request } from 'undici';
import { explainNetworkError } from '../checks/network-errors.ts';
import { version } from '../version.ts';
import { type Deadline, RequestFailure, retryAfterMs } from './retry.ts';

/** Milliseconds. */
const times = { connect: 3000, request: 4000 } as const;
/** Bytes of an answer that are read. */
const longestAnswer = 2 ** 18;

export interface HttpAnswer {
  readonly status: number;
  readonly text: string;
}

/**
 * A person's web service, over connections of its own (through the proxy of the environment, if any). Of the address
 * only the machine and the port are ever told: the rest may be what lets somebody in.
 */
export class HttpClient {
  readonly #url: URL;
  readonly #authorization: string | null;
  // Idle connections are ended by `destroy`: none keeps the process from ending.
  readonly #agent = new EnvHttpProxyAgent({ connect: { timeout: times.connect } });

  /** `url` may hold a user and a password, which travel as `Authorization: Basic`. */
  constructor(url: string) {
    this.#url = new URL(url);
    const { username, password } = this.#url;
    const login = [username, password].map((part) => decodeURIComponent(part)).join(':');
    this.#authorization = login === ':' ? null : `Basic ${Buffer.from(login).toString('base64')}`;
    this.#url.username = '';
    this.#url.password = '';
  }

  /**
   * One try, of at most 4 s. Gives answers of success and those of the statuses in `also`; throws a `RequestFailure` for
   * all others. Redirects are not followed: a signed report goes where a person said, and nowhere else.
   */
  async send(
    asked: {
      readonly method: 'GET' | 'POST';
      /** Added to the address. */
      readonly path: string;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: string | null;
      readonly also: readonly number[];
    },
    deadline: Deadline,
  ): Promise<HttpAnswer> {
    const timeout = AbortSignal.timeout(times.request);
    const url = new URL(this.#url);
    if (asked.path !== '') url.pathname = url.pathname.replace(/\/*$/, asked.path);
    try {
      const { statusCode, headers, body } = await request(url, {
        method: asked.method,
        headers: {
          'user-agent': `Homeport/${version}`,
          ...(this.#authorization !== null && { authorization: this.#authorization }),
          ...asked.headers,
        },
        body: asked.body,
        dispatcher: this.#agent,
        signal: AbortSignal.any([deadline.signal, timeout]),
      });
      const text = await beginningOf(body);
      if (statusCode < 300 || asked.also.includes(statusCode)) return { status: statusCode, text };
      throw this.#refused(statusCode, headers);
    } catch (error) {
      if (error instanceof RequestFailure) throw error;
      throw this.#unreachable(error, timeout.aborted, deadline.signal.aborted);
    }
  }

  async destroy(): Promise<void> {
    await this.#agent.destroy();
  }

  #refused(status: number, headers: Dispatcher.ResponseData['headers']): RequestFailure {
    const said = `${this.#url.host} answered ${status} ${STATUS_CODES[status] ?? ''}`.trimEnd();
    if (status < 400) {
      return new RequestFailure(`${said}, which is not followed: give the address that it leads to`, { again: false });
    }
    const asked = headers['retry-after'];
    const pauseMs = retryAfterMs(typeof asked === 'string' ? asked : null);
    return new RequestFailure(said, { again: status >= 500 || status === 429 || status === 408, pauseMs });
  }

  #unreachable(error: unknown, tookTooLong: boolean, isOver: boolean): RequestFailure {
    const { host, href, pathname, search } = this.#url;
    if (tookTooLong) {
      return new RequestFailure(`${host} did not answer within ${times.request / 1000} s`, { again: true });
    }
    if (isOver) return new RequestFailure(`${host} did not answer in time`, { again: false });
    const { seen } = explainNetworkError(error, host);
    const secret = [href, ...[`${pathname}${search}`, pathname].filter((part) => part.length > 1)];
    return new RequestFailure(
      secret.reduce((text, part) => text.replaceAll(part, '***'), seen),
      // A certificate is the same in a second.
      { again: !/TLS/.test(seen) },
    );
  }
}

async function beginningOf(body: Dispatcher.ResponseData['body']): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    chunks.push(chunk as Buffer);
    bytes += (chunk as Buffer).length;
    if (bytes > longestAnswer) break;
  }
  return Buffer.concat(chunks).toString('utf8');
}
