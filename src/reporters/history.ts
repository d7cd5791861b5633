import type { Report } from '../deployment/report.ts';
import { formatDuration } from '../request/units.ts';
import { askerOf, coverageIsLow, excerptOf, formatPercent, shortCommit, webUrl } from './facts.ts';
import { coverageChart, durationChart } from './history-chart.ts';
import { deploymentsOf, faceOf, medianOf, outcomesOf, ratesOf, resultWords, stageShares } from './history-figures.ts';
import { historyStyle } from './history-style.ts';
import type { Markup } from './markup.ts';
import { headRow, html, momentOf, pageOf, preOf, prose, tableRow } from './page.ts';
import { cleanLine, cut, cutToTail } from './safe-text.ts';
import { verdictOf } from './verdict.ts';

/** More than these make a page that nobody reads, and that a phone is slow to show. */
const mostShown = 500;
/** The older ones are folded. */
const rowsAtOnce = 30;
/** Stages and durations are told of these: what held years ago says little. */
const recent = 30;

/** The history of a project as one page that needs nothing from the network. Reports are oldest first. */
export function renderHistoryHtml(history: {
  readonly project: string;
  readonly reports: readonly Report[];
  /** Report files that could not be read. */
  readonly unreadable: number;
}): string {
  const { project, reports, unreadable } = history;
  const deployments = deploymentsOf(reports);
  const good = deployments.filter(({ status }) => status === 'success').slice(-recent);
  const last = reports.at(-1);
  return pageOf({
    title: `${project}: history of deployments`,
    tone: last === undefined ? 'neutral' : verdictOf(last).tone,
    ownStyle: historyStyle,
    body: html`${heading(project, reports)}
${unreadable > 0 && notice(unreadable)}
${figures(deployments, good)}
${durations(deployments)}
${shares(good)}
${coverage(deployments)}
${list(reports)}
<footer>Times are UTC. One of them in full: <code>homeport report ID --format html</code></footer>`,
  });
}

function heading(project: string, reports: readonly Report[]): Markup {
  const [first, last] = [reports.at(0), reports.at(-1)];
  if (first === undefined || last === undefined) {
    return html`<header><h1>${project}</h1></header>\n<section class="verdict">Nothing was deployed yet.</section>`;
  }
  return html`<header>
<span class="pill">Last: ${verdictOf(last).words}</span>
<h1>${project}</h1>
<p class="facts"><span>History of deployments</span><span>since ${first.started_at.slice(0, 10)}</span><span>last ${momentOf(last.started_at)}</span></p>
</header>`;
}

function notice(unreadable: number): Markup {
  const files = unreadable === 1 ? 'One report file is' : `${unreadable} report files are`;
  return html`<p class="notice"><b>Warning:</b> ${files} left out: torn, or written by another version.</p>`;
}

function figures(deployments: readonly Report[], good: readonly Report[]): Markup | null {
  if (deployments.length === 0) return null;
  const rates = ratesOf(deployments).map(
    ({ of, good: well, all, percent }) =>
      html`<div><dt>Success, ${of}</dt><dd><b>${percent} %</b><span class="meter" aria-hidden="true"><span style="width:${percent}%"></span></span><span class="soft">${well} of ${all} deployments</span></dd></div>`,
  );
  const median = medianOf(good.map(({ duration_seconds }) => duration_seconds));
  return html`<dl class="figures">${rates}${
    median !== null &&
    html`<div><dt>Usual duration</dt><dd><b>${formatDuration(median)}</b><span class="soft">${good.length === 1 ? 'of the one' : `median of the last ${good.length}`} that went well</span></dd></div>`
  }</dl>`;
}

function durations(deployments: readonly Report[]): Markup | null {
  if (deployments.length === 0) return null;
  const shown = deployments.slice(-mostShown);
  const { chart, beyond } = durationChart(
    shown.map((report) => {
      const face = faceOf(report);
      const seconds = Math.max(0, report.duration_seconds);
      const title = `${momentOf(report.started_at)}: ${face.words} after ${formatDuration(seconds)}, commit ${shortCommit(report.commit)}`;
      return { seconds, face, title, date: report.started_at.slice(0, 10) };
    }),
  );
  const legend = outcomesOf(shown).map(
    ({ face, count }) =>
      html`<li class="${face.tone}"><span class="mark" aria-hidden="true">${face.mark}</span> ${count} ${face.words}</li>`,
  );
  return html`<h2>Durations</h2>
<div class="card">${chart}
<ul class="legend">${legend}</ul>
${beyond && html`<p class="soft note">A bar with a gap is longer than the scale: the list below tells how long.</p>`}</div>`;
}

