import { type Report, stageNames } from '../deployment/report.ts';
import { isCritical, nounOf } from './verdict.ts';

/** What the history of a project comes down to, in numbers. Lists are oldest first; nothing here is escaped. */

export interface Face {
  readonly tone: 'good' | 'warning' | 'bad' | 'critical' | 'neutral';
  /** One character, so that colour is never the only sign. */
  readonly mark: string;
  readonly words: string;
}

const faces = {
  success: { tone: 'good', mark: '✓', words: 'successful' },
  partial_success: { tone: 'warning', mark: '±', words: 'partial success' },
  rolled_back: { tone: 'warning', mark: '↩', words: 'rolled back' },
  failed: { tone: 'bad', mark: '×', words: 'failed' },
  critical: { tone: 'critical', mark: '!', words: 'CRITICAL' },
  aborted: { tone: 'neutral', mark: '–', words: 'aborted' },
} as const satisfies Readonly<Record<Report['status'] | 'critical', Face>>;

/** How one deployment ended. */
export function faceOf(report: Report): Face {
  return faces[isCritical(report) ? 'critical' : report.status];
}

/** `rolled back`; for another command than `deploy` with its name: `Backup: failed`. */
export function resultWords(report: Report): string {
  const { words } = faceOf(report);
  return report.command === 'deploy' ? words : `${nounOf(report)}: ${words}`;
}

/** Each way to end that occurs, with its number, the good one first. */
export function outcomesOf(reports: readonly Report[]): { readonly face: Face; readonly count: number }[] {
  return Object.values(faces)
    .map((face) => ({ face, count: reports.filter((report) => faceOf(report) === face).length }))
    .filter(({ count }) => count > 0);
}

/** Rollbacks on purpose, backups and restores are no deployments: they take another time, and fail for other reasons. */
export function deploymentsOf(reports: readonly Report[]): Report[] {
  return reports.filter(({ command }) => command === 'deploy');
}

export interface Rate {
  /** `last 10`, `all` */
  readonly of: string;
  readonly good: number;
  readonly all: number;
  /** 0 to 100, rounded down: only when all went well it is 100. */
  readonly percent: number;
}

/** Of the newest 10 and 30, where there are more, and of all; empty without a deployment. */
export function ratesOf(deployments: readonly Report[]): Rate[] {
  if (deployments.length === 0) return [];
  const windows = [10, 30].filter((size) => size < deployments.length);
  return [...windows, deployments.length].map((size, index) => {
    const good = deployments.slice(-size).filter(({ status }) => status === 'success').length;
    const of = index < windows.length ? `last ${size}` : 'all';
    return { of, good, all: size, percent: Math.floor((100 * good) / size) };
  });
}

const order: readonly string[] = stageNames;

export interface StageShare {
  readonly name: string;
  /** Seconds, the mean of the deployments. */
  readonly seconds: number;
  /** 0 to 100, of their whole duration; stages that run side by side make it more than 100 together. */
  readonly percent: number;
}

/** What each stage takes, in the stages' order; those that took no time are left out. */
export function stageShares(deployments: readonly Report[]): StageShare[] {
  const sums = new Map<string, number>();
  for (const { name, duration_seconds: seconds } of deployments.flatMap(({ stages }) => stages)) {
    sums.set(name, (sums.get(name) ?? 0) + Math.max(0, seconds));
  }
  const whole = deployments.reduce((sum, { duration_seconds: seconds }) => sum + Math.max(0, seconds), 0);
  const place = (name: string): number => {
    const known = order.indexOf(name);
    return known === -1 ? stageNames.length : known;
  };
  return [...sums]
    .filter(([, sum]) => sum > 0)
    .toSorted(([one], [other]) => place(one) - place(other))
    .map(([name, sum]) => ({
      name,
      seconds: sum / deployments.length,
      percent: whole === 0 ? 0 : Math.min(100, (100 * sum) / whole),
    }));
}

/** `null` of nothing. */
export function medianOf(values: readonly number[]): number | null {
  const sorted = values.toSorted((one, other) => one - other);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.floor((sorted.length - 1) / 2)];
  return upper === undefined || lower === undefined ? null : (lower + upper) / 2;
}
