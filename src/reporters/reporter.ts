import type { Report, StageReport } from '../deployment/report.ts';

/** What a deployment tells while it goes on. Every text in it is redacted already. */
export type DeploymentEvent =
  | { readonly type: 'started'; readonly report: Report }
  | { readonly type: 'stage-started'; readonly stage: StageReport; readonly report: Report }
  | { readonly type: 'stage-finished'; readonly stage: StageReport; readonly report: Report }
  | { readonly type: 'line'; readonly stage: string; readonly text: string }
  | { readonly type: 'warning'; readonly stage: string; readonly text: string }
  | { readonly type: 'finished'; readonly report: Report };

/**
 * Sees events; can't hurt: whatever it throws is a warning, and `close` runs under a deadline of 10 s for all reporters
 * together. `event` must not block: a reporter that talks over a network queues, and ends its queue in `close`.
 */
export interface Reporter {
  readonly name: string;
  event(event: DeploymentEvent): void;
  /** Ends what is under way. `signal` aborts at the deadline. May reject; that becomes a warning. */
  close(signal: AbortSignal): Promise<void>;
}
