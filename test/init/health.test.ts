import { describe, expect, it } from 'vitest';
import { readServices } from '../../src/init/compose-services.ts';
import { type HealthAddress, healthOf } from '../../src/init/health.ts';
import { lookAt } from '../../src/init/repository.ts';
import { checkout } from '../cli/support.ts';

async function health(check: object | null, files: Readonly<Record<string, string>> = {}) {
  const service = { build: '.', ...(check === null ? {} : { healthcheck: check }) };
  const { folder } = await checkout({ ...files, 'compose.yaml': JSON.stringify({ services: { web: service } }) });
  const repository = await lookAt(folder);
  const [web] = readServices(repository, ['compose.yaml']);
  if (web === undefined) throw new Error('no service');
  return healthOf(repository, web);
}

const at = (port: number, path: string): HealthAddress => ({ port, path });

describe('the page that says whether a service is well', () => {
  it.each([
    ['curl -f http://localhost:3000/health || exit 1', at(3000, '/health')],
    [['CMD', 'wget', '--spider', 'http://127.0.0.1/up?full=1'], at(80, '/up?full=1')],
    ["curl -s --noproxy localhost localhost:4000/api/v1/health | grep -q 'OK'", at(4000, '/api/v1/health')],
    ['node -e "fetch(\'http://[::1]:8080/live\')"', at(8080, '/live')],
    ['curl -f http://localhost:3000/', null],
    ['curl -f http://localhost:3000', null],
    ['curl -kf https://localhost:3000/health', null],
    ['curl -f http://localhost:$${PORT}/health', null],
    ['curl -f http://shop.example.org/health', null],
    ['pg_isready -h localhost -p 5432', null],
  ])('is read off %j', async (test, address) => {
    expect(await health({ test })).toEqual({ checked: true, address });
  });

  it('is read off the Dockerfile where the compose file has no check', async () => {
    const Dockerfile = 'FROM x\nHEALTHCHECK --interval=5s \\\n  --timeout=3s \\\n  CMD curl -f http://localhost/ok\n';
    expect(await health(null, { Dockerfile })).toEqual({ checked: true, address: at(80, '/ok') });
    expect(await health({ disable: true }, { Dockerfile })).toEqual({ checked: false, address: null });
    expect(await health(null, { Dockerfile: 'FROM x\nHEALTHCHECK NONE\n' })).toEqual({ checked: false, address: null });
  });

  it('is not there where nothing is checked', async () => {
    for (const check of [null, { disable: true }, { test: ['NONE'] }, { interval: '5s' }]) {
      expect(await health(check)).toEqual({ checked: false, address: null });
    }
  });
});