function shares(good: readonly Report[]): Markup | null {
  const found = stageShares(good);
  if (found.length === 0) return null;
  const rows = found.map(
    ({ name, seconds, percent }) =>
      html`<div class="row good"><span class="name">${name}</span><span class="track"><span class="bar" style="left:0;width:${percent.toFixed(2)}%"></span></span><span class="time">${formatDuration(seconds)} <span>${Math.round(percent)} %</span></span></div>\n`,
  );
  const many =
    good.length === 1
      ? 'The one deployment that went well'
      : `Mean of the last ${good.length} deployments that went well`;
  return html`<h2>Where the time goes</h2>
<div class="card gantt shares">
${rows}<p class="soft note">${many}. Stages that run side by side add up to more than 100 %.</p></div>`;
}

function coverage(deployments: readonly Report[]): Markup | null {
  const measured = deployments.slice(-mostShown).flatMap((report) => {
    if (report.coverage === null) return [];
    const { percent, minimum } = report.coverage;
    const title = `${momentOf(report.started_at)}: ${formatPercent(percent)}, commit ${shortCommit(report.commit)}`;
    const tooLow = coverageIsLow(report.coverage);
    return [{ percent, minimum, tooLow, title, date: report.started_at.slice(0, 10) }];
  });
  const newest = measured.at(-1);
  if (newest === undefined) return null;
  const { minimum } = newest;
  return html`<h2>Coverage</h2>
<div class="card">${coverageChart(measured, minimum)}
<ul class="legend"><li>now ${formatPercent(newest.percent)}</li>${
    minimum !== null && html`<li><span class="dash" aria-hidden="true"></span> minimum ${minimum} %</li>`
  }${measured.some(({ tooLow }) => tooLow) && html`<li class="bad"><span class="mark" aria-hidden="true">×</span> below its minimum</li>`}</ul></div>`;
}

const columns = ['When', 'Result', 'Commit', 'By', 'Took', 'Release'] as const;

function list(reports: readonly Report[]): Markup | null {
  if (reports.length === 0) return null;
  const shown = reports.slice(-mostShown).toReversed();
  const older = shown.slice(rowsAtOnce);
  return html`<h2>Newest first</h2>
<div class="card history">${rowsOf(shown.slice(0, rowsAtOnce))}${
    older.length > 0 && html`<details><summary><b>${older.length} older ones</b></summary>\n${rowsOf(older)}</details>`
  }</div>
${reports.length > shown.length && html`<p class="soft">The newest ${shown.length} of ${reports.length} are shown; the success of all counts them all.</p>`}`;
}

function rowsOf(reports: readonly Report[]): Markup {
  return html`<table><thead>${headRow(columns)}</thead>
<tbody>${reports.map((report) => [tableRow(columns, cellsOf(report)), errorRow(report)])}</tbody></table>`;
}

function cellsOf(report: Report): Markup[] {
  const face = faceOf(report);
  const subject = report.changes.commits.find(({ sha }) => sha === report.commit)?.subject ?? '';
  return [
    html`<time datetime="${report.started_at}">${momentOf(report.started_at).replace(' UTC', '')}</time>`,
    html`<span class="result ${face.tone}"><span class="mark" aria-hidden="true">${face.mark}</span> ${resultWords(report)}</span>`,
    html`<code>${shortCommit(report.commit)}</code>${subject !== '' && html` <bdi>${cut(cleanLine(subject), 80)}</bdi>`}`,
    asker(report),
    html`<span class="time">${formatDuration(Math.max(0, report.duration_seconds))}</span>`,
    report.release === null
      ? html`–`
      : html`<code>${cut(report.release, 60)}</code>${report.status !== 'success' && html` <span class="soft">tried</span>`}`,
  ];
}

function asker(report: Report): Markup {
  const who = askerOf(report);
  const run = webUrl(report.run_url);
  const words = html`<bdi>${cut(cleanLine(report.triggered_by), 40)}</bdi>`;
  const trigger = run === null ? words : html`<a href="${run}">${words}</a>`;
  return who === null ? trigger : html`<bdi>${cut(cleanLine(who), 40)}</bdi> <span class="by">${trigger}</span>`;
}

/** Why it did not go well: one sentence, and below it, folded, what a person reads to understand it. */
function errorRow(report: Report): Markup | null {
  if (report.error === null) return null;
  const { message, hint, stage } = report.error;
  const sentence = sentenceOf(message);
  const excerpt = excerptOf(report);
  return html`<tr class="more"><td colspan="${columns.length}"><details><summary><bdi>${prose(sentence)}</bdi> <span class="soft">${cut(cleanLine(stage), 16)}</span></summary>
<div class="inside">${cleanLine(message) !== sentence && html`<p>${prose(cut(message, 2000))}</p>`}<p><span class="soft">Next step:</span> ${prose(cut(hint, 2000))}</p>
${excerpt !== null && preOf(cutToTail(excerpt, 4000))}
<p class="soft">More: <code>homeport report ${report.deployment}</code></p></div></details></td></tr>\n`;
}

function sentenceOf(message: string): string {
  const line = cleanLine(message);
  return cut(/^.*?[.!?](?= )/.exec(line)?.[0] ?? line, 200);
}
