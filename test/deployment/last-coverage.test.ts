import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { coverageOfRelease } from '../../src/deployment/last-coverage.ts';
import { type Places, placesOf, reportPath } from '../../src/deployment/places.ts';
import { type Report, writeReport } from '../../src/deployment/report.ts';
import { LocalFiles } from '../../src/hosts/local-files.ts';
import { fullCoverage, report } from '../support/reports.ts';
import { release } from './support.ts';

describe('the coverage of the last good release', () => {
  const files = new LocalFiles();
  let places: Places;
  beforeEach(async () => {
    places = placesOf(await mkdtemp(join(tmpdir(), 'homeport-last-coverage-')), 'shop');
    await files.makeFolder(places.reports, 0o700);
  });
  afterEach(async () => await rm(join(places.root, '..'), { recursive: true }));

  const write = async (changes: Partial<Report>) =>
    await writeReport(files, reportPath(places, 'r1'), report({ deployment: 'r1', ...changes }));

  it('is what the deployment that made it measured', async () => {
    await write({ coverage: { ...fullCoverage, percent: 81.25 } });
    expect(await coverageOfRelease(files, places, release('r1'))).toEqual({ release: 'r1', percent: 81.25 });
  });

  it('is known from a report of an earlier version, which tells less', async () => {
    const { unit, branches, worst, before, ...coverage } = fullCoverage;
    await write({ coverage });
    expect(await coverageOfRelease(files, places, release('r1'))).toEqual({ release: 'r1', percent: 83.14 });
  });

  it('is unknown on a first deployment, and where nothing was measured', async () => {
    expect(await coverageOfRelease(files, places, null)).toBeNull();
    expect(await coverageOfRelease(files, places, release('gone'))).toBeNull();
    await write({ coverage: null });
    expect(await coverageOfRelease(files, places, release('r1'))).toBeNull();
  });

  it('is unknown, and no reason to stop, where the report is damaged', async () => {
    await files.writeText(reportPath(places, 'r1'), '{"schema": 1, "cov', 0o600);
    expect(await coverageOfRelease(files, places, release('r1'))).toBeNull();
    await files.makeFolder(reportPath(places, 'r2'), 0o700);
    expect(await coverageOfRelease(files, places, release('r2'))).toBeNull();
  });
});
