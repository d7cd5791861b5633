import { describe, expect, it } from 'vitest';
import { portGivenAway, portsOfProxies } from '../../../src/platforms/compose/leaked-port.ts';
import { stubHost } from '../../deployment/support.ts';

describe('a port that the engine gave away', () => {
  it.each([
    [
      'Error response from daemon: driver failed programming external connectivity on endpoint shop-web-1 (c816): Bind for 127.0.0.1:8080 failed: port is already allocated',
      8080,
    ],
    ['failed to set up container networking: Bind for :::443 failed: port is already allocated', 443],
    ['listen tcp4 0.0.0.0:8080: bind: address already in use', null],
    ['Error response from daemon: pull access denied', null],
  ])('is read from what Docker says: %s', (output, port) => expect(portGivenAway(output)).toBe(port));

  it('shows by its proxy, whatever else runs', async () => {
    const stdout = [
      '/sbin/init',
      '/usr/bin/docker-proxy -proto tcp -host-ip 127.0.0.1 -host-port 8080 -container-ip 172.18.0.2 -container-port 80',
      '/usr/libexec/docker/docker-proxy -proto tcp -host-ip :: -host-port 9000 -container-ip fd00::2 -container-port 9000 -use-listen-fd',
      'grep docker-proxy -host-port 7000',
    ].join('\n');
    expect([...(await portsOfProxies(stubHost(() => ({ stdout }))))]).toEqual([8080, 9000]);
  });
});
