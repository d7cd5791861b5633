import type { CaseResult, FaultCase } from './case.ts';
import type { Entries } from './entries.ts';
import type { Point } from './journal-points.ts';
import type { Scenario } from './scenarios.ts';

/** What a lane is started with. */
export interface LaneSettings {
  /** An empty folder of its own. */
  readonly folder: string;
  /** Homeport, for all but the cases. */
  readonly entries: Entries;
  /** A file that `docker save` wrote, with the base images. */
  readonly archive: string;
  /** The control group that its containers are under. */
  readonly cgroup: string;
  /** Where evidence of failures is kept; outlives the lane. */
  readonly evidence: string;
}

/** One line of JSON each way; the answer to each question comes before the next one. */
export type Question =
  | { readonly ask: 'reference'; readonly scenario: Scenario }
  | { readonly ask: 'case'; readonly one: FaultCase; readonly entries: Entries }
  | { readonly ask: 'compose' };

export interface Reference {
  readonly points: readonly Point[];
  /** Of the whole deployment. */
  readonly ms: number;
}

export type Answer =
  | { readonly kind: 'ready' }
  | { readonly kind: 'reference'; readonly reference: Reference }
  | { readonly kind: 'case'; readonly result: CaseResult }
  /** `docker compose down` and `up --detach` of the same project, in seconds. */
  | { readonly kind: 'compose'; readonly seconds: readonly number[] }
  | { readonly kind: 'broken'; readonly why: string };
