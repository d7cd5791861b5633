import { appendFile, stat } from 'node:fs/promises';
import { HomeportError } from '../deployment/error.ts';
import type { Report } from '../deployment/report.ts';
import { formatDuration, formatSize } from '../request/units.ts';
import {
  afterTitle,
  budgetWords,
  commitUrl,
  countWords,
  coverageIsLow,
  coverageWords,
  excerptOf,
  failingTests,
  shortCommit,
  shortImage,
  stageTitle,
  statusIcons,
  untestedCells,
  verifiedWords,
  webUrl,
} from './facts.ts';
import { code, fenced, link, md, prose, table } from './markdown.ts';
import type { Markup } from './markup.ts';
import { renderGantt } from './mermaid.ts';
import { cut, cutToTail } from './safe-text.ts';
import { type Verdict, verdictOf } from './verdict.ts';

/** Bytes. GitHub drops a step's whole summary above 1 MiB. */
const sizeLimit = 2 ** 20;

interface Limits {
  /** Rows of a table. */
  readonly rows: number;
  /** UTF-16 units of a log excerpt. */
  readonly excerpt: number;
}

// The last is within the limit whatever the report holds: a cell is bounded, and so is their number.
const limits: readonly [Limits, ...Limits[]] = [
  { rows: 100, excerpt: 32_768 },
  { rows: 20, excerpt: 8192 },
  { rows: 5, excerpt: 2048 },
];

/** The job summary in GitHub's Markdown, always below GitHub's 1 MiB; what is cut is said. */
export function renderSummary(report: Report): string {
  return renderWithin(report, sizeLimit - 1);
}

/**
 * Appends the summary to the file that `GITHUB_STEP_SUMMARY` names. What the step has written there before counts against
 * GitHub's limit too: throws `HomeportError` when there is no room left, and what the file system says.
 */
export async function writeSummary(report: Report, path: string): Promise<void> {
  const taken = await stat(path).then(
    ({ size }) => size,
    () => 0,
  );
  const text = renderWithin(report, sizeLimit - 1 - taken);
  if (taken + Buffer.byteLength(text) >= sizeLimit) {
    throw new HomeportError("The job summary of this step is full (GitHub's limit is 1 MiB).", {
      hint: 'Write less into GITHUB_STEP_SUMMARY before this step; the JSON report has everything.',
    });
  }
  await appendFile(path, text);
}

/** The fullest summary of at most `bytes`, or the shortest there is. */
function renderWithin(report: Report, bytes: number): string {
  let text = '';
  for (const limit of limits) {
    text = render(report, limit);
    if (Buffer.byteLength(text) <= bytes) return text;
  }
  return text;
}

function render(report: Report, limit: Limits): string {
  const verdict = verdictOf(report);
  const blocks = [
    ...heading(report, verdict),
    ...warnings(report, limit),
    ...(verdict.tone === 'critical' ? rescue(verdict, limit) : []),
    ...failure(report, limit),
    ...changes(report, limit),
    ...tests(report, limit),
    ...budgets(report, limit),
    ...coverageAndBackups(report, limit),
    ...stages(report, limit),
    footer(report),
  ];
  return `${blocks.map(({ text }) => text).join('\n\n')}\n`;
}

function heading(report: Report, verdict: Verdict): Markup[] {
  const branch = report.branch !== null && md` on ${code(report.branch)}`;
  const blocks = [
    md`## ${verdict.icon} ${verdict.words}`,
    md`**${report.project}** · commit ${commitLink(report, report.commit)}${branch} · ${formatDuration(report.duration_seconds)}`,
  ];
  if (report.error !== null) blocks.push(md`**Cause** (stage ${report.error.stage}): ${prose(report.error.message)}`);
  blocks.push(md`**Running now:** ${prose(verdict.running)}`);
  if (verdict.schemaMayBeAhead) {
    blocks.push(md`> ⚠️ **The database schema may be ahead of what runs:** a migration was applied and not put back.`);
  }
  if (verdict.next !== null) blocks.push(md`**Next step:** ${prose(verdict.next)}`);
  return blocks;
}

function warnings(report: Report, limit: Limits): Markup[] {
  const shown = report.warnings.slice(0, limit.rows).map((text) => md`> ⚠️ **Warning:** ${prose(text)}`);
  const left = report.warnings.length - shown.length;
  return left > 0 ? [...shown, md`> ⚠️ **… and ${left} more warnings**, in the JSON report.`] : shown;
}

function rescue(verdict: Verdict, limit: Limits): Markup[] {
  const seen = verdict.seen.slice(0, limit.rows).map((line) => md`\n- ${line}`);
  return [
    ...(seen.length > 0 ? [md`### 🚨 What was seen on the host\n${seen}`] : []),
    md`### 🚨 Run on the host\n\n${fenced(cut(verdict.commands.slice(0, limit.rows).join('\n'), limit.excerpt), 'sh')}`,
  ];
}

