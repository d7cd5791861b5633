import { describe, expect, it } from 'vitest';
import { readDf, readInspected, readStats } from '../../src/checks/container-use.ts';

function stats(more: object): string {
  const line = { ID: 'c', Name: 'web', CPUPerc: '1.50%', MemPerc: '93.36%', MemUsage: '478MiB / 512MiB', PIDs: '3' };
  return JSON.stringify({ ...line, ...more });
}

describe('what docker stats prints', () => {
  it.each([
    ['of a container with a limit', {}, { memory: 93.36, cpu: 1.5 }],
    ['of more than one busy CPU', { CPUPerc: '187.02%' }, { memory: 93.36, cpu: 187.02 }],
    [
      'of a container that it knows nothing of',
      { CPUPerc: '--', MemPerc: '--', MemUsage: '-- / --' },
      { memory: null, cpu: null },
    ],
    [
      'of one in no memory at all',
      { MemPerc: '0.00%', MemUsage: '0B / 0B', CPUPerc: '0.00%' },
      { memory: null, cpu: 0 },
    ],
    ['of one whose limit it does not know', { MemPerc: '0.00%', MemUsage: '3MiB / 0B' }, { memory: null, cpu: 1.5 }],
    ['of one that takes next to nothing', { MemPerc: '0.00%', MemUsage: '96KiB / 23.4GiB' }, { memory: 0, cpu: 1.5 }],
  ])('%s', (_what, more, expected) => {
    expect(readStats(`${stats(more)}\n`)).toMatchObject([{ id: 'c', ...expected }]);
  });

  it('is a line a container', () => {
    expect(readStats(`${stats({ ID: 'a' })}\n${stats({ ID: 'b' })}\n`).map(({ id }) => id)).toEqual(['a', 'b']);
    expect(readStats('')).toEqual([]);
  });

  it.each(['CONTAINER ID   NAME', '{"ID":"c"}', '[]'])('is refused when it is %s', (line) => {
    expect(() => readStats(line)).toThrow("can't read");
  });
});

describe('how many CPUs a container may use', () => {
  it.each([
    [{}, null],
    [{ NanoCpus: 0, CpuQuota: 0, CpuPeriod: 0, CpusetCpus: '' }, null],
    [{ NanoCpus: 1_500_000_000 }, 1.5],
    [{ CpuQuota: 50_000, CpuPeriod: 0 }, 0.5],
    [{ CpuQuota: 40_000, CpuPeriod: 20_000 }, 2],
    [{ CpuQuota: -1, CpuPeriod: 100_000 }, null],
    [{ CpusetCpus: '0-2,7' }, 4],
    [{ NanoCpus: 3_000_000_000, CpusetCpus: '1' }, 1],
  ])('%j: %j', (HostConfig, cpus) => {
    const told = JSON.stringify([{ Id: 'c', RestartCount: 2, HostConfig }]);
    expect(readInspected(told)).toEqual([{ id: 'c', restartCount: 2, cpus }]);
  });

  it('is refused when it is something else', () => {
    expect(() => readInspected('[{"Id": 3}]')).toThrow("can't read");
  });
});

describe('what df prints', () => {
  const head = 'Filesystem     1024-blocks     Used Available Capacity Mounted on\n';
  it.each([
    ['/dev/sda1 102400 76800 25600 75% /', { mountPoint: '/', used: 75 }],
    // Root's reserve counts for nobody: df itself says 80 % here.
    ['/dev/sda1 100000 72000 18000 80% /var/lib/docker', { mountPoint: '/var/lib/docker', used: 80 }],
    ['my disk 1000 1000 0 100% /mnt/my disk', { mountPoint: '/mnt/my disk', used: 100 }],
    ['none 0 0 0 - /proc', null],
    ['', null],
  ])('%s', (line, expected) => {
    expect(readDf(`${head}${line}\n`)).toEqual(expected);
  });
});
