import type { HttpCheck } from '../request/schema.ts';
import { askFromInside } from './ask-inside.ts';
import { type Attempt, failed, inEachContainer, servicesOf, wrong } from './attempt.ts';
import type { CheckContext } from './check.ts';
import { type HttpAnswer, judgeAnswer } from './http-answer.ts';
import { askFromHere } from './http-request.ts';
import type { NoAnswer } from './network-errors.ts';
import { askContainer, type Question } from './reach.ts';
import { inUrl, parseHttpTarget } from './target.ts';

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
  const answer = await askFromHere({
    url: target.url,
    where: target.url.host,
    timeout: check.timeout,
    connectTimeout: check.timeout,
    signal: context.signal,
  });
  return judge(answer, check);
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
        signal: context.signal,
      }),
    fromInside: (container, address, timeout) =>
      askFromInside(container, { url: urlOf(address), hostHeader, timeout }, context),
  };
}

function judge(answer: HttpAnswer | NoAnswer, check: HttpCheck): Attempt {
  return answer.kind === 'answer' ? judgeAnswer(answer, check) : failed(answer.seen);
}
