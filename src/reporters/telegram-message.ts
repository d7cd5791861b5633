import type { Report } from '../deployment/report.ts';
import { formatDuration } from '../request/units.ts';
import { excerptOf, failingTests, shortCommit, stageTitle, statusIcons, webUrl } from './facts.ts';
import { proseOf } from './prose.ts';
import { cleanLine, cleanText, cut, cutToTail, escapeHtml } from './safe-text.ts';
import { nounOf, type Verdict, verdictOf } from './verdict.ts';

/** One message in both forms; `html` shows as `plain`, for `parse_mode: HTML` and for when that is refused. */
export interface TelegramMessage {
  readonly html: string;
  readonly plain: string;
}

/** UTF-16 units after entities parsing; the Bot API refuses more than 4096. */
const messageLength = 4000;
/** The least that a log excerpt or a list of warnings needs to be worth its place. */
const worthwhile = 120;

interface Part {
  readonly text: string;
  readonly tag: 'b' | 'code' | 'pre' | null;
}

/** The message at the end of a deployment, below 4096 UTF-16 units after entities parsing. */
export function finalMessage(report: Report): TelegramMessage {
  const verdict = verdictOf(report);
  const said = statement(report, verdict);
  const lines: Part[][] = [
    [bold(titleOf(report, verdict))],
    [],
    ...said,
    ...(said.length > 0 ? [[]] : []),
    ...facts(report),
  ];
  if (report.status === 'success') lines.push([], [plain(successWords(report))]);
  else lines.push([], [plain('Running now: '), ...prose(verdict.running, 300)]);
  if (verdict.schemaMayBeAhead) lines.push([plain('⚠️ The database schema may be ahead of what runs.')]);
  if (verdict.commands.length > 0) {
    lines.push([], [plain('Run on the host:')], [pre(cut(cleanText(verdict.commands.join('\n')), 600))]);
  }
  const run = webUrl(report.run_url);
  const end: Part[][] = run === null || run.length > 300 ? [] : [[], [plain(`Run: ${run}`)]];

  addWarnings(lines, report, messageLength - lengthOf([...lines, ...end]) - worthwhile);
  addExcerpt(lines, report, messageLength - lengthOf([...lines, ...end]) - 2);
  return messageOf([...lines, ...end]);
}

/** The message while it goes on, and what stays of it beside a final message that is sent on its own. */
export function progressMessage(report: Report, over: boolean): TelegramMessage {
  const title = over ? titleOf(report, verdictOf(report)) : `🚀 ${nounOf(report)} of ${short(report.project, 64)}`;
  // The end is what changes; more targets than this is not read on a phone.
  const stages = report.stages.slice(-40).map((stage) => {
    const time =
      stage.started_at === null || stage.status === 'running' ? '' : ` ${formatDuration(stage.duration_seconds)}`;
    return [plain(`${statusIcons[stage.status]} ${short(stageTitle(report, stage), 60)}${time}`)];
  });
  return messageOf([[bold(title)], [], ...facts(report).slice(0, over ? 4 : 3), [], ...stages]);
}

function titleOf(report: Report, verdict: Verdict): string {
  const noun = nounOf(report).toUpperCase();
  if (verdict.tone === 'critical') return '🚨 CRITICAL 🚨';
  switch (report.status) {
    case 'success':
      return `✅ ${noun} SUCCESSFUL ✅`;
    case 'partial_success':
      return '⚠️ PARTIAL SUCCESS ⚠️';
    case 'rolled_back':
      return '⚠️ WARNING ⚠️';
    case 'failed':
      return `❌ ${noun} FAILED ❌`;
    case 'aborted':
      return `🛑 ${noun} ABORTED 🛑`;
  }
}

