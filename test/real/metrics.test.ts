import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { debianSources, readDistribution, unpackFrom } from '../../scripts/machine/apt.ts';
import { findExecutable } from '../../scripts/machine/commands.ts';
import { MetricsReporter } from '../../src/reporters/metrics.ts';
import { reports } from '../support/reports.ts';

let folder: string;
let promtool: string;

/** The machine's own, else that of Debian's package, unpacked for this test alone. */
async function findPromtool(): Promise<string> {
  const own = await findExecutable('promtool');
  if (own !== undefined) return own;
  const { codename } = await readDistribution();
  const source = (await debianSources(codename)).find(({ suite }) => suite === codename);
  if (source === undefined) throw new Error('There is no promtool: install the package `prometheus`.');
  await unpackFrom(source, ['prometheus'], folder);
  return join(folder, 'usr/bin/promtool');
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'homeport-promtool-'));
  promtool = await findPromtool();
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

it("promtool finds nothing to say about a project's metrics, whatever was deployed", async () => {
  const path = join(folder, 'mundus.prom');
  for (const value of [...Object.values(reports), ...Object.values(reports)]) {
    const reporter = new MetricsReporter(path);
    // The hostile one keeps its labels: they are what promtool has to read.
    reporter.event({ type: 'finished', report: { ...value, project: 'mundus' } });
    await reporter.close(new AbortController().signal);
  }
  const text = readFileSync(path);
  expect(text.toString()).toContain('homeport_deployments_total{project="mundus",command="deploy",status="success"} 4');
  // It says what it finds on standard output or error, and fails then.
  const said = execFileSync(promtool, ['check', 'metrics'], { input: text, encoding: 'utf8', timeout: 60_000 });
  expect(said).toBe('');
});
