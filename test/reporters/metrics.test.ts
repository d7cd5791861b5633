import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Report } from '../../src/deployment/report.ts';
import { MetricsReporter } from '../../src/reporters/metrics.ts';
import { critical, gateFailed, hostile, report, smokeRolledBack, successful } from '../support/reports.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'homeport-metrics-'));
  path = join(folder, 'mundus.prom');
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

async function take(...values: Report[]): Promise<void> {
  for (const value of values) {
    const reporter = new MetricsReporter(path);
    reporter.event({ type: 'started', report: value });
    reporter.event({ type: 'finished', report: value });
    await reporter.close(new AbortController().signal);
  }
}

const text = () => readFileSync(path, 'utf8');
const lines = () => text().split('\n');
/** The value of the series that holds all of these words. */
function seen(name: string, ...words: string[]): number | null {
  const found = lines().filter((line) => line.startsWith(`${name}{`) && words.every((word) => line.includes(word)));
  if (found.length > 1) throw new Error(`more than one: ${found.join('\n')}`);
  return found[0] === undefined ? null : Number(found[0].split(' ').at(-1));
}
const ended = (status: string) => seen('homeport_deployments_total', 'command="deploy"', `status="${status}"`);

describe('the file of metrics', () => {
  it('counts what was deployed by how it ended, from one deployment to the next', async () => {
    await take(successful);
    expect([ended('success'), ended('failed'), ended('rolled_back')]).toEqual([1, 0, 0]);
    await take(successful, smokeRolledBack, gateFailed, gateFailed, { ...successful, command: 'backup' });
    expect([ended('success'), ended('failed'), ended('rolled_back')]).toEqual([2, 2, 1]);
    expect(seen('homeport_deployments_total', 'command="backup"', 'status="success"')).toBe(1);
  });

  it('has how long the stages that ran took, as histograms', async () => {
    await take(successful, gateFailed);
    const build = (le: string) => seen('homeport_stage_duration_seconds_bucket', 'stage="build"', `le="${le}"`);
    expect([build('10'), build('30'), build('60'), build('+Inf')]).toEqual([0, 1, 2, 2]);
    expect(seen('homeport_stage_duration_seconds_sum', 'stage="build"')).toBe(44.2);
    expect(seen('homeport_stage_duration_seconds_count', 'stage="smoke"')).toBe(1);
    expect(seen('homeport_deployment_duration_seconds_sum', 'command="deploy"')).toBe(96.1);
  });

  it('has when the last one went well, and whether the last one did', async () => {
    await take(successful);
    const good = Date.parse(successful.finished_at) / 1000;
    expect(seen('homeport_last_deployment_success')).toBe(1);
    await take({ ...gateFailed, finished_at: '2025-12-24T18:00:00.000Z' });
    expect(seen('homeport_last_deployment_success')).toBe(0);
    expect(seen('homeport_last_success_timestamp_seconds')).toBe(good);
    expect(seen('homeport_last_deployment_timestamp_seconds')).toBe(Date.parse('2025-12-24T18:00:00Z') / 1000);
  });

  it('has the coverage that was measured last, as a ratio', async () => {
    await take(successful, { ...gateFailed, coverage: null });
    expect(seen('homeport_coverage_ratio')).toBe(0.8314);
    expect(seen('homeport_coverage_minimum_ratio')).toBe(0.7);
    if (successful.coverage === null) throw new Error('no coverage');
    await take({ ...successful, coverage: { ...successful.coverage, minimum: null } });
    expect(seen('homeport_coverage_minimum_ratio')).toBeNull();
  });

  it('has the age and the size of the last backup that was verified', async () => {
    await take(successful);
    const [backup] = successful.backups;
    if (backup === undefined) throw new Error('no backup');
    const backupSeen = () => [
      seen('homeport_last_verified_backup_timestamp_seconds', 'service="db"', 'database="server_agent"'),
      seen('homeport_last_verified_backup_size_bytes', 'kind="postgres"'),
    ];
    const first = [Date.parse('2025-11-21T10:15:02Z') / 1000, 48_318_221];
    expect(backupSeen()).toEqual(first);
    const next = { ...backup, file: backup.file.replace('20251121T101502Z', '20251122T000000Z'), bytes: 5 };
    await take({ ...successful, backups: [{ ...next, verified: 'none' }] }, { ...successful, backups: [] });
    expect(backupSeen()).toEqual(first);
    await take({ ...successful, command: 'backup', backups: [{ ...next, verified: 'read' }] });
    expect(backupSeen()).toEqual([Date.parse('2025-11-22T00:00:00Z') / 1000, 5]);
  });

  it('has the release that runs, and none while nobody knows', async () => {
    const release = () => lines().filter((line) => line.startsWith('homeport_release_info'));
    const info = (name: string | null, commit: string | null) =>
      `homeport_release_info{project="mundus",release="${name}",commit="${commit}"} 1`;
    await take(gateFailed);
    expect(release()).toEqual([info(gateFailed.previous_release, '')]);
    await take(successful, smokeRolledBack, { ...successful, command: 'backup', release: null });
    expect(release()).toEqual([info(successful.release, successful.commit)]);
    await take(critical);
    expect(release()).toEqual([]);
    await take({ ...smokeRolledBack, status: 'failed', release: 'left', details: { left_running: true } });
    expect(release()).toEqual([info('left', successful.commit)]);
  });

  it('can be read by another user, and leaves nothing beside it', async () => {
    const before = process.umask(0o077);
    await take(successful);
    process.umask(before);
    expect(statSync(path).mode & 0o777).toBe(0o644);
    expect(readdirSync(folder)).toEqual(['mundus.prom']);
  });

  it('goes on from names that need escapes', async () => {
    const odd = 'a "quoted" \\ name\nwith } = , and \r\u2028 in it';
    const value = report({
      backups: successful.backups.map((backup) => ({ ...backup, database: odd, service: odd })),
    });
    await take(value, value, value);
    expect(ended('success')).toBe(3);
    expect(text()).toContain('a \\"quoted\\" \\\\ name\\nwith } = , and');
    await rmSync(path);
    await take(hostile, hostile);
    expect(ended('failed')).toBe(2);
  });

  it('counts on when a clock was set back meanwhile', async () => {
    await take(successful, { ...successful, duration_seconds: -3 }, successful);
    expect(seen('homeport_deployment_duration_seconds_sum')).toBe(142.4);
  });

  it('begins with an empty file too', async () => {
    writeFileSync(path, '');
    await take(successful);
    expect(ended('success')).toBe(1);
  });
});