function failure(report: Report, limit: Limits): Markup[] {
  const excerpt = excerptOf(report);
  if (excerpt === null) return [];
  return [md`### Log excerpt\n\n${fenced(cutToTail(excerpt, limit.excerpt), 'text')}`];
}

function changes(report: Report, limit: Limits): Markup[] {
  const { services, commits, migrations } = report.changes;
  const touched = services.filter(({ change }) => change !== 'unchanged');
  const untouched = services.length - touched.length;
  const image = (id: string | null) => (id === null ? md`–` : code(shortImage(id)));
  const blocks: Markup[] = [];
  if (touched.length > 0) {
    blocks.push(
      table(['Service', 'Change', 'Image before', afterTitle(report)], touched, limit.rows, (service) => [
        md`${service.service}`,
        md`${service.change}`,
        image(service.image_before),
        image(service.image_after),
      ]),
    );
  }
  if (untouched > 0) blocks.push(md`${untouched} ${untouched === 1 ? 'service' : 'services'} unchanged.`);
  if (migrations.length > 0) {
    blocks.push(
      table(['Migration of', 'Command'], migrations, limit.rows, ({ service, command }) => [
        md`${service}`,
        code(command),
      ]),
    );
  }
  if (commits.length > 0) {
    blocks.push(
      table(['Commit', 'Subject', 'Author'], commits, limit.rows, ({ sha, subject, author }) => [
        commitLink(report, sha),
        md`${subject}`,
        md`${author}`,
      ]),
    );
  }
  return blocks.length > 0 ? [md`### What changed`, ...blocks] : [];
}

function tests(report: Report, limit: Limits): Markup[] {
  if (report.changes.tests.length === 0) return [];
  const results = table(['Test', 'Result', 'Time'], report.changes.tests, limit.rows, (test) => [
    md`${test.name}`,
    md`${statusIcons[test.status]} ${[test.status, countWords(test)].filter((words) => words !== '').join(', ')}`,
    md`${formatDuration(test.duration_seconds)}`,
  ]);
  const { first } = failingTests(report);
  if (first.length === 0) return [md`### Tests`, results];
  const names = table(['Failing test', 'What it said'], first, limit.rows, ({ name, message }) => [
    code(name),
    md`${message}`,
  ]);
  return [md`### Tests`, results, names];
}

function budgets(report: Report, limit: Limits): Markup[] {
  const measured = report.budgets ?? [];
  if (measured.length === 0) return [];
  const rows = table(['Budget', 'Result'], measured, limit.rows, (budget) => [
    md`${budget.name}`,
    md`${statusIcons[budget.status]} ${budgetWords(budget)}`,
  ]);
  return [md`### Budgets`, rows];
}

function coverageAndBackups(report: Report, limit: Limits): Markup[] {
  const blocks: Markup[] = [];
  if (report.coverage !== null) {
    blocks.push(md`${coverageIsLow(report.coverage) ? '❌' : '✅'} **Coverage:** ${coverageWords(report.coverage)}`);
    const { worst = [] } = report.coverage;
    if (worst.length > 0) {
      blocks.push(
        table(['Least tested files', 'Untested', 'Covered'], worst, limit.rows, (file) => [
          code(file.file),
          ...untestedCells(file).map((cell) => md`${cell}`),
        ]),
      );
    }
  }
  if (report.backups.length > 0) {
    blocks.push(
      table(['Backup', 'Size', 'Verified', 'File'], report.backups, limit.rows, (backup) => [
        md`${backup.service} / ${backup.database} (${backup.kind})`,
        md`${formatSize(backup.bytes)}, ${backup.rows} rows`,
        md`${backup.verified === 'none' ? '⚠️' : '✅'} ${verifiedWords(backup)}`,
        code(backup.file),
      ]),
    );
  }
  return blocks.length > 0 ? [md`### Coverage and backups`, ...blocks] : [];
}

function stages(report: Report, limit: Limits): Markup[] {
  if (report.stages.length === 0) return [];
  const gantt = renderGantt({ ...report, stages: report.stages.slice(0, limit.rows) });
  return [
    md`### Stages`,
    ...(gantt === null ? [] : [fenced(gantt, 'mermaid')]),
    table(['Stage', 'Status', 'Time', 'Error'], report.stages, limit.rows, (stage) => [
      md`${stageTitle(report, stage)}`,
      md`${statusIcons[stage.status]} ${stage.status}`,
      md`${stage.started_at === null ? '–' : formatDuration(stage.duration_seconds)}`,
      prose(stage.error ?? ''),
    ]),
  ];
}

function commitLink(report: Report, sha: string | null): Markup {
  const url = sha === null ? null : commitUrl(report, sha);
  const short = code(shortCommit(sha));
  return url === null ? short : link(short, url);
}

function footer(report: Report): Markup {
  const run = webUrl(report.run_url);
  return md`<sub>Deployment ${code(report.deployment)} · triggered by ${report.triggered_by} · Homeport's own share ${formatDuration(
    report.overhead_seconds,
  )}${report.log !== null && md` · log ${code(report.log)}`}${run !== null && md` · ${link(md`run`, run)}`}</sub>`;
}
