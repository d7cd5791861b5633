import { worstFiles } from '../coverage/coverage.ts';
import type { Request } from '../request/schema.ts';
import type { Door } from './door.ts';
import { exitCodes } from './error.ts';
import type { Facts } from './facts.ts';
import { outcomeOf } from './outcome.ts';
import type { Plan } from './plan.ts';
import { round } from './recorder.ts';
import type { Release } from './release.ts';
import { type Report, type StageReport, worstFilesTold } from './report.ts';
import type { RunResult } from './run.ts';
import type { Stage } from './stage.ts';

/** The report of a command that has just begun. */
export function emptyReport(
  request: Request,
  door: Pick<Door, 'repository' | 'branch' | 'triggeredBy' | 'who' | 'runUrl'>,
  begun: { facts: Facts; plan: Plan; log: string | null },
): Report {
  const { facts, plan } = begun;
  const stages = [...plan.stages, plan.rollback];
  return {
    schema: 1,
    deployment: facts.id,
    project: facts.project,
    command: request.command,
    repository: door.repository,
    branch: door.branch,
    commit: null,
    triggered_by: door.triggeredBy,
    who: door.who,
    run_url: door.runUrl,
    status: 'aborted',
    phase: stages[0]?.name ?? '',
    exit_code: exitCodes.aborted,
    systems_deployed: [],
    started_at: facts.startedAt.toISOString(),
    finished_at: facts.startedAt.toISOString(),
    duration_seconds: 0,
    overhead_seconds: 0,
    release: null,
    previous_release: null,
    coverage: null,
    backups: [],
    stages: stages.map(pendingStage),
    error: null,
    warnings: [],
    changes: facts.changes,
    log: begun.log,
    details: {},
  };
}

/** A stage's entry before it begins. */
export function pendingStage({ name }: Pick<Stage, 'name'>): StageReport {
  return {
    name,
    target: 'local',
    status: 'pending',
    started_at: null,
    duration_seconds: 0,
    commands: [],
    error: null,
  };
}

/** Fills in how it went. */
export function finishReport(
  report: Report,
  result: RunResult,
  ended: {
    facts: Facts;
    plan: { readonly stages: readonly Pick<Stage, 'name'>[] };
    recorded: Release | null;
    minimumCoverage: number | null;
    busyMs: number;
    redact: (text: string) => string;
  },
): void {
  const { facts, plan, redact } = ended;
  const outcome = outcomeOf(result, facts, plan.stages.at(-1)?.name ?? '');
  report.status = outcome.status;
  report.phase = outcome.phase;
  report.exit_code = outcome.exit_code;
  report.error = outcome.error === null ? null : redacted(outcome.error, redact);
  const failed = report.stages.find((stage) => stage.name === outcome.phase);
  if (failed?.status === 'pending' && report.error !== null) {
    failed.status = 'failed';
    failed.error = report.error.message;
  }
  for (const stage of report.stages) if (stage.status === 'pending') stage.status = 'skipped';
  report.commit = commitOf(report, facts);
  report.branch ??= facts.source?.branch ?? null;
  report.release = facts.release?.id ?? null;
  report.previous_release = (facts.snapshot === undefined ? ended.recorded : facts.snapshot.release)?.id ?? null;
  report.systems_deployed = facts.disturbed || outcome.status === 'success' ? ['local'] : [];
  report.coverage = coverageOf(facts, ended.minimumCoverage, redact);
  if (facts.budgets.length > 0) report.budgets = [...facts.budgets];
  report.backups = facts.backups.map((backup) => ({
    service: backup.service,
    kind: backup.kind,
    database: backup.database,
    file: backup.file,
    bytes: backup.bytes,
    sha256: backup.sha256,
    verified: backup.verified,
    rows: Object.values(backup.rows).reduce((sum, rows) => sum + rows, 0),
    duration_seconds: backup.durationSeconds,
  }));
  report.changes = facts.changes;
  report.details = { ...facts.details, ...outcome.details };
  const wall = Math.max(0, Date.now() - facts.startedAt.getTime());
  report.finished_at = new Date().toISOString();
  report.duration_seconds = round(wall / 1000);
  report.overhead_seconds = round(Math.max(0, wall - ended.busyMs) / 1000);
}

function redacted(error: NonNullable<Report['error']>, redact: (text: string) => string): NonNullable<Report['error']> {
  return {
    stage: error.stage,
    message: redact(error.message),
    hint: redact(error.hint),
    excerpt: error.excerpt === null ? null : redact(error.excerpt),
  };
}

/** Of the checkout; after a rollback on purpose, of the release that it went to. */
function commitOf(report: Report, facts: Facts): string | null {
  return report.command === 'rollback' ? (facts.release?.commit ?? null) : (facts.source?.commit ?? report.commit);
}

function coverageOf(
  { coverage, coverageBefore }: Facts,
  minimum: number | null,
  redact: (text: string) => string,
): Report['coverage'] {
  if (coverage === undefined) return null;
  return {
    percent: Math.floor(coverage.percent * 100) / 100,
    minimum,
    lines_covered: coverage.linesCovered,
    lines_total: coverage.linesTotal,
    files: [...coverage.files],
    unit: coverage.unit,
    branches: coverage.branches,
    worst: worstFiles(coverage.byFile, worstFilesTold).map(({ file, linesCovered, linesTotal, unit }) => ({
      file: redact(file),
      lines_covered: linesCovered,
      lines_total: linesTotal,
      unit,
    })),
    before: coverageBefore ?? null,
  };
}
