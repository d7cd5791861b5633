import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LogFileReporter } from '../../src/reporters/log-file.ts';
import { gateFailed } from '../support/reports.ts';

const never = new AbortController().signal;

describe('the log file', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'homeport-log-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('has each line with its UTC time and stage, the whole report at the end, and is for its owner only', async () => {
    const path = join(folder, 'deployment.log');
    const reporter = new LogFileReporter(path);
    reporter.event({ type: 'started', report: gateFailed });
    for (let index = 0; index < 2000; index += 1)
      reporter.event({ type: 'line', stage: 'test', text: `line ${index}\nmore` });
    reporter.event({ type: 'warning', stage: 'backup', text: 'no backup' });
    reporter.event({ type: 'finished', report: gateFailed });
    await reporter.close(never);

    const lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
    for (const line of lines) expect(line).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z [a-z]+ \| /);
    expect(lines.filter((line) => line.endsWith(' test | more'))).toHaveLength(2000);
    expect(lines.some((line) => line.endsWith('backup | WARNING: no backup'))).toBe(true);
    expect(lines.some((line) => line.includes('Next step: Run `pytest'))).toBe(true);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it('appends to what is there', async () => {
    const path = join(folder, 'deployment.log');
    await writeFile(path, 'before\n');
    const reporter = new LogFileReporter(path);
    reporter.event({ type: 'line', stage: 'test', text: 'after' });
    await reporter.close(never);
    expect(await readFile(path, 'utf8')).toMatch(/^before\n.* test \| after\n$/);
  });

  it('says on close what the disk said, and takes events all the same', async () => {
    const reporter = new LogFileReporter(join(folder, 'missing', 'deployment.log'));
    reporter.event({ type: 'line', stage: 'test', text: 'a' });
    await expect(reporter.close(never)).rejects.toThrow('ENOENT');
    reporter.event({ type: 'line', stage: 'test', text: 'b' });
  });
});
