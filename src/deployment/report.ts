import { z } from 'zod';
import type { HostFiles } from '../hosts/host.ts';

/** Source files with untested code that a report names. */
export const worstFilesTold = 10;

export const stageNames = [
  'preflight',
  'source',
  'snapshot',
  'backup',
  'test',
  'build',
  'migrate',
  'start',
  'smoke',
  'promote',
  'rollback',
  /** Only of the command `restore`. */
  'restore',
] as const;
export type StageName = (typeof stageNames)[number];

export const stageStatuses = ['pending', 'running', 'success', 'failed', 'skipped', 'cancelled'] as const;
export const deploymentStatuses = ['success', 'partial_success', 'failed', 'aborted', 'rolled_back'] as const;

const coverageReport = z.object({
  percent: z.number(),
  minimum: z.number().nullable(),
  /** Statements where that is the unit. */
  lines_covered: z.number(),
  lines_total: z.number(),
  files: z.array(z.string()),
  // Not in the reports of earlier versions.
  unit: z.enum(['lines', 'statements', 'lines and statements']).optional(),
  /** `null` when the tests' reports tell none. */
  branches: z.object({ covered: z.number(), total: z.number() }).nullable().optional(),
  /** The source files with most untested lines, at most ten. */
  worst: z
    .array(
      z.object({
        file: z.string(),
        lines_covered: z.number(),
        lines_total: z.number(),
        unit: z.enum(['lines', 'statements']),
      }),
    )
    .optional(),
  /** Of the release that was good and running; `null` when it isn't known. */
  before: z.object({ release: z.string(), percent: z.number() }).nullable().optional(),
});

const commandReport = z.object({
  command: z.string(),
  exit_code: z.number().nullable(),
  duration_seconds: z.number(),
  output: z.string(),
});

const stageReport = z.object({
  name: z.string(),
  target: z.string(),
  status: z.enum(stageStatuses),
  started_at: z.string().nullable(),
  duration_seconds: z.number(),
  commands: z.array(commandReport),
  error: z.string().nullable(),
});

const backupReport = z.object({
  service: z.string(),
  kind: z.string(),
  database: z.string(),
  file: z.string(),
  bytes: z.number(),
  sha256: z.string(),
  verified: z.string(),
  rows: z.number(),
  duration_seconds: z.number(),
});

const testReport = z.object({
  name: z.string(),
  status: z.enum(['success', 'failed', 'cancelled']),
  duration_seconds: z.number(),
  /** Where the suite wrote a report that could be read. */
  counts: z.object({ tests: z.number(), failures: z.number(), skipped: z.number() }).optional(),
  /** The first of those that failed. */
  failing: z.array(z.object({ name: z.string(), message: z.string() })).optional(),
});

/** The report of one deployment (or rollback, backup, restore): one schema for every consumer. */
export const reportSchema = z.object({
  schema: z.literal(1),
  deployment: z.string(),
  project: z.string(),
  /** `deploy`, `rollback`, `backup` or `restore`. */
  command: z.string(),
  repository: z.string().nullable(),
  branch: z.string().nullable(),
  commit: z.string().nullable(),
  triggered_by: z.string(),
  /** `octocat by https://…/actions/runs/1`, `root by homeport deploy`. Not in the reports of earlier versions. */
  who: z.string().optional(),
  run_url: z.string().nullable(),
  status: z.enum(deploymentStatuses),
  /** The stage that it ended in: `promote` when all went well, else the one that said no. */
  phase: z.string(),
  exit_code: z.number(),
  systems_deployed: z.array(z.string()),
  started_at: z.string(),
  finished_at: z.string(),
  duration_seconds: z.number(),
  /** Wall clock less the time in which a command, a check or a watch was under way. */
  overhead_seconds: z.number(),
  release: z.string().nullable(),
  previous_release: z.string().nullable(),
  coverage: coverageReport.nullable(),
  /** Where the request has any: what each was measured at, `null` where it could not be. */
  budgets: z
    .array(
      z.object({
        name: z.string(),
        value: z.number().nullable(),
        maximum: z.number(),
        status: z.enum(['success', 'failed']),
      }),
    )
    .optional(),
  backups: z.array(backupReport),
  stages: z.array(stageReport),
  error: z
    .object({
      stage: z.string(),
      message: z.string(),
      hint: z.string(),
      excerpt: z.string().nullable(),
    })
    .nullable(),
  warnings: z.array(z.string()),
  /** What changed, for people: services with the images before and after, commits, migrations. */
  changes: z.object({
    services: z.array(
      z.object({
        service: z.string(),
        change: z.enum(['started', 'recreated', 'unchanged', 'removed']),
        image_before: z.string().nullable(),
        image_after: z.string().nullable(),
      }),
    ),
    commits: z.array(z.object({ sha: z.string(), subject: z.string(), author: z.string() })),
    migrations: z.array(z.object({ service: z.string(), command: z.string() })),
    tests: z.array(testReport),
  }),
  log: z.string().nullable(),
  details: z.record(z.string(), z.unknown()),
});

export type Report = z.infer<typeof reportSchema>;
export type StageReport = Report['stages'][number];
export type CommandReport = StageReport['commands'][number];
export type BackupReport = Report['backups'][number];
export type BudgetReport = NonNullable<Report['budgets']>[number];
export type TestReport = Report['changes']['tests'][number];

/** Durable and atomic; throws what the disk says. */
export async function writeReport(files: HostFiles, path: string, report: Report): Promise<void> {
  await files.writeText(path, `${JSON.stringify(report, null, 2)}\n`, 0o600);
}
