import { describe, expect, it } from 'vitest';
import { readPort } from '../../src/init/ports.ts';

const port = (published: string | null, target: number, host = 'localhost') => ({ published, target, host });

describe('a port of a service', () => {
  it.each([
    ['8080:80', port('8080', 80)],
    [3000, port(null, 3000)],
    ['127.0.0.1:8080:80/tcp', port('8080', 80)],
    ['10.0.0.5:8080:80', port('8080', 80, '10.0.0.5')],
    ['[::1]:8080:80', port('8080', 80)],
    ['${PORT:-8080}:80', port('${PORT:-8080}', 80)],
    ['${PORT:-8080}:${PORT:-3000}', port('${PORT:-8080}', 3000)],
    // homeport.yml has no such form, or the variable no value.
    ['${PORT-8080}:80', port(null, 80)],
    ['${PORT:?missing}:80', port(null, 80)],
    ['${BIND:-127.0.0.1}:8080:80', port(null, 80, '${BIND:-127.0.0.1}')],
    [{ target: 80, published: '8080', protocol: 'tcp' }, port('8080', 80)],
    [{ target: 80, published: 8080, host_ip: '127.0.0.1' }, port('8080', 80)],
    [{ target: 80 }, port(null, 80)],
    ['53:53/udp', null],
    [{ target: 53, published: 53, protocol: 'udp' }, null],
    ['3000-3005:3000-3005', null],
    ['127.0.0.1:3000:$PORT', null],
    [null, null],
    ['', null],
  ])('%j', (written, meant) => {
    expect(readPort(written)).toEqual(meant);
  });
});
