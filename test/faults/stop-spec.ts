/** Where in a command of Homeport the harness wants to step in; travels in the environment of that process. */
export interface StopSpec {
  /** `null`: nowhere; only what is durable is recorded. */
  readonly stop: StopPoint | CountedStop | null;
  /** Written, with what was reached, right before the process stops itself. */
  readonly reached: string;
  /** Where to record what is durable in the state folder; `null`: not at all. */
  readonly durable: { readonly record: string; readonly root: string } | null;
}

/**
 * `ahead`: the intent is about to be written. `before`: the intent is on the disk, the change has not begun. `during`: `delayMs` later, or when the change ends
 * sooner. `after`: the change is done, its outcome not yet written. `end`: the outcome is on the disk.
 */
export const moments = ['ahead', 'before', 'during', 'after', 'end'] as const;
export type Moment = (typeof moments)[number];

export interface StopPoint {
  readonly stage: string;
  readonly action: string;
  /** Counts from 1: an action may be done more than once. */
  readonly occurrence: number;
  readonly moment: Moment;
  readonly delayMs: number;
}

/** At the n-th entry that the process writes into the journal, from 1: before it is written, or once it is on the disk. */
export interface CountedStop {
  readonly entry: number;
  readonly moment: 'unwritten' | 'durable';
}

export const stopVariable = 'HOMEPORT_FAULTS_STOP';