function statement(report: Report, verdict: Verdict): Part[][] {
  if (report.status === 'success') return [];
  const lines: Part[][] = [];
  if (verdict.tone === 'critical') lines.push([plain('Rollback failed: the system may be in an unstable state.')]);
  else if (report.status === 'rolled_back') {
    lines.push([plain(`${nounOf(report)} failed - system rolled back to previous version.`)]);
  }
  if (report.error !== null) lines.push(prose(report.error.message, 900));
  if (verdict.next !== null) lines.push([plain('Next step: '), ...prose(verdict.next, 700)]);
  return lines;
}

function facts(report: Report): Part[][] {
  const lines: Part[][] = [[plain(`Project: ${short(report.project, 64)}`)]];
  lines.push([plain('Git SHA: '), { text: short(shortCommit(report.commit), 40), tag: 'code' }]);
  if (report.branch !== null) lines.push([plain(`Branch: ${short(report.branch, 100)}`)]);
  lines.push([plain(`Duration: ${Math.round(report.duration_seconds)}s`)]);
  return lines;
}

function successWords(report: Report): string {
  if (report.warnings.length > 0) return `Done, with ${report.warnings.length === 1 ? 'a warning' : 'warnings'}:`;
  return report.command === 'backup' ? 'The backup is kept.' : 'All systems operational.';
}

function addWarnings(lines: Part[][], report: Report, room: number): void {
  if (report.warnings.length === 0 || room < worthwhile) return;
  if (report.status !== 'success') lines.push([]);
  let left = room - 40;
  for (const [index, text] of report.warnings.entries()) {
    const line = [plain('⚠️ '), ...prose(text, Math.min(400, left))];
    const length = lengthOf([line]);
    if (left - length < 0 || index === 8) {
      lines.push([plain(`⚠️ … and ${report.warnings.length - index} more warnings`)]);
      return;
    }
    left -= length;
    lines.push(line);
  }
}

/** Their names tell more on a phone than the end of a log does. */
function addFailing(lines: Part[][], report: Report, room: number): void {
  const { many, first } = failingTests(report);
  lines.push([], [plain(`${many} failing ${many === 1 ? 'test' : 'tests'}:`)]);
  let left = room - 80;
  let shown = 0;
  for (const { name, message } of first) {
    const line = [
      plain('• '),
      { text: short(name, 120), tag: 'code' as const },
      plain(message && ` ${short(message, 160)}`),
    ];
    left -= lengthOf([line]);
    if (left < 0) break;
    lines.push(line);
    shown += 1;
  }
  if (many > shown) lines.push([plain(`… and ${many - shown} more`)]);
}

function addExcerpt(lines: Part[][], report: Report, room: number): void {
  if (report.error?.stage === 'test' && failingTests(report).first.length > 0 && room >= worthwhile) {
    addFailing(lines, report, room);
    return;
  }
  const excerpt = excerptOf(report);
  if (excerpt === null || room < worthwhile) return;
  lines.push([], [pre(cutToTail(cleanText(excerpt).trim(), Math.min(room, 1500)))]);
}

function messageOf(lines: readonly (readonly Part[])[]): TelegramMessage {
  const join = (write: (part: Part) => string) => lines.map((parts) => parts.map(write).join('')).join('\n');
  return {
    plain: join(({ text }) => text),
    html: join(({ text, tag }) => (tag === null ? escapeHtml(text) : `<${tag}>${escapeHtml(text)}</${tag}>`)),
  };
}

function lengthOf(lines: readonly (readonly Part[])[]): number {
  return lines.reduce((sum, parts) => sum + 1 + parts.reduce((part, { text }) => part + text.length, 0), 0);
}

function plain(text: string): Part {
  return { text, tag: null };
}

function bold(text: string): Part {
  return { text, tag: 'b' };
}

function pre(text: string): Part {
  return { text, tag: 'pre' };
}

function prose(text: string, length: number): Part[] {
  return proseOf(cut(cleanLine(text), length)).map(({ kind, text }) => ({
    text,
    tag: kind === 'code' ? 'code' : null,
  }));
}

function short(text: string, length: number): string {
  return cut(cleanLine(text), length);
}
