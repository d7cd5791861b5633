import type { BackupReport, BudgetReport, Report, StageReport, TestReport } from '../deployment/report.ts';

type CoverageReport = NonNullable<Report['coverage']>;
type WorstFile = NonNullable<CoverageReport['worst']>[number];

/** Words for people that more than one report uses. Nothing here is escaped. */

export function shortCommit(commit: string | null): string {
  return commit === null ? 'unknown' : commit.slice(0, 7);
}

/** `sha256:0123…` as Docker shortens it; a name stays a name. */
export function shortImage(image: string | null): string {
  if (image === null) return '–';
  return /^(?:sha256:)?[0-9a-f]{64}$/.test(image) ? image.replace('sha256:', '').slice(0, 12) : image;
}

/** Where a commit can be looked at; `null` when the report does not tell the server. */
export function commitUrl(report: Report, sha: string): string | null {
  const run = webUrl(report.run_url);
  if (run === null || report.repository === null || !/^[0-9a-f]{7,64}$/.test(sha)) return null;
  if (!/^[\w.-]+\/[\w.-]+$/.test(report.repository)) return null;
  return `${new URL(run).origin}/${report.repository}/commit/${sha}`;
}

/** The URL when it is one for a browser: never `javascript:`. */
export function webUrl(url: string | null): string | null {
  if (url === null || !URL.canParse(url)) return null;
  const parsed = new URL(url);
  return parsed.protocol === 'https:' || parsed.protocol === 'http:' ? parsed.href : null;
}

/** One decimal, rounded down: 69.96 % must not read as the 70 % that it missed. */
export function formatPercent(percent: number): string {
  return `${(Math.floor(percent * 10 + 1e-9) / 10).toFixed(1)} %`;
}

export function coverageWords(coverage: CoverageReport): string {
  const { unit = 'lines', branches = null, before = null } = coverage;
  const minimum = coverage.minimum === null ? 'no minimum' : `minimum ${coverage.minimum} %`;
  const words = [
    `${formatPercent(coverage.percent)} of ${unit} (${coverage.lines_covered} of ${coverage.lines_total}, ${minimum})`,
  ];
  if (branches !== null) {
    const percent = formatPercent((100 * branches.covered) / branches.total);
    words.push(`${percent} of branches (${branches.covered} of ${branches.total})`);
  }
  if (before !== null) words.push(changeWords(coverage.percent - before.percent));
  return words.join(', ');
}

function changeWords(points: number): string {
  const size = Math.abs(points).toFixed(2);
  if (size === '0.00') return 'as in the last good release';
  return `${size} points ${points > 0 ? 'more' : 'less'} than in the last good release`;
}

/** What is untested of a file, as the cells of a table. */
export function untestedCells(file: WorstFile): readonly [untested: string, covered: string] {
  const { lines_covered: covered, lines_total: total, unit } = file;
  return [`${total - covered} of ${total} ${unit}`, formatPercent((100 * covered) / total)];
}

export function coverageIsLow(coverage: CoverageReport): boolean {
  return coverage.minimum !== null && coverage.percent < coverage.minimum;
}

/** `148 passed`, `3 of 148 failed, 2 skipped`; empty where the suite told nothing. */
export function countWords({ counts }: TestReport): string {
  if (counts === undefined) return '';
  const { tests, failures, skipped } = counts;
  const ran = failures > 0 ? `${failures} of ${tests} failed` : `${tests - skipped} passed`;
  return skipped > 0 ? `${ran}, ${skipped} skipped` : ran;
}

/** The first failing tests of the suites that failed, where their reports told them, and how many there are. */
export function failingTests(report: Report): {
  readonly many: number;
  readonly first: NonNullable<TestReport['failing']>;
} {
  const failed = report.changes.tests.filter(({ status, failing }) => status === 'failed' && failing !== undefined);
  return {
    many: failed.reduce((sum, { counts }) => sum + (counts?.failures ?? 0), 0),
    first: failed.flatMap(({ failing }) => failing ?? []),
  };
}

/** `51234, the maximum is 50000` */
export function budgetWords({ value, maximum }: BudgetReport): string {
  return `${value === null ? 'not measured' : value}, the maximum is ${maximum}`;
}

export function verifiedWords(backup: BackupReport): string {
  if (backup.verified === 'restore') return 'restored into a scratch database and compared';
  if (backup.verified === 'read') return 'archive read through';
  return 'not verified';
}

export const statusIcons: Readonly<Record<StageReport['status'], string>> = {
  pending: '▫️',
  running: '⏳',
  success: '✅',
  failed: '❌',
  skipped: '⏭️',
  cancelled: '🛑',
};

/** `build`, or `build on production` where there is more than one target. */
export function stageTitle(report: Report, stage: StageReport): string {
  const targets = new Set(report.stages.map(({ target }) => target));
  return targets.size > 1 ? `${stage.name} on ${stage.target}` : stage.name;
}

/** Who asked for it; `null` where the report doesn't tell. */
export function askerOf(report: Report): string | null {
  return report.who?.split(' by ')[0]?.trim() || null;
}

/** What a person reads to understand a failure: the error's own excerpt, else what the failed command printed. */
export function excerptOf(report: Report): string | null {
  if (report.error === null) return null;
  if (report.error.excerpt !== null) return report.error.excerpt.trim() === '' ? null : report.error.excerpt;
  const failed = report.stages.findLast(({ name, status }) => name === report.error?.stage && status !== 'success');
  const output = failed?.commands.findLast(({ exit_code }) => exit_code !== 0)?.output ?? '';
  return output.trim() === '' ? null : output;
}

/** Over the images of what was deployed: after a rollback they are not what runs. */
export function afterTitle(report: Report): string {
  return report.status === 'success' ? 'Image after' : 'Image tried';
}
