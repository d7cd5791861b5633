import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { renderSummary, writeSummary } from '../../src/reporters/summary.ts';
import {
  critical,
  firstDeploymentFailed,
  fullCoverage,
  gateFailed,
  hostile,
  report,
  reports,
  smokeRolledBack,
  successful,
} from '../support/reports.ts';

const mebibyte = 2 ** 20;

/** The lines outside of fenced blocks. */
function outsideFences(markdown: string): string[] {
  let fence: string | null = null;
  return markdown.split('\n').filter((line) => {
    const ticks = /^`{3,}/.exec(line)?.[0];
    if (fence === null && ticks) fence = ticks;
    else if (fence !== null && line.startsWith(fence) && line.trim() === ticks) fence = null;
    else return fence === null;
    return false;
  });
}

describe('the job summary', () => {
  it('begins with the verdict, the project, the commit and the duration', () => {
    const [title, , facts] = renderSummary(successful).split('\n');
    expect(title).toBe('## ✅ Deployment successful');
    expect(facts).toMatch(/^\*\*mundus\*\* · commit .*<code>3f2a9c1<\/code>.* · 1m 11s$/);
  });

  it('says cause, what is running and the next step before anything else when it failed', () => {
    const text = renderSummary(gateFailed);
    expect(text.split('\n\n').slice(0, 5)).toEqual([
      '## ❌ Deployment failed',
      expect.stringContaining('**mundus**'),
      '**Cause** (stage test): The test <code>unit</code> failed with exit code 1.',
      '**Running now:** The old release 20251120T174210Z-b81d0e4, untouched.',
      '**Next step:** Run <code>pytest tests/unit --cov</code> in the checkout, mend what it shows, and push again.',
    ]);
    expect(text).toContain('E       assert -20 == 0');
  });

  it('tells that a rollback brought the old release back', () => {
    expect(renderSummary(smokeRolledBack)).toContain(
      '**Running now:** The old release 20251120T174210Z-b81d0e4, restored.',
    );
  });

  it('tells that a first deployment left nothing running', () => {
    expect(renderSummary(firstDeploymentFailed)).toContain('**Running now:** Nothing: this was the first deployment');
  });

  it('is unmistakable about CRITICAL, and gives the commands for a person', () => {
    const text = renderSummary(critical);
    expect(text).toMatch(/^## 🚨 CRITICAL: the rollback failed too, a person is needed\n/);
    expect(text).toContain('```sh\ndf -h /var/lib/docker\nhomeport recover --project mundus\n');
    expect(text).toContain('mundus-db-1: exited (1)');
  });

  it('gives commands of its own when the report has none', () => {
    const text = renderSummary(report({ ...critical, details: { critical: true } }));
    expect(text).toContain('homeport recover --project mundus\n');
    expect(text).toContain('homeport rollback --project mundus --to 20251120T174210Z-b81d0e4\n');
  });

  it('says warnings out loud, before what changed', () => {
    const text = renderSummary(reports.successfulWithWarnings);
    expect(text.indexOf('> ⚠️ **Warning:** Tests were skipped')).toBeGreaterThan(0);
    expect(text.indexOf('⚠️ **Warning:**')).toBeLessThan(text.indexOf('### What changed'));
  });

  it('says that the schema may be ahead of what runs', () => {
    expect(renderSummary(report({ ...gateFailed, details: { schema_may_be_ahead: true } }))).toContain(
      'schema may be ahead of what runs',
    );
  });

  it('lists commits, services with short images, migrations, tests, coverage and backups', () => {
    const text = renderSummary(successful);
    expect(text).toContain('| app | recreated | <code>1f0e2d3c4b5a</code> | <code>a7b8c9d0e1f2</code> |');
    expect(text).toContain('| app | <code>alembic upgrade head</code> |');
    expect(text).toContain('Refuse an approval after its deadline | Dana Okafor |');
    expect(text).toContain('| unit | ✅ success | 11.9s |');
    expect(text).toContain('83.1 % of lines (1234 of 1484, minimum 70 %)');
    expect(text).toContain('✅ restored into a scratch database and compared');
    expect(text).toContain('href="https://github.com/octo/mundus/commit/3f2a9c1d5b7e4f60a1b2c3d4e5f60718293a4b5c"');
  });

  it('shows branches, the change since the last good release, and the least tested files', () => {
    const text = renderSummary(report({ coverage: fullCoverage }));
    expect(text).toContain(
      '✅ **Coverage:** 83.1 % of lines (1234 of 1484, minimum 70 %), 75.0 % of branches (3 of 4), 2.64 points more than in the last good release',
    );
    expect(text).toContain('| Least tested files | Untested | Covered |');
    expect(text).toContain('| <code>src/orders.py</code> | 120 of 160 lines | 25.0 % |');
    expect(text).toContain('| <code>agent/main.go</code> | 90 of 100 statements | 10.0 % |');
  });

  it.each([
    [80.5, 80.5, 'as in the last good release'],
    [80.5, 80.62, '0.12 points less than in the last good release'],
  ])('compares %d %% with %d %%', (percent, before, words) => {
    const coverage = { ...fullCoverage, percent, before: { release: 'r1', percent: before } };
    expect(renderSummary(report({ coverage }))).toContain(words);
  });

  it('never rounds a coverage that missed its minimum up to it', () => {
    const coverage = { percent: 69.97, minimum: 70, lines_covered: 1, lines_total: 2, files: [] };
    expect(renderSummary(report({ coverage }))).toContain('❌ **Coverage:** 69.9 % of lines');
  });

  it('lets nothing from outside become markup', () => {
    const lines = outsideFences(renderSummary(hostile));
    const text = lines.join('\n').replaceAll(/<\/?(?:code|sub)>/g, '');
    expect(text).not.toMatch(/<[^>]/);
    expect(text).not.toMatch(/@octocat|\*\*b\*\*|\[x\]\(|javascript:alert/);
    expect(lines.filter((line) => /^#+ /.test(line))).toEqual([
      '## ❌ Deployment failed',
      ...['Log excerpt', 'What changed', 'Tests', 'Coverage and backups', 'Stages'].map((title) => `### ${title}`),
    ]);
    const columns = (line: string) => line.split('|').length;
    for (const [index, line] of lines.entries()) {
      if (line.startsWith('|') && lines[index - 1]?.startsWith('|'))
        expect(columns(line)).toBe(columns(lines[index - 1] ?? ''));
    }
  });

  it('keeps a log excerpt inside its block, whatever fences are in it', () => {
    const text = renderSummary(hostile);
    const fence = /^(`{3,})text$/m.exec(text)?.[1] ?? '';
    const block = text.split(`${fence}text\n`)[1]?.split(`\n${fence}\n`)[0] ?? '';
    expect(block.startsWith('before\n```\n')).toBe(true);
    expect(block.endsWith('\nafter')).toBe(true);
  });

  it.each(['x', '|', '@', '`', '🚀', 'a\n', '<b>'])('stays below 1 MiB with a report full of %j', (filler) => {
    const long = filler.repeat(60_000);
    const many = <T>(item: T): T[] => Array.from({ length: 3000 }, () => item);
    const cell = long.slice(0, 900);
    const [stage] = critical.stages;
    const [backup] = critical.backups;
    const value = report({
      ...critical,
      project: long,
      error: { stage: long, message: long, hint: long, excerpt: long.repeat(30) },
      warnings: many(long.slice(0, 3000)),
      stages: stage ? many({ ...stage, error: long.slice(0, 3000) }) : [],
      backups: backup ? many({ ...backup, file: cell }) : [],
      changes: {
        services: many({ service: cell, change: 'started' as const, image_before: null, image_after: cell }),
        commits: many({ sha: 'abc', subject: cell, author: cell }),
        migrations: many({ service: cell, command: cell }),
        tests: many({ name: cell, status: 'failed' as const, duration_seconds: 1 }),
      },
      details: { critical: true, seen: many(cell), commands: many(cell) },
    });
    const text = renderSummary(value);
    expect(Buffer.byteLength(text)).toBeLessThan(mebibyte);
    expect(text).toMatch(/and \d+ more/);
  });
});

describe('writing the job summary', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'homeport-summary-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('appends to what the step has written already', async () => {
    const path = join(folder, 'summary.md');
    await writeFile(path, 'before\n');
    await writeSummary(successful, path);
    expect(await readFile(path, 'utf8')).toBe(`before\n${renderSummary(successful)}`);
  });

  it('shortens what it writes to what is left of 1 MiB', async () => {
    const path = join(folder, 'summary.md');
    const excerpt = 'line\n'.repeat(6000);
    const value = report({ ...gateFailed, error: { stage: 'test', message: 'm', hint: 'h', excerpt } });
    await writeFile(path, 'x'.repeat(mebibyte - 16_000));
    await writeSummary(value, path);
    const text = await readFile(path, 'utf8');
    expect(Buffer.byteLength(text)).toBeLessThan(mebibyte);
    expect(text).toContain('## ❌ Deployment failed');
  });

  it('leaves a full summary as it is, and says so', async () => {
    const path = join(folder, 'summary.md');
    await writeFile(path, 'x'.repeat(mebibyte - 100));
    await expect(writeSummary(successful, path)).rejects.toThrow('1 MiB');
    expect(Buffer.byteLength(await readFile(path, 'utf8'))).toBe(mebibyte - 100);
  });
});
