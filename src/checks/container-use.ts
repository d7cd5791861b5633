import { z } from 'zod';
import { tryParseJson } from '../request/parse-json.ts';

/** What `docker stats` says of one container, on cgroup v1 and v2 alike. */
export interface ContainerUse {
  readonly id: string;
  /** Percent of its limit, or of the host's memory where it has none; `null` where Docker doesn't know. */
  readonly memory: number | null;
  /** `478MiB / 512MiB` */
  readonly memoryUse: string;
  /** Percent of one CPU: 200 is two busy ones; `null` where Docker doesn't know. */
  readonly cpu: number | null;
}

const statsLine = z.object({
  ID: z.string(),
  MemUsage: z.string(),
  MemPerc: z.string(),
  CPUPerc: z.string(),
});

/**
 * The lines of `docker stats --no-stream --no-trunc --format '{{json .}}'`. A figure that Docker doesn't have is `--`,
 * and a memory of `0B` is none either: no process runs in nothing. Throws `Error` where a line is something else.
 */
export function readStats(stdout: string): ContainerUse[] {
  return stdout
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const parsed = statsLine.safeParse(tryParseJson(line));
      if (!parsed.success) throw new Error(`\`docker stats\` printed what Homeport can't read: ${line.slice(0, 200)}`);
      const { ID, MemUsage, MemPerc, CPUPerc } = parsed.data;
      const told = !MemUsage.split('/').some((part) => /^(?:0B|--|)$/.test(part.trim()));
      return { id: ID, memory: told ? percentOf(MemPerc) : null, memoryUse: MemUsage.trim(), cpu: percentOf(CPUPerc) };
    });
}

function percentOf(text: string): number | null {
  const [, digits] = /^(\d+(?:\.\d+)?)%$/.exec(text.trim()) ?? [];
  return digits === undefined ? null : Number(digits);
}

/** What `docker inspect` says of one container. */
export interface ContainerFacts {
  readonly id: string;
  readonly restartCount: number;
  /** How many CPUs it may use; `null` where nothing limits it. */
  readonly cpus: number | null;
}

const inspected = z.array(
  z.object({
    Id: z.string(),
    RestartCount: z.number(),
    HostConfig: z.object({
      NanoCpus: z.number().nullish(),
      CpuQuota: z.number().nullish(),
      CpuPeriod: z.number().nullish(),
      CpusetCpus: z.string().nullish(),
    }),
  }),
);

/** What `docker inspect` printed. Throws `Error` where that is something else. */
export function readInspected(stdout: string): ContainerFacts[] {
  const parsed = inspected.safeParse(tryParseJson(stdout));
  if (!parsed.success) throw new Error("`docker inspect` printed what Homeport can't read");
  return parsed.data.map(({ Id, RestartCount, HostConfig: { NanoCpus, CpuQuota, CpuPeriod, CpusetCpus } }) => {
    // The kernel's default period is 100 ms.
    const quota = NanoCpus ? NanoCpus / 1e9 : CpuQuota && CpuQuota > 0 ? CpuQuota / (CpuPeriod || 100_000) : null;
    const limits = [quota, CpusetCpus ? countOf(CpusetCpus) : null].filter((limit) => limit !== null);
    return { id: Id, restartCount: RestartCount, cpus: limits.length === 0 ? null : Math.min(...limits) };
  });
}

/** `0-2,7` → 4 */
function countOf(cpuset: string): number {
  return cpuset
    .split(',')
    .map((range) => range.split('-').map(Number))
    .reduce((sum, [first = 0, last = first]) => sum + last - first + 1, 0);
}

/** One file system, as `df -Pk` tells it. */
export interface FileSystemUse {
  readonly mountPoint: string;
  /** Percent of what people may fill, as `df` counts it. */
  readonly used: number;
}

/** `null` where it says nothing of that kind, or of a file system without blocks. */
export function readDf(stdout: string): FileSystemUse | null {
  const [, used, available, mountPoint] = /\s\d+\s+(\d+)\s+(\d+)\s+(?:\d+%|-)\s+(\/.*)$/m.exec(stdout) ?? [];
  if (mountPoint === undefined) return null;
  const whole = Number(used) + Number(available);
  return whole === 0 ? null : { mountPoint: mountPoint.trim(), used: (100 * Number(used)) / whole };
}
