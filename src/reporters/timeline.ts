import type { Report, StageReport } from '../deployment/report.ts';

export interface Bar {
  readonly stage: StageReport;
  /** Seconds since the deployment began. */
  readonly offset: number;
  /** Seconds. */
  readonly duration: number;
}

export interface Timeline {
  /** Seconds; more than 0. */
  readonly total: number;
  /** The stages that have begun, in the report's order. */
  readonly bars: readonly Bar[];
}

export function timelineOf(report: Report): Timeline {
  const begin = Date.parse(report.started_at);
  const bars = report.stages.flatMap((stage): Bar[] => {
    const started = stage.started_at === null ? Number.NaN : Date.parse(stage.started_at);
    if (Number.isNaN(started)) return [];
    return [
      { stage, offset: Math.max(0, (started - begin) / 1000 || 0), duration: Math.max(0, stage.duration_seconds) },
    ];
  });
  const end = Math.max(report.duration_seconds, ...bars.map(({ offset, duration }) => offset + duration));
  return { total: Math.max(end, 0.1), bars };
}
