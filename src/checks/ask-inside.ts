import type { ExecResult } from '../hosts/host.ts';
import { formatDuration } from '../request/units.ts';
import { firstBytes } from './attempt.ts';
import type { CheckContext } from './check.ts';
import { type HttpAnswer, mostRead } from './http-answer.ts';
import { httpScript, nodeClient, pythonClient, tcpScript } from './inside-script.ts';
import type { Connected, NoAnswer } from './network-errors.ts';

/** Room for the head of an answer beside its body. */
const mostPrinted = mostRead + 16 * 1024;

type Asking = Pick<CheckContext, 'host' | 'signal'>;

/**
 * One GET from within a container's own network, with the curl, Node, Python, wget or bash that it has: for addresses that
 * this host has no way to (rootless Docker, a remote host). Redirects are not followed. `timeout` in milliseconds.
 */
export async function askFromInside(
  container: string,
  wanted: { readonly url: URL; readonly hostHeader: string; readonly timeout: number },
  { host, signal }: Asking,
): Promise<HttpAnswer | NoAnswer> {
  const seconds = String(Math.max(1, Math.ceil(wanted.timeout / 1000)));
  const script = ['sh', '-c', httpScript, 'homeport', seconds, String(mostPrinted), nodeClient, pythonClient] as const;
  const { href, hostname, port, pathname, search } = wanted.url;
  const env = {
    HOMEPORT_URL: href,
    HOMEPORT_ADDRESS: hostname.replace(/^\[|\]$/g, ''),
    HOMEPORT_PORT: port === '' ? '80' : port,
    HOMEPORT_PATH: pathname + search,
    HOMEPORT_HOST: wanted.hostHeader,
  };
  const names = Object.keys(env).flatMap((name) => ['-e', name]);
  const result = await host.exec(['docker', 'exec', ...names, container, ...script], {
    env,
    timeout: wanted.timeout,
    signal,
    record: false,
  });
  const failure = beforeAsking(result, wanted.timeout, 'curl, node, python3, wget or bash');
  if (failure !== null) return failure;
  // Without this, an answer that breaks off in its middle would count. curl's 23 is ours: we read no further.
  if (result.outcome !== 'success' || /^curl: \((?!23\))/m.test(result.stderr)) return noAnswer(result.stderr);
  return readAnswer(result.stdout, result.stderr, result.durationMs) ?? noAnswer(result.stderr);
}

/** One connection from within a container's own network; `timeout` in milliseconds. */
export async function connectFromInside(
  container: string,
  wanted: { readonly address: string; readonly port: number; readonly timeout: number },
  { host, signal }: Asking,
): Promise<Connected | NoAnswer> {
  // Some clients only know that they are connected when their time is up: well before ours is.
  const seconds = wanted.timeout >= 3000 ? '2' : '1';
  const result = await host.exec(
    ['docker', 'exec', container, 'sh', '-c', tcpScript, 'homeport', wanted.address, String(wanted.port), seconds],
    { timeout: wanted.timeout, signal, record: false },
  );
  if (result.outcome === 'success') return { kind: 'connected' };
  return beforeAsking(result, wanted.timeout, 'bash, python3, node or nc') ?? noAnswer(result.stderr);
}

/** Why nothing was asked at all, or never to the end. */
function beforeAsking(result: ExecResult, timeout: number, clients: string): NoAnswer | null {
  const none = (reason: NoAnswer['reason'], seen: string): NoAnswer => ({ kind: 'none', reason, seen });
  if (result.outcome === 'timeout') {
    return none('other', `no whole answer within ${formatDuration(timeout / 1000)}, asked from inside the container`);
  }
  if (result.outcome === 'cancelled') return none('other', 'cancelled');
  if (result.exitCode === 42) return none('no-client', `the container has no ${clients} to ask from inside`);
  // What `docker exec` ends with when there is no `sh`.
  if (result.exitCode === 126 || result.exitCode === 127) {
    return none('no-client', 'the container has no shell to ask from inside');
  }
  if (result.outcome === 'not-found' || /^Error response from daemon|^Error: No such container/m.test(result.stderr)) {
    return none('other', firstBytes(result.tail));
  }
  return null;
}

/** What a client printed; `null` when it got no answer. */
export function readAnswer(stdout: string, stderr: string, durationMs: number): HttpAnswer | null {
  const client = /^homeport-client (\S+)$/m.exec(stderr)?.[1] ?? '';
  const isWget = client.endsWith('wget');
  // wget tells the heads on standard error, BusyBox's also those of the redirects that it follows: the first counts.
  const heads = isWget ? stderr : stdout;
  const match = /^[ \t]*HTTP\/\d(?:\.\d)? (\d{3})\b(?:.*)((?:\r?\n(?!\r?\n).*)*)/m.exec(heads);
  if (match === null) return null;
  const status = Number(match[1]);
  const rest = heads.slice(match.index + match[0].length);
  if (!isWget && status < 200) return readAnswer(rest.trimStart(), stderr, durationMs);
  const whole = isWget ? stdout : rest.replace(/^\r?\n\r?\n/, '');
  const hidden = client === 'wget' && (status < 200 || status >= 300);
  return {
    kind: 'answer',
    status,
    headers: readHeaders(match[2] ?? ''),
    body: hidden ? null : whole.slice(0, mostRead),
    cut: whole.length > mostRead,
    durationMs: secondsTold(stderr) ?? durationMs,
  };
}

function readHeaders(head: string): HttpAnswer['headers'] {
  const headers = new Map<string, string[]>();
  for (const [, name = '', value = ''] of head.matchAll(/^[ \t]*([\w!#$%&'*+.^`|~-]+):[ \t]*(.*?)[ \t]*\r?$/gm)) {
    const key = name.toLowerCase();
    headers.set(key, [...(headers.get(key) ?? []), value]);
  }
  return headers;
}

/** The client's own clock, in milliseconds: `docker exec` alone takes longer than many a limit. */
function secondsTold(stderr: string): number | null {
  const told = /^homeport-seconds ([\d.,]+)$/m.exec(stderr)?.[1];
  // curl of some versions prints the decimal comma of its locale.
  if (told !== undefined) return Number(told.replace(',', '.')) * 1000;
  const uptime = /^homeport-uptime ([\d.]+) ([\d.]+)$/m.exec(stderr);
  return uptime === null ? null : (Number(uptime[2]) - Number(uptime[1])) * 1000;
}

function noAnswer(stderr: string): NoAnswer {
  const said = firstBytes(stderr.replace(/^homeport-.*\n?/gm, ''));
  // 7 is all that curl's later versions say of it.
  if (/refused|^curl: \(7\)/im.test(said)) {
    return {
      kind: 'none',
      reason: 'refused',
      seen: `connection refused: nothing listens (asked from inside: ${said})`,
    };
  }
  return {
    kind: 'none',
    reason: 'other',
    seen: `asked from inside the container: ${said === '' ? 'no answer' : said}`,
  };
}