describe('a file of metrics that is not as it was written', () => {
  it.each<[string, (good: string) => string]>([
    ['words', () => 'this is no file of metrics\n'],
    ['zeros, after a power loss', (good) => '\0'.repeat(good.length)],
    ['half of it', (good) => good.slice(0, good.length / 2)],
    ['half a histogram', (good) => good.replace(/^homeport_stage_duration_seconds_sum.*\n/m, '')],
    ['a histogram that falls', (good) => good.replace(/(stage="build",le="120"\}) 1/, '$1 0')],
    ['buckets that are not ours', (good) => good.replaceAll('le="60"', 'le="61"')],
    ['a count that is none', (good) => good.replace(/(status="success"\}) 1/, '$1 1.5')],
    ['a number that is none', (good) => good.replace(/(status="success"\}) 1/, '$1 NaN')],
    ['a negative number', (good) => good.replace(/(status="success"\}) 1/, '$1 -1')],
    ['another label', (good) => good.replace('status="success"', 'state="success"')],
    ['a label twice', (good) => good.replace('status="success"', 'status="success",status="success"')],
    ['a line twice', (good) => good.replace(/^(homeport_release_info.*\n)/m, '$1$1')],
    ['the metric of somebody else', (good) => `${good}node_load1 0.5\n`],
    ['a timestamp behind a value', (good) => good.replace(/(status="success"\}) 1/, '$1 1 1763720171')],
  ])('is set aside, told and begun anew: %s', async (_, damage) => {
    await take(successful);
    const broken = damage(text());
    expect(broken).not.toBe(text());
    writeFileSync(path, broken);
    await expect(take(successful)).rejects.toThrow(`${path} was broken`);
    expect(ended('success')).toBe(1);
    expect(readFileSync(`${path}.broken`, 'utf8')).toBe(broken);
    await take(successful);
    expect(ended('success')).toBe(2);
  });
});

describe('a file of metrics that can not be kept', () => {
  it("is left alone when it is another project's", async () => {
    await take({ ...successful, project: 'other' });
    const before = text();
    await expect(take(successful)).rejects.toThrow('it holds the metrics of the project other. Give each project');
    expect(text()).toBe(before);
    expect(readdirSync(folder)).toEqual(['mundus.prom']);
  });

  it('is told where its folder is not there', async () => {
    path = join(folder, 'gone', 'mundus.prom');
    await expect(take(successful)).rejects.toThrow('the folder of the file can not be opened: ENOENT');
  });

  it('is told where a folder has its name', async () => {
    path = folder;
    await expect(take(successful)).rejects.toThrow('EISDIR');
    chmodSync(folder, 0o700);
  });
});

describe('deployments that end at the same moment', () => {
  it('are all counted', async () => {
    await Promise.all(Array.from({ length: 8 }, () => take(successful)));
    expect(ended('success')).toBe(8);
  });

  it('wait for each other no longer than a few seconds', async () => {
    const holder = spawn('flock', [folder, 'sh', '-c', 'echo held; read wait'], { stdio: ['pipe', 'pipe', 'ignore'] });
    await once(holder.stdout, 'data');
    const begun = Date.now();
    await expect(take(successful)).rejects.toThrow(`${folder} can not be locked`);
    expect(Date.now() - begun).toBeLessThan(9000);
    holder.stdin.end('\n');
    await once(holder, 'exit');
  }, 15_000);
});
