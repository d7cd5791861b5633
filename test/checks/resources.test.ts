import { describe, expect, it } from 'vitest';
import { runChecks } from '../../src/checks/run-checks.ts';
import type { ExecResult } from '../../src/hosts/host.ts';
import { stubHost } from '../deployment/support.ts';
import { container, contextOf, quick } from './support.ts';

interface Machine {
  readonly stats?: object;
  readonly restarts?: number;
  readonly limits?: object;
  /** What `df` says, by the folder. */
  readonly df?: Readonly<Record<string, string>>;
  readonly fails?: Partial<ExecResult>;
}

const web = { ID: 'web1', CPUPerc: '10.00%', MemPerc: '40.00%', MemUsage: '205MiB / 512MiB' };

/** A host with 4 CPUs and the container `web1`, whose Docker keeps its data in `/`. */
function hostOf({ stats = {}, restarts = 0, limits = {}, df = {}, fails }: Machine) {
  return stubHost((argv) => {
    if (argv[0] === 'df') return { stdout: `Filesystem\n${df[argv.at(-1) ?? ''] ?? 'x 100 10 90 10% /disk'}\n` };
    if (argv[1] === 'stats') return fails ?? { stdout: `${JSON.stringify({ ...web, ...stats })}\n` };
    if (argv[1] === 'info') return { stdout: JSON.stringify({ NCPU: 4, DockerRootDir: '/' }) };
    return { stdout: JSON.stringify([{ Id: 'web1', RestartCount: restarts, HostConfig: limits }]) };
  });
}

async function check(resources: object, machine: Machine, restartsBefore = 0) {
  const containers = [container('web', { id: 'web1', restartsBefore })];
  const context = contextOf({ host: hostOf(machine), containers });
  const [result] = await runChecks([{ resources, ...quick }], context);
  if (result === undefined) throw new Error('no result');
  return { ...result, said: context.said.join('\n') };
}

describe('a resources check', () => {
  it.each<[string, object, Machine, number?]>([
    ['memory below', { memory: 50 }, {}],
    ['memory at its maximum', { memory: 40 }, {}],
    ['one busy CPU of four', { cpu: 25 }, { stats: { CPUPerc: '100.00%' } }],
    ['the disk at its maximum', { disk: 10 }, {}],
    ['as many restarts as are allowed', { restarts: 2 }, { restarts: 2 }],
    ['restarts from before the deployment', { restarts: 0 }, { restarts: 7 }, 7],
    ['a container that somebody started anew', { restarts: 0 }, { restarts: 0 }, 7],
  ])('is content with %s', async (_what, resources, machine, before) => {
    expect(await check(resources, machine, before)).toMatchObject({ ok: true, seen: '' });
  });

  it.each<[string, object, Machine, string, number?]>([
    ['memory', { memory: 39.9 }, {}, 'shop-web-1: memory 40 % (205MiB / 512MiB), the limit is 39.9 %'],
    [
      'CPU, of what the container may use',
      { cpu: 90 },
      { stats: { CPUPerc: '49.00%' }, limits: { NanoCpus: 500_000_000 } },
      'shop-web-1: cpu 98 % (of 0.5 CPUs), the limit is 90 %',
    ],
    [
      'CPU of all the host has',
      { cpu: 90 },
      { stats: { CPUPerc: '390.00%' } },
      'shop-web-1: cpu 97.5 % (of 4 CPUs), the limit is 90 %',
    ],
    [
      'a full disk',
      { disk: 90 },
      { df: { '/': 'x 100 95 5 95% /' } },
      "/: disk 95 % (Docker's data), the limit is 90 %",
    ],
    [
      'memory by a hair, and never reads as if it were not',
      { memory: 40 },
      { stats: { MemPerc: '40.01%' } },
      'shop-web-1: memory 40.1 % (205MiB / 512MiB), the limit is 40 %',
    ],
    ['restarts', { restarts: 0 }, { restarts: 1 }, 'shop-web-1: restarts 1, the limit is 0'],
    [
      'restarts of a container that somebody started anew',
      { restarts: 0 },
      { restarts: 3 },
      'shop-web-1: restarts 3, the limit is 0',
      7,
    ],
    ['restarts since', { restarts: 1 }, { restarts: 9 }, 'shop-web-1: restarts 2, the limit is 1', 7],
  ])('refuses too much %s', async (_what, resources, machine, seen, before) => {
    const result = await check(resources, machine, before);
    expect(result.ok).toBe(false);
    expect(result.seen.split('\n')).toContain(seen);
  });

  it('tells everything that is too much at once', async () => {
    const { seen } = await check({ memory: 1, cpu: 1, restarts: 0 }, { restarts: 3 });
    expect(seen.split('\n')).toHaveLength(3);
  });

  it('says what Docker does not tell, and checks the rest', async () => {
    const unknown = { stats: { CPUPerc: '--', MemPerc: '--', MemUsage: '-- / --' } };
    const result = await check({ memory: 90, cpu: 90, disk: 90 }, unknown);
    expect(result.ok).toBe(true);
    expect(result.said).toContain('nobody tells the memory of shop-web-1 here');
    expect(result.said).toContain('nobody tells the cpu of shop-web-1 here');
    expect((await check({ memory: 90, disk: 5 }, unknown)).ok).toBe(false);
  });

  it('says the highest figures of a release that is well', async () => {
    const { said } = await check({ memory: 90, restarts: 0 }, {});
    expect(said).toContain('resources: memory 40 % at most (shop-web-1), restarts 0 at most (shop-web-1)');
  });

  it('says why Docker did not answer', async () => {
    const fails = { outcome: 'failed', exitCode: 1, tail: 'No such container: web1' } as const;
    expect((await check({ memory: 90 }, { fails })).seen).toBe('`docker stats` failed: No such container: web1');
  });

  it('is wrong without a running container', async () => {
    const [result] = await runChecks([{ resources: { memory: 90 }, ...quick, retries: 5 }], contextOf());
    expect(result).toMatchObject({ ok: false, attempts: 1, seen: 'the release has no running container' });
  });
});
