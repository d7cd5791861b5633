import type { HttpCheck } from '../request/schema.ts';
import { askFromInside } from './ask-inside.ts';
import { type Attempt, failed, firstBytes, inEachContainer, servicesOf, wrong } from './attempt.ts';
import type { CheckContext } from './check.ts';
import { type HttpAnswer, judgeAnswer, locationOf } from './http-answer.ts';
import { askFromHere } from './http-request.ts';
import type { NoAnswer } from './network-errors.ts';
import { askContainer, type Question } from './reach.ts';
import { inUrl, parseHttpTarget } from './target.ts';

/** More are a loop. */
const mostRedirects = 5;

/** A GET to a URL from this host, or straight to each container of a service, whether or not this host reaches it. */
export async function tryHttp(check: HttpCheck, context: CheckContext): Promise<Attempt> {
  const target = parseHttpTarget(check.http, servicesOf(context));
  if (target.kind === 'wrong') return wrong(target.why);
  if (target.kind === 'service') {
    const question = questionOf(target, context);
    return inEachContainer(target.service, context, async (container) =>
      judge(await askContainer(container, question, check.timeout, context), check),
    );
  }
  return judge(await askUrl(target.url, check, context), check);
}

/** From this host; with `redirects: follow` the answer is that of where they end, and its time that of all of them. */
async function askUrl(first: URL, check: HttpCheck, { signal }: CheckContext): Promise<HttpAnswer | NoAnswer> {
  const began = performance.now();
  let url = first;
  for (let redirects = 0; ; redirects += 1) {
    const left = Math.max(1, check.timeout - (performance.now() - began));
    const answer = await askFromHere({
      url,
      where: url.host,
      timeout: left,
      connectTimeout: left,
      // A stranger that it redirects to has to prove who it is.
      insecure: check.insecure === true && url.hostname === first.hostname,
      signal,
    });
    if (answer.kind === 'none' || check.redirects !== 'follow') return answer;
    const location = [301, 302, 303, 307, 308].includes(answer.status) ? locationOf(answer) : null;
    if (location === null) return { ...answer, durationMs: performance.now() - began };
    const next = URL.parse(location, url.href);
    if (next === null || !/^https?:$/.test(next.protocol)) {
      return noAnswer(`it redirects to ${firstBytes(location)}, which can't be asked`);
    }
    if (redirects === mostRedirects) return noAnswer(`more than ${mostRedirects} redirects, the last to ${next.host}`);
    url = next;
  }
}

function noAnswer(seen: string): NoAnswer {
  return { kind: 'none', reason: 'other', seen };
}

function questionOf(
  target: { readonly service: string; readonly port: number; readonly path: string },
  context: CheckContext,
): Question<HttpAnswer> {
  const urlOf = (address: string) => new URL(`http://${inUrl(address)}:${target.port}${target.path}`);
  // As a neighbour in the Compose network would ask, which is what a server's list of allowed hosts has to let in.
  const hostHeader = `${target.service}:${target.port}`;
  return {
    fromHere: (address, timeout, connectTimeout) =>
      askFromHere({
        url: urlOf(address),
        hostHeader,
        where: `port ${target.port} of ${address}`,
        timeout,
        connectTimeout,
        insecure: false,
        signal: context.signal,
      }),
    fromInside: (container, address, timeout) =>
      askFromInside(container, { url: urlOf(address), hostHeader, timeout }, context),
  };
}

function judge(answer: HttpAnswer | NoAnswer, check: HttpCheck): Attempt {
  return answer.kind === 'answer' ? judgeAnswer(answer, check) : failed(answer.seen);
}
