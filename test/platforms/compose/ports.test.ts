import { describe, expect, it } from 'vitest';
import type { Host } from '../../../src/hosts/host.ts';
import type { ObservedContainer } from '../../../src/platforms/compose/observe.ts';
import { takenPorts } from '../../../src/platforms/compose/ports.ts';
import { stubHost } from '../../deployment/support.ts';
import { modelOf, observed } from './support.ts';

interface Seen {
  /** What `docker ps` prints of each container: its name, and its ports as Docker writes them. */
  containers?: Readonly<Record<string, string>>;
  /** Lines of the kernel's tables. */
  tcp?: readonly string[];
  tcp6?: readonly string[];
  udp?: readonly string[];
  /** What `ps` prints of all processes. */
  processes?: string;
}

const listening = '0A';
const zeros = '0'.repeat(24);

/** A line of `/proc/net/tcp`. */
function socket(local: string, state = listening): string {
  return `   0: ${local} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0`;
}

function hostThat(seen: Seen): Host {
  const stdout = Object.entries(seen.containers ?? {})
    .map(([name, ports]) => `${JSON.stringify({ ID: `id-${name}`, Names: name, Ports: ports, Image: 'x' })}\n`)
    .join('');
  const host = stubHost(([command]) => ({ stdout: command === 'ps' ? (seen.processes ?? '') : stdout }));
  const tables: Readonly<Record<string, readonly string[] | undefined>> = {
    '/proc/net/tcp': seen.tcp,
    '/proc/net/tcp6': seen.tcp6,
    '/proc/net/udp': seen.udp,
  };
  const readText = async (path: string): Promise<string | null> => {
    const lines = tables[path];
    return lines === undefined ? null : `  sl  local_address rem_address   st\n${lines.join('\n')}\n`;
  };
  return { ...host, files: { ...host.files, readText } as Host['files'] };
}

async function taken(
  port: { published?: string; host_ip?: string; protocol?: string; target?: number },
  seen: Seen,
  own: readonly ObservedContainer[] = [],
): Promise<string[]> {
  const found = await takenPorts(hostThat(seen), modelOf({ web: { ports: [port] } }), ['web'], own);
  return found.map(({ problem }) => problem);
}

const byContainer = (name: string) => [`The port 8080 of the service web is taken by the container ${name}.`];
const byEngine = ['The port 8080 of the service web is held by the Docker engine, though no container has it.'];
const byProcess = ['The port 8080 of the service web is taken by another process on this host.'];
const proxy = '-proto tcp -host-ip 0.0.0.0 -host-port 8080 -container-ip 172.18.0.2 -container-port 80';
// 8080 is 1F90.
const everywhere = '00000000:1F90';
const loopback = '0100007F:1F90';

describe('a port that somebody else has', () => {
  it.each<[string, Parameters<typeof taken>[0], Seen, string[]]>([
    ['of nobody', { published: '8080' }, { tcp: [socket('00000000:1F91')] }, []],
    ['of a process', { published: '8080' }, { tcp: [socket(everywhere)] }, byProcess],
    [
      'that the engine leaked',
      { published: '8080' },
      { tcp: [socket(everywhere)], processes: `/sbin/init\n/usr/bin/docker-proxy ${proxy}\n` },
      byEngine,
    ],
    [
      'of a process beside other containers',
      { published: '8080' },
      { tcp: [socket(everywhere)], processes: `docker-proxy ${proxy.replace('8080', '8081')}\n` },
      byProcess,
    ],
    ['of a process on one address only', { published: '8080' }, { tcp: [socket(loopback)] }, byProcess],
    ['of a process by IPv6', { published: '8080' }, { tcp6: [socket(`${zeros}00000000:1F90`)] }, byProcess],
    [
      'of a process on a mapped address',
      { published: '8080', host_ip: '127.0.0.1' },
      { tcp6: [socket('0000000000000000FFFF00000100007F:1F90')] },
      byProcess,
    ],
    ['on the same address', { published: '8080', host_ip: '127.0.0.1' }, { tcp: [socket(loopback)] }, byProcess],
    ['on another address', { published: '8080', host_ip: '192.168.1.5' }, { tcp: [socket(loopback)] }, []],
    ['on every address', { published: '8080', host_ip: '192.168.1.5' }, { tcp: [socket(everywhere)] }, byProcess],
    ['of a connection only', { published: '8080' }, { tcp: [socket(everywhere, '01')] }, []],
    ['of another protocol', { published: '8080', protocol: 'udp' }, { tcp: [socket(everywhere)] }, []],
    ['of a process by UDP', { published: '8080', protocol: 'udp' }, { udp: [socket(everywhere, '07')] }, byProcess],
    [
      'of a container',
      { published: '8080' },
      { containers: { other: '0.0.0.0:8080->80/tcp, :::8080->80/tcp' } },
      byContainer('other'),
    ],
    [
      'of a container and its proxy',
      { published: '8080' },
      { containers: { other: '0.0.0.0:8080->80/tcp' }, tcp: [socket(everywhere)] },
      byContainer('other'),
    ],
    [
      'of a container by IPv6',
      { published: '8080' },
      { containers: { other: '[::]:8080->80/tcp' } },
      byContainer('other'),
    ],
    [
      'of a container’s range',
      { published: '8080' },
      { containers: { other: '0.0.0.0:8079-8081->79-81/tcp' } },
      byContainer('other'),
    ],
    [
      'beside a container’s range',
      { published: '8080' },
      { containers: { other: '0.0.0.0:8081-8085->81-85/tcp' } },
      [],
    ],
    ['that a container has but does not publish', { published: '8080' }, { containers: { other: '8080/tcp' } }, []],
    [
      'of a container by another protocol',
      { published: '8080' },
      { containers: { other: '0.0.0.0:8080->80/udp' } },
      [],
    ],
    [
      'on another address of a container',
      { published: '8080', host_ip: '127.0.0.1' },
      { containers: { other: '10.0.0.1:8080->80/tcp' } },
      [],
    ],
  ])('%s', async (_what, port, seen, problems) => {
    expect(await taken(port, seen)).toEqual(problems);
  });

  it.each([{ target: 80 }, { published: '0' }, { published: '' }, { published: '8080-8090' }])(
    'is left to Compose where it chooses itself: %o',
    async (port) => {
      expect(await taken(port, { tcp: [socket(everywhere)] })).toEqual([]);
    },
  );

  it('is not the project’s own', async () => {
    const own = observed('web', {
      id: 'id-shop-web-1',
      publishedPorts: [{ address: '0.0.0.0', port: 8080, protocol: 'tcp' }],
    });
    const seen = { containers: { 'shop-web-1': '0.0.0.0:8080->80/tcp' }, tcp: [socket(everywhere)] };
    expect(await taken({ published: '8080' }, seen, [own])).toEqual([]);
    expect(await taken({ published: '8080' }, seen)).toEqual(byContainer('shop-web-1'));
  });

  it.each(['host', 'none', 'service:vpn', 'container:x'])(
    'is nobody’s where the engine drops it: network_mode %s',
    async (mode) => {
      const model = modelOf({ web: { network_mode: mode, ports: [{ published: '8080' }] } });
      expect(await takenPorts(hostThat({ tcp: [socket(everywhere)] }), model, ['web'], [])).toEqual([]);
    },
  );

  it('is looked for only in the services that are asked for', async () => {
    const model = modelOf({ web: { ports: [{ published: '8080' }] }, db: {} });
    expect(await takenPorts(hostThat({ tcp: [socket(everywhere)] }), model, ['db'], [])).toEqual([]);
  });
});
