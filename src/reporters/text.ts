import type { Report } from '../deployment/report.ts';
import { formatDuration, formatSize } from '../request/units.ts';
import {
  budgetWords,
  countWords,
  coverageIsLow,
  coverageWords,
  excerptOf,
  shortCommit,
  shortImage,
  stageTitle,
  verifiedWords,
} from './facts.ts';
import { cleanLine, cleanLines, cutToTail } from './safe-text.ts';
import { verdictOf } from './verdict.ts';

const excerptLength = 16_384;

/** The report for a terminal or a pipe: plain text without colours or control characters, ends with a line end. */
export function renderText(report: Report): string {
  const sections = [
    renderVerdict(report),
    section('What changed', changes(report)),
    section('Tests', tests(report)),
    section('Budgets', budgets(report)),
    section('Coverage and backups', coverageAndBackups(report)),
    section('Stages', stages(report)),
    facts(report),
  ];
  return `${sections.filter((text) => text !== '').join('\n\n')}\n`;
}

/** The part that is read first: verdict, cause, what runs, next step, warnings, log excerpt, rescue. No line end after it. */
export function renderVerdict(report: Report): string {
  const verdict = verdictOf(report);
  const branch = report.branch === null ? '' : ` on ${cleanLine(report.branch)}`;
  const lines = [
    `${verdict.icon} ${verdict.words}: ${cleanLine(report.project)} ${cleanLine(shortCommit(report.commit))}${branch}, ${formatDuration(report.duration_seconds)}`,
  ];
  if (report.error !== null) lines.push(`Cause (${cleanLine(report.error.stage)}): ${cleanLine(report.error.message)}`);
  lines.push(`Running now: ${cleanLine(verdict.running)}`);
  if (verdict.schemaMayBeAhead) {
    lines.push('WARNING: the database schema may be ahead of what runs: a migration was applied and not put back.');
  }
  if (verdict.next !== null) lines.push(`Next step: ${cleanLine(verdict.next)}`);
  lines.push(...report.warnings.map((text) => `WARNING: ${cleanLine(text)}`));
  const sections = [
    lines.join('\n'),
    excerpt(report),
    section('Seen on the host', verdict.seen.map(cleanLine)),
    section('Run on the host', verdict.commands.flatMap(cleanLines)),
  ];
  return sections.filter((text) => text !== '').join('\n\n');
}

function excerpt(report: Report): string {
  const text = excerptOf(report);
  return text === null ? '' : section('Log excerpt', cleanLines(cutToTail(text, excerptLength)));
}

function section(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : [title, ...lines.map((line) => `  ${line}`)].join('\n');
}

function changes(report: Report): string[] {
  const { services, commits, migrations } = report.changes;
  return [
    ...columns(
      services.map(({ service, change, image_before, image_after }) => [
        service,
        change,
        image_before === image_after
          ? shortImage(image_after)
          : `${shortImage(image_before)} -> ${shortImage(image_after)}`,
      ]),
    ),
    ...migrations.map(({ service, command }) => `migration of ${cleanLine(service)}: ${cleanLine(command)}`),
    ...columns(commits.map(({ sha, subject, author }) => [shortCommit(sha), `${subject} (${author})`])),
  ];
}

function tests(report: Report): string[] {
  return columns(
    report.changes.tests.map((test) => [
      test.name,
      test.status,
      formatDuration(test.duration_seconds),
      countWords(test),
    ]),
  );
}

function budgets(report: Report): string[] {
  return columns((report.budgets ?? []).map((budget) => [budget.name, budget.status, budgetWords(budget)]));
}

function coverageAndBackups(report: Report): string[] {
  const lines: string[] = [];
  if (report.coverage !== null) {
    lines.push(
      `coverage ${coverageWords(report.coverage)}${coverageIsLow(report.coverage) ? ': below the minimum' : ''}`,
    );
  }
  for (const backup of report.backups) {
    const name = cleanLine(`${backup.service} / ${backup.database} (${backup.kind})`);
    lines.push(
      `backup of ${name}: ${formatSize(backup.bytes)}, ${backup.rows} ${countedIn(backup.kind)}, ${verifiedWords(backup)}`,
    );
    lines.push(`  ${cleanLine(backup.file)}`);
  }
  return lines;
}

/** What the `rows` of a backup are, for people. */
function countedIn(kind: string): string {
  return kind === 'redis' ? 'keys' : kind === 'volume' ? 'files' : kind === 'command' ? 'counted' : 'rows';
}

function stages(report: Report): string[] {
  return columns(
    report.stages.map((stage) => [
      stageTitle(report, stage),
      stage.status,
      stage.started_at === null ? '' : formatDuration(stage.duration_seconds),
      stage.error ?? '',
    ]),
  );
}

function facts(report: Report): string {
  const lines = [
    `Deployment ${cleanLine(report.deployment)}, triggered by ${cleanLine(report.triggered_by)}, Homeport's own share ${formatDuration(report.overhead_seconds)}`,
  ];
  if (report.log !== null) lines.push(`Log ${cleanLine(report.log)}`);
  if (report.run_url !== null) lines.push(`Run ${cleanLine(report.run_url)}`);
  return lines.join('\n');
}

/** Aligned by the longest cell of each column. */
function columns(rows: readonly (readonly string[])[]): string[] {
  const clean = rows.map((cells) => cells.map(cleanLine));
  const widths = (clean[0] ?? []).map((_, column) => Math.max(...clean.map((cells) => cells[column]?.length ?? 0)));
  return clean.map((cells) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
