import { createHash } from 'node:crypto';
import type { Scenario } from './scenarios.ts';
import type { CountedStop, StopPoint } from './stop-spec.ts';

export const faultNames = [
  'kill',
  'kill-tree',
  'cancel',
  'kill-compose',
  'engine-restart',
  'engine-kill',
  'database-kill',
  'state-full',
  'engine-full',
  'pause',
  'power-loss',
  'second-kill',
  'rival',
] as const;
export type FaultName = (typeof faultNames)[number];

/** One try: a deployment, a fault in it, a recovery, and what must hold then. */
export interface FaultCase {
  /** `deploy/start/up/during/kill`, `random/17`; what `--only` chooses by. */
  readonly id: string;
  readonly scenario: Scenario;
  readonly fault: FaultName;
  /** A point in the journal, or milliseconds after the command began. */
  readonly at: StopPoint | { readonly afterMs: number };
  /** Who recovers: `homeport recover`, or the next deployment. */
  readonly recovery: 'recover' | 'deploy';
  /** Where the recovery is killed in its turn. */
  readonly second: CountedStop | { readonly afterMs: number } | null;
  readonly seed: number;
}

export interface CaseResult {
  readonly id: string;
  /** Empty when all holds. */
  readonly problems: readonly string[];
  /** The column and the row of the table. */
  readonly point: string;
  readonly moment: string;
  readonly fault: FaultName;
  /** What ran in the end: the release before, or the one that was being deployed. */
  readonly ended: 'old' | 'new' | 'unknown';
  readonly seconds: number;
  /** Of the command that recovered; `null` where that was a deployment, or nothing was to do. */
  readonly recoverySeconds: number | null;
  /** Where the evidence of a failure was put. */
  readonly evidence: string | null;
}

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
export function randomOf(seed: number, name: string): () => number {
  let state = createHash('sha256').update(`${seed} ${name}`).digest().readUInt32LE(0);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function pick<T>(random: () => number, list: readonly T[]): T {
  const chosen = list[Math.floor(random() * list.length)];
  if (chosen === undefined) throw new Error('nothing to choose from');
  return chosen;
}
