import type { Cleanup } from '../scripts/demo/cleanup.ts';

/** What every benchmark is given. */
export interface Bench {
  /** How often each side is measured. */
  readonly runs: number;
  /** Random; stands in the name of everything that is made. */
  readonly seed: string;
  /** A folder of this run alone. */
  readonly folder: string;
  readonly signal: AbortSignal;
  /** Removes what is made, however the run ends. */
  readonly cleanup: Cleanup;
  /** Tells the person what is under way. */
  readonly say: (line: string) => void;
}

export type Unit = 's' | 'ms' | 'MiB';

/** Several ways to do the same, measured in turn. */
export interface Comparison {
  readonly what: string;
  readonly unit: Unit;
  /** The samples of each side, by its name, in the order in which they were taken. */
  readonly sides: Readonly<Record<string, readonly number[]>>;
}

/** A promise, and what was measured. */
export interface Goal {
  readonly what: string;
  readonly measured: number;
  readonly atMost: number;
  readonly unit: Unit | '%' | 'times';
}

export interface Result {
  readonly comparisons: readonly Comparison[];
  readonly goals: readonly Goal[];
  /** Whatever explains the numbers, for the JSON file. */
  readonly details: Readonly<Record<string, unknown>>;
}

export interface Benchmark {
  readonly name: string;
  readonly title: string;
  run(bench: Bench): Promise<Result>;
}
