import { formatDuration } from '../request/units.ts';
import { type HttpAnswer, mostRead } from './http-answer.ts';
import { explainNetworkError, type NoAnswer } from './network-errors.ts';

export interface HttpRequest {
  readonly url: URL;
  /** The `Host` header, where it is not the URL's. */
  readonly hostHeader?: string;
  /** For people: `port 3000 of 172.18.0.2`. */
  readonly where: string;
  /** Milliseconds for all of it, and for the connection. */
  readonly timeout: number;
  readonly connectTimeout: number;
  /** Takes any certificate. */
  readonly insecure: boolean;
  readonly signal: AbortSignal;
}

/** One GET from this host, on a connection of its own; redirects are not followed. */
export async function askFromHere(wanted: HttpRequest): Promise<HttpAnswer | NoAnswer> {
  // Loaded only where something is asked: it takes a tenth of a second.
  const { Agent, request } = await import('undici');
  const began = performance.now();
  const timeout = Math.ceil(wanted.timeout);
  const deadline = AbortSignal.timeout(timeout);
  const agent = new Agent({
    connect: { timeout: wanted.connectTimeout, rejectUnauthorized: !wanted.insecure },
    headersTimeout: timeout,
    bodyTimeout: timeout,
    // 0 means that no connection is used again.
    pipelining: 0,
    allowH2: false,
  });
  try {
    const response = await request(wanted.url, {
      dispatcher: agent,
      headers: headersOf(wanted),
      signal: AbortSignal.any([wanted.signal, deadline]),
    });
    const { body, cut } = await readSome(response.body);
    return {
      kind: 'answer',
      status: response.statusCode,
      headers: headersFrom(response.headers),
      body,
      cut,
      durationMs: performance.now() - began,
    };
  } catch (error) {
    if (wanted.signal.aborted) return { kind: 'none', reason: 'other', seen: 'cancelled' };
    if (deadline.aborted) {
      const within = formatDuration(wanted.timeout / 1000);
      return { kind: 'none', reason: 'other', seen: `no whole answer from ${wanted.where} within ${within}` };
    }
    return explainNetworkError(error, wanted.where);
  } finally {
    await agent.destroy();
  }
}

function headersOf({ url, hostHeader }: HttpRequest): Record<string, string> {
  const headers: Record<string, string> = { accept: '*/*', 'user-agent': 'homeport' };
  if (hostHeader !== undefined) headers.host = hostHeader;
  if (url.username !== '') {
    const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    headers.authorization = `Basic ${Buffer.from(pair).toString('base64')}`;
  }
  return headers;
}

function headersFrom(told: Readonly<Record<string, string | string[] | undefined>>): HttpAnswer['headers'] {
  return new Map(
    Object.entries(told).flatMap(([name, value]) =>
      value === undefined ? [] : [[name.toLowerCase(), [value].flat()] as const],
    ),
  );
}

async function readSome(stream: AsyncIterable<Buffer>): Promise<{ body: string; cut: boolean }> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream) {
    chunks.push(chunk);
    length += chunk.length;
    // Leaving the loop destroys the stream, and with it the connection.
    if (length > mostRead) break;
  }
  return { body: Buffer.concat(chunks).subarray(0, mostRead).toString(), cut: length > mostRead };
}
