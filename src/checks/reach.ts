import { BlockList, isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { CheckContext, CheckedContainer } from './check.ts';
import type { NoAnswer } from './network-errors.ts';

/** How one question is put to an address, from here or from within a container; `timeout` in milliseconds. */
export interface Question<Answer> {
  readonly fromHere: (address: string, timeout: number, connectTimeout: number) => Promise<Answer | NoAnswer>;
  readonly fromInside: (container: string, address: string, timeout: number) => Promise<Answer | NoAnswer>;
}

/** A container is microseconds away or can't be reached at all; longer only takes time from asking inside. */
const longestConnect = 2000;

/**
 * Puts a question to a container: from this host where it is on the container's network, else from inside the container,
 * else, when that has nothing to ask with, from inside the other containers of the release. So it works with rootless
 * Docker, with a remote engine, and when this process is itself in a container.
 */
export async function askContainer<Answer extends { readonly kind: string }>(
  container: CheckedContainer,
  question: Question<Answer>,
  timeout: number,
  context: CheckContext,
): Promise<Answer | NoAnswer> {
  const { here, inside } = await waysTo(container, context);
  const until = performance.now() + timeout;
  const left = () => Math.max(1, until - performance.now());
  let last: NoAnswer | null = null;
  // Refused by this host's loopback says nothing when the engine's "host" network is another one than ours.
  let asksInside = here.length === 0 || container.hostNetwork;
  for (const address of here) {
    const answer = await question.fromHere(address, left(), Math.min(longestConnect, left() / 2));
    if (!isNone(answer)) return answer;
    last = answer;
    if (answer.reason === 'unreachable') asksInside = true;
    else if (answer.reason !== 'refused') return answer;
  }
  if (last !== null && !asksInside) {
    return { ...last, seen: `${last.seen} (listening on 127.0.0.1 only is not enough: it must be 0.0.0.0)` };
  }

  const own = await question.fromInside(container.id, inside, left());
  if (!isNone(own) || own.reason !== 'no-client') return own;
  if (last?.reason === 'refused') return last;
  const neighbours = inside === '127.0.0.1' ? [] : context.containers.filter(({ id }) => id !== container.id);
  for (const neighbour of neighbours) {
    if (context.signal.aborted || left() <= 1) break;
    const answer = await question.fromInside(neighbour.id, inside, left());
    if (!isNone(answer)) return answer;
    if (answer.reason === 'refused') last = answer;
  }
  const why = last?.seen ?? `this host is not on the network of ${inside}`;
  return {
    ...own,
    seen: `${why}, and ${own.seen}; publish the port and check it on localhost, or use an \`exec\` check`,
  };
}

function isNone<Answer extends { readonly kind: string }>(answer: Answer | NoAnswer): answer is NoAnswer {
  return answer.kind === 'none';
}

async function waysTo(container: CheckedContainer, context: CheckContext): Promise<{ here: string[]; inside: string }> {
  const inside = container.hostNetwork ? '127.0.0.1' : (container.addresses[0] ?? '127.0.0.1');
  if (context.host.name !== 'local' || (await isRootless(context))) return { here: [], inside };
  return { here: container.hostNetwork ? ['127.0.0.1'] : container.addresses.filter(isOnLink), inside };
}

/**
 * Whether an interface of this host is on the network of the address, as the bridge of a Docker network is. Anything
 * else would go to the default gateway, where the address belongs to nobody, or to a stranger who may even answer.
 */
export function isOnLink(address: string): boolean {
  const networks = new BlockList();
  for (const facts of Object.values(networkInterfaces()).flat()) {
    const prefix = Number(facts?.cidr?.split('/')[1]);
    if (facts === undefined || Number.isNaN(prefix)) continue;
    networks.addSubnet(facts.address, prefix, facts.family === 'IPv6' ? 'ipv6' : 'ipv4');
  }
  const version = isIP(address);
  return version !== 0 && networks.check(address, version === 6 ? 'ipv6' : 'ipv4');
}

const rootless = new WeakMap<CheckContext['host'], Promise<boolean>>();

/** A rootless engine's networks are in a namespace of its own, and may have the numbers of networks that are here. */
function isRootless({ host }: CheckContext): Promise<boolean> {
  const known = rootless.get(host);
  if (known !== undefined) return known;
  const asked = host
    .exec(['docker', 'info', '--format', '{{json .SecurityOptions}}'], { timeout: 10_000, record: false })
    .then(({ stdout }) => stdout.includes('name=rootless'));
  rootless.set(host, asked);
  return asked;
}
