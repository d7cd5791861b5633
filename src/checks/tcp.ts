import { connect } from 'node:net';
import type { TcpCheck } from '../request/schema.ts';
import { formatDuration } from '../request/units.ts';
import { connectFromInside } from './ask-inside.ts';
import { type Attempt, failed, inEachContainer, passed, servicesOf, wrong } from './attempt.ts';
import type { CheckContext } from './check.ts';
import { type Connected, explainNetworkError, type NoAnswer } from './network-errors.ts';
import { askContainer } from './reach.ts';
import { inUrl, parseTcpTarget } from './target.ts';

/**
 * Docker's port proxy accepts every connection, and closes it again when nothing listens in the container: a connection
 * counts when it is still open after this time, or something was said on it.
 */
const openForMs = 250;

/** Connects, closes again: to each container of a service, or to a host and port from this host. */
export async function tryTcp(check: TcpCheck, context: CheckContext): Promise<Attempt> {
  const services = servicesOf(context);
  const target = parseTcpTarget(check.tcp, services);
  if (target.kind === 'wrong') return wrong(target.why);
  const { port } = target;
  if (target.kind === 'service') {
    return inEachContainer(target.service, context, async (container) => {
      const answer = await askContainer<Connected>(
        container,
        {
          fromHere: (address, _timeout, connectTimeout) =>
            connectFromHere(address, port, connectTimeout, context.signal),
          fromInside: (id, address, timeout) => connectFromInside(id, { address, port, timeout }, context),
        },
        check.timeout,
        context,
      );
      return judge(answer);
    });
  }
  const answer = await connectFromHere(target.host, port, check.timeout, context.signal);
  if (answer.kind === 'none' && /\(E(?:NOTFOUND|AI_AGAIN)\)$/.test(answer.seen)) {
    return failed(`${answer.seen}; the running services are: ${services.join(', ')}`);
  }
  return judge(answer);
}

function judge(answer: Connected | NoAnswer): Attempt {
  return answer.kind === 'none' ? failed(answer.seen) : passed;
}

/** One connection from this host; `timeout` in milliseconds. */
export function connectFromHere(
  host: string,
  port: number,
  timeout: number,
  signal: AbortSignal,
): Promise<Connected | NoAnswer> {
  const where = `port ${port} of ${host}`;
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (answer: Connected | NoAnswer) => {
      clearTimeout(limit);
      clearTimeout(watch);
      signal.removeEventListener('abort', cancel);
      socket.destroy();
      resolve(answer);
    };
    const none = (reason: NoAnswer['reason'], seen: string) => end({ kind: 'none', reason, seen });
    const cancel = () => none('other', 'cancelled');
    const limit = setTimeout(() => {
      none('unreachable', `no connection to ${inUrl(host)}:${port} within ${formatDuration(timeout / 1000)}`);
    }, timeout);
    let watch: NodeJS.Timeout | undefined;
    socket.once('connect', () => {
      clearTimeout(limit);
      watch = setTimeout(() => end({ kind: 'connected' }), openForMs);
    });
    socket.once('data', () => end({ kind: 'connected' }));
    socket.once('end', () => {
      none('other', `${where} accepts connections and closes them at once: nothing listens behind it`);
    });
    socket.on('error', (error) => end(explainNetworkError(error, where)));
    if (signal.aborted) cancel();
    else signal.addEventListener('abort', cancel);
  });
}
