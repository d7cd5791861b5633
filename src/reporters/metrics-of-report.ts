import { basename } from 'node:path';
import { deploymentStatuses, type Report } from '../deployment/report.ts';
import type { Family, MetricStore } from './metric-store.ts';
import { isCritical } from './verdict.ts';

/*
 * Names and units by https://prometheus.io/docs/practices/naming/. They are promises: dashboards and alerts are made of
 * them, and a file that an older version wrote is read by them.
 */
export const families = [
  {
    name: 'homeport_deployments_total',
    type: 'counter',
    help: 'What was deployed, rolled back, backed up or restored, by how it ended.',
    labels: ['project', 'command', 'status'],
  },
  {
    name: 'homeport_deployment_duration_seconds',
    type: 'histogram',
    help: 'How long each took from its beginning to its verdict.',
    labels: ['project', 'command'],
  },
  {
    name: 'homeport_stage_duration_seconds',
    type: 'histogram',
    help: 'How long each stage that ran took.',
    labels: ['project', 'stage'],
  },
  {
    name: 'homeport_last_deployment_timestamp_seconds',
    type: 'gauge',
    help: 'When the last deployment or rollback ended.',
    labels: ['project'],
  },
  {
    name: 'homeport_last_deployment_success',
    type: 'gauge',
    help: 'Whether the last deployment or rollback went well: 1 or 0.',
    labels: ['project'],
  },
  {
    name: 'homeport_last_success_timestamp_seconds',
    type: 'gauge',
    help: 'When the last deployment or rollback that went well ended.',
    labels: ['project'],
  },
  {
    name: 'homeport_release_info',
    type: 'gauge',
    help: 'The release that runs; none while that is unknown. Always 1.',
    labels: ['project', 'release', 'commit'],
  },
  {
    name: 'homeport_coverage_ratio',
    type: 'gauge',
    help: 'Share of lines that the tests covered when they last ran.',
    labels: ['project'],
  },
  {
    name: 'homeport_coverage_minimum_ratio',
    type: 'gauge',
    help: 'Share of lines that the tests had to cover then.',
    labels: ['project'],
  },
  {
    name: 'homeport_last_verified_backup_timestamp_seconds',
    type: 'gauge',
    help: 'When the last backup began that was verified.',
    labels: ['project', 'service', 'kind', 'database'],
  },
  {
    name: 'homeport_last_verified_backup_size_bytes',
    type: 'gauge',
    help: 'Size of that backup.',
    labels: ['project', 'service', 'kind', 'database'],
  },
] as const satisfies readonly Family[];

/** Adds what a report says to the metrics of its project. */
export function takeReport(store: MetricStore, report: Report): void {
  const { command } = report;
  // All of them from the beginning: the first failure is an increase then.
  for (const status of deploymentStatuses) {
    store.add('homeport_deployments_total', { command, status }, status === report.status ? 1 : 0);
  }
  store.observe('homeport_deployment_duration_seconds', { command }, report.duration_seconds);
  for (const { name, started_at, duration_seconds } of report.stages) {
    if (started_at !== null) store.observe('homeport_stage_duration_seconds', { stage: name }, duration_seconds);
  }
  takeCoverage(store, report);
  takeBackups(store, report);
  if (command !== 'deploy' && command !== 'rollback') return;
  const ended = secondsOf(report.finished_at);
  const good = report.status === 'success';
  store.set('homeport_last_deployment_timestamp_seconds', {}, ended);
  store.set('homeport_last_deployment_success', {}, good ? 1 : 0);
  if (good) store.set('homeport_last_success_timestamp_seconds', {}, ended);
  takeRelease(store, report);
}

function takeCoverage(store: MetricStore, { coverage }: Report): void {
  if (coverage === null) return;
  store.set('homeport_coverage_ratio', {}, ratioOf(coverage.percent));
  store.remove('homeport_coverage_minimum_ratio');
  if (coverage.minimum !== null) store.set('homeport_coverage_minimum_ratio', {}, ratioOf(coverage.minimum));
}

function takeBackups(store: MetricStore, report: Report): void {
  for (const { service, kind, database, file, bytes, verified } of report.backups) {
    if (verified === 'none') continue;
    const labels = { service, kind, database };
    const begun = momentIn(file) ?? report.started_at;
    store.set('homeport_last_verified_backup_timestamp_seconds', labels, secondsOf(begun));
    store.set('homeport_last_verified_backup_size_bytes', labels, bytes);
  }
}

/** What ran before still runs, unless the report says otherwise. */
function takeRelease(store: MetricStore, report: Report): void {
  const name = 'homeport_release_info';
  const isNew = report.status === 'success' || report.details.left_running === true;
  if (isNew || isCritical(report)) store.remove(name);
  if (isNew && report.release !== null) store.set(name, { release: report.release, commit: report.commit ?? '' }, 1);
  if (isNew || isCritical(report) || store.has(name) || report.previous_release === null) return;
  store.set(name, { release: report.previous_release, commit: '' }, 1);
}

/** The moment in a backup's name, `db-shop-20251121T101500Z.dump`, as an ISO date. */
function momentIn(file: string): string | null {
  const found = /-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z(?:-\d+)?\./.exec(basename(file));
  if (found === null) return null;
  const [, year, month, day, hour, minute, second] = found;
  return `${year}-${month}-${day}T${hour}:${minute}:${second}Z`;
}

function secondsOf(date: string): number {
  return Date.parse(date) / 1000;
}

/** 83.14 % as 0.8314, without what binary fractions add. */
function ratioOf(percent: number): number {
  return Math.round(percent * 1e4) / 1e6;
}
