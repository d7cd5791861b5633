import type { CommandReport, Report, StageReport } from '../deployment/report.ts';
import { formatDuration, formatSize } from '../request/units.ts';
import {
  afterTitle,
  askerOf,
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
import { Markup } from './markup.ts';
import { html, momentOf, pageOf, preOf, prose, table } from './page.ts';
import { timelineOf } from './timeline.ts';
import { type Verdict, verdictOf } from './verdict.ts';

/** One page that needs nothing from the network, in light and dark, for a screen, a phone and paper. */
export function renderHtml(report: Report): string {
  const verdict = verdictOf(report);
  return pageOf({
    title: `${verdict.icon} ${report.project} ${shortCommit(report.commit)}: ${verdict.words}`,
    tone: verdict.tone,
    body: html`${heading(report, verdict)}
${verdictCard(report, verdict)}
${warnings(report, verdict)}
${rescue(verdict)}
${excerpt(report)}
${gantt(report)}
${changes(report)}
${tests(report)}
${budgets(report)}
${coverageAndBackups(report)}
${commands(report)}
${footer(report)}`,
  });
}

function heading(report: Report, verdict: Verdict): Markup {
  return html`<header>
${verdict.tone !== 'critical' && html`<span class="pill">${verdict.words}</span>`}
<h1>${report.project}</h1>
<p class="facts"><span>commit ${commitLink(report, report.commit)}</span>${
    report.branch !== null && html`<span>branch <code>${report.branch}</code></span>`
  }<span>${formatDuration(report.duration_seconds)}</span><time datetime="${report.started_at}">${momentOf(report.started_at)}</time></p>
</header>`;
}

function verdictCard(report: Report, verdict: Verdict): Markup {
  return html`${verdict.tone === 'critical' && html`<p class="banner" role="alert">${verdict.icon} ${verdict.words}</p>`}
<section class="verdict"><dl>
${report.error !== null && html`<dt>Cause</dt><dd>${prose(report.error.message)} <span class="soft">(stage ${report.error.stage})</span></dd>`}
<dt>Running now</dt><dd>${prose(verdict.running)}</dd>
${verdict.next !== null && html`<dt>Next step</dt><dd>${prose(verdict.next)}</dd>`}
</dl></section>`;
}

function warnings(report: Report, verdict: Verdict): Markup {
  const texts = verdict.schemaMayBeAhead
    ? ['The database schema may be ahead of what runs: a migration was applied and not put back.', ...report.warnings]
    : report.warnings;
  return html`${texts.map((text) => html`<p class="notice"><b>Warning:</b> ${prose(text)}</p>\n`)}`;
}

function rescue(verdict: Verdict): Markup | null {
  if (verdict.tone !== 'critical') return null;
  return html`${
    verdict.seen.length > 0 &&
    html`<h2>What was seen on the host</h2>\n<ul>${verdict.seen.map((line) => html`<li>${line}</li>`)}</ul>`
  }
<h2>Run on the host</h2>
<pre>${verdict.commands.join('\n')}</pre>`;
}

function excerpt(report: Report): Markup | null {
  const text = excerptOf(report);
  return text === null ? null : html`<h2>Log excerpt</h2>\n${preOf(text)}`;
}

function gantt(report: Report): Markup | null {
  if (report.stages.length === 0) return null;
  const { total, bars } = timelineOf(report);
  const percent = (seconds: number) => ((seconds / total) * 100).toFixed(2);
  const rows = report.stages.map((stage) => {
    const bar = bars.find((candidate) => candidate.stage === stage);
    if (!bar) {
      return html`<div class="row idle"><span class="name">${stageTitle(report, stage)}</span><span></span><span class="time">${stage.status}</span></div>\n`;
    }
    const time = formatDuration(bar.duration);
    return html`<div class="row ${stage.status}"><span class="name">${stageTitle(report, stage)}${
      stage.status !== 'success' && html` <span class="state">${stage.status}</span>`
    }</span><span class="track"><span class="bar" style="left:${percent(
      Math.min(bar.offset, total * 0.995),
    )}%;width:${percent(bar.duration)}%" title="${stage.status}, from ${formatDuration(bar.offset)} on, ${time}"></span></span><span class="time">${time}</span></div>\n`;
  });
  const axis = [0, 0.25, 0.5, 0.75, 1].map(
    (part) => html`<span>${part === 0 ? '0s' : formatDuration(total * part)}</span>`,
  );
  return html`<h2>Stages</h2>
<div class="card gantt">
${rows}<div class="row axis" aria-hidden="true"><span></span><span>${axis}</span><span></span></div>
</div>`;
}

function changes(report: Report): Markup | null {
  const { services, commits, migrations } = report.changes;
  if (services.length + commits.length + migrations.length === 0) return null;
  const image = (id: string | null) => (id === null ? html`–` : html`<code>${shortImage(id)}</code>`);
  return html`<h2>What changed</h2>
${table(
  ['Service', 'Change', 'Image before', afterTitle(report)],
  services.map(({ service, change, image_before, image_after }) => [
    html`${service}`,
    html`${change}`,
    image(image_before),
    image(image_after),
  ]),
)}
${table(
  ['Migration of', 'Command'],
  migrations.map(({ service, command }) => [html`${service}`, html`<code>${command}</code>`]),
)}
${table(
  ['Commit', 'Subject', 'Author'],
  commits.map(({ sha, subject, author }) => [commitLink(report, sha), html`${subject}`, html`${author}`]),
)}`;
}

function tests(report: Report): Markup | null {
  if (report.changes.tests.length === 0) return null;
  const rows = report.changes.tests.map((test) => [
    html`${test.name}`,
    html`${statusIcons[test.status]} ${[test.status, countWords(test)].filter((words) => words !== '').join(', ')}`,
    html`${formatDuration(test.duration_seconds)}`,
  ]);
  const failing = failingTests(report).first.map(({ name, message }) => [html`<code>${name}</code>`, html`${message}`]);
  return html`<h2>Tests</h2>\n${table(['Test', 'Result', 'Time'], rows)}\n${table(['Failing test', 'What it said'], failing)}`;
}

function budgets(report: Report): Markup | null {
  const measured = report.budgets ?? [];
  if (measured.length === 0) return null;
  const rows = measured.map((budget) => [
    html`${budget.name}`,
    html`${statusIcons[budget.status]} ${budgetWords(budget)}`,
  ]);
  return html`<h2>Budgets</h2>\n${table(['Budget', 'Result'], rows)}`;
}

function coverageAndBackups(report: Report): Markup | null {
  if (report.coverage === null && report.backups.length === 0) return null;
  const rows = report.backups.map((backup) => [
    html`${backup.service} / ${backup.database} <span class="soft">${backup.kind}</span>`,
    html`${formatSize(backup.bytes)}, ${backup.rows} rows`,
    html`${backup.verified === 'none' ? '⚠️' : '✅'} ${verifiedWords(backup)}`,
    html`<code>${backup.file}</code>`,
  ]);
  const worst = (report.coverage?.worst ?? []).map((file) => [
    html`<code>${file.file}</code>`,
    ...untestedCells(file).map((cell) => html`${cell}`),
  ]);
  return html`<h2>Coverage and backups</h2>
${report.coverage !== null && html`<p>${coverageIsLow(report.coverage) ? '❌' : '✅'} Coverage: ${coverageWords(report.coverage)}</p>`}
${table(['Least tested files', 'Untested', 'Covered'], worst)}
${table(['Backup', 'Size', 'Verified', 'File'], rows)}`;
}

function commands(report: Report): Markup | null {
  const stages = report.stages.filter((stage) => stage.commands.length > 0 || stage.error !== null);
  if (stages.length === 0) return null;
  return html`<h2>Commands</h2>
<div class="card">
${stages.map((stage) => stageDetails(report, stage))}</div>`;
}

function stageDetails(report: Report, stage: StageReport): Markup {
  return html`<details${stage.status === 'failed' && new Markup(' open')}><summary><b>${statusIcons[stage.status]} ${stageTitle(report, stage)}</b><span class="time">${formatDuration(
    stage.duration_seconds,
  )}</span></summary>
<div class="inside">${stage.error !== null && html`<p>${prose(stage.error)}</p>`}${stage.commands.map(commandDetails)}</div></details>
`;
}

function commandDetails({ command, exit_code, duration_seconds, output }: CommandReport): Markup {
  const end = exit_code === null ? 'did not end by itself' : exit_code === 0 ? '' : `exit code ${exit_code}`;
  return html`<p><code>${command}</code> <span class="soft">${formatDuration(duration_seconds)}${end !== '' && `, ${end}`}</span></p>
${output.trim() !== '' && preOf(output)}`;
}

function footer(report: Report): Markup {
  const run = webUrl(report.run_url);
  return html`<footer>Deployment <code>${report.deployment}</code> · triggered by ${[askerOf(report), report.triggered_by].filter((part) => part !== null).join(', ')} · Homeport's own share ${formatDuration(
    report.overhead_seconds,
  )}${report.log !== null && html` · log <code>${report.log}</code>`}${run !== null && html` · <a href="${run}">run</a>`}</footer>`;
}

function commitLink(report: Report, sha: string | null): Markup {
  const url = sha === null ? null : commitUrl(report, sha);
  const short = html`<code>${shortCommit(sha)}</code>`;
  return url === null ? short : html`<a href="${url}">${short}</a>`;
}
