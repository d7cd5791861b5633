import { z } from 'zod';
import type { Host } from '../../hosts/host.ts';
import { leakedPortHint, portsOfProxies } from './leaked-port.ts';
import { type ComposeModel, isOneFixedPort, publishedPorts } from './model.ts';
import type { ObservedContainer } from './observe.ts';

interface Socket {
  readonly address: string;
  readonly port: number;
  readonly protocol: string;
}

const otherContainer = z.object({ ID: z.string(), Names: z.string(), Ports: z.string() });

/** A port that the project can't have. */
export interface TakenPort {
  /** A sentence that says who has it. */
  readonly problem: string;
  readonly hint: string;
}

const somebodysPort = 'Stop what holds the port (`docker ps`, `ss -ltnp`), or publish another one.';

/**
 * Ports that the project publishes and somebody else has. A port of the project's own containers is
 * its own; ranges and ports that the engine chooses are left to Compose.
 */
export async function takenPorts(
  host: Host,
  model: ComposeModel,
  services: readonly string[],
  own: readonly ObservedContainer[],
): Promise<TakenPort[]> {
  const wanted = services.flatMap((service) =>
    publishedPorts(model.services[service]).flatMap((port) => toSocket(port, service)),
  );
  if (wanted.length === 0) return [];
  const [listening, published] = await Promise.all([listeningSockets(host), publishedByOthers(host, own)]);
  const ours = own.flatMap((container) => container.publishedPorts);
  const problems: TakenPort[] = [];
  for (const socket of wanted) {
    if (ours.some((mine) => overlap(mine, socket))) continue;
    const port = `The port ${socket.port} of the service ${socket.service}`;
    const container = published.find((other) => overlap(other, socket));
    if (container !== undefined) {
      problems.push({ problem: `${port} is taken by the container ${container.name}.`, hint: somebodysPort });
    } else if (listening.some((other) => overlap(other, socket))) {
      const leaked = (await portsOfProxies(host)).has(socket.port);
      problems.push(
        leaked
          ? { problem: `${port} is held by the Docker engine, though no container has it.`, hint: leakedPortHint }
          : { problem: `${port} is taken by another process on this host.`, hint: somebodysPort },
      );
    }
  }
  return problems;
}

function toSocket(
  port: { published?: string | undefined; host_ip?: string | undefined; protocol?: string | undefined },
  service: string,
): (Socket & { service: string })[] {
  if (!isOneFixedPort(port)) return [];
  return [
    { address: port.host_ip ?? '0.0.0.0', port: Number(port.published), protocol: port.protocol ?? 'tcp', service },
  ];
}

function overlap(a: Socket, b: Socket): boolean {
  if (a.port !== b.port || a.protocol !== b.protocol) return false;
  const wild = (address: string): boolean => address === '0.0.0.0' || address === '::' || address === '';
  return wild(a.address) || wild(b.address) || a.address === b.address;
}

/** The ports of all running containers, except those of `own`. Throws where an answer of the engine is no JSON. */
export async function publishedByOthers(
  host: Host,
  own: readonly Pick<ObservedContainer, 'id'>[],
): Promise<(Socket & { name: string })[]> {
  const told = await host.exec(['docker', 'ps', '--no-trunc', '--format', '{{json .}}'], {
    timeout: 20_000,
    record: false,
  });
  const mine = new Set(own.map((container) => container.id));
  return told.stdout
    .split('\n')
    .filter((line) => line !== '')
    .flatMap((line) => {
      const parsed = otherContainer.safeParse(JSON.parse(line));
      if (!parsed.success || mine.has(parsed.data.ID)) return [];
      return publishedIn(parsed.data.Ports).map((socket) => ({ ...socket, name: parsed.data.Names }));
    });
}

/** `0.0.0.0:8080->80/tcp, :::8080->80/tcp, 0.0.0.0:9000-9002->9000-9002/tcp` */
function publishedIn(text: string): Socket[] {
  return [...text.matchAll(/([^\s,]*):(\d+)(?:-(\d+))?->[\d-]+\/(\w+)/g)].flatMap((match) => {
    const [, address = '', first = '', last = first, protocol = 'tcp'] = match;
    return Array.from({ length: Number(last) - Number(first) + 1 }, (_, at) => ({
      address: address.replace(/[[\]]/g, ''),
      port: Number(first) + at,
      protocol,
    }));
  });
}

/** What listens on this host, from the kernel's own tables: nothing has to be installed for it. */
async function listeningSockets(host: Host): Promise<Socket[]> {
  const tables = [
    { path: '/proc/net/tcp', protocol: 'tcp', state: '0A' },
    { path: '/proc/net/tcp6', protocol: 'tcp', state: '0A' },
    { path: '/proc/net/udp', protocol: 'udp', state: '07' },
    { path: '/proc/net/udp6', protocol: 'udp', state: '07' },
  ];
  const found: Socket[] = [];
  for (const table of tables) {
    const text = (await host.files.readText(table.path)) ?? '';
    for (const line of text.split('\n').slice(1)) {
      const [, local = '', , state] = line.trim().split(/\s+/);
      const [address = '', port = ''] = local.split(':');
      if (state !== table.state) continue;
      found.push({ address: fromHex(address), port: Number.parseInt(port, 16), protocol: table.protocol });
    }
  }
  return found;
}

/** The kernel writes IPv4 as one little-endian word; of IPv6 only the wildcard and mapped addresses matter here. */
function fromHex(hex: string): string {
  if (/^0+$/.test(hex)) return '0.0.0.0';
  const last = hex.length === 8 ? hex : hex.startsWith('0000000000000000FFFF0000') ? hex.slice(24) : null;
  if (last === null) return `[${hex}]`;
  return [6, 4, 2, 0].map((at) => Number.parseInt(last.slice(at, at + 2), 16)).join('.');
}
