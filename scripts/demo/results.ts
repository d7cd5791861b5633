import { copyFile, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Report } from '../../src/deployment/report.ts';
import { renderHtml } from '../../src/reporters/html.ts';
import { renderSummary } from '../../src/reporters/summary.ts';
import { say, sayFact } from './screen.ts';

const FOLDER = join(import.meta.dirname, '../../demo-output');

/** Removes what an earlier run left there: a run that ends early must not leave another one's results for its own. */
export async function clearResults(): Promise<void> {
  const names = await readdir(FOLDER).catch(() => []);
  const ours = names.filter((name) => /^(summary|report|log)-v\d\.(md|html|json|txt)$/.test(name));
  await Promise.all(ours.map((name) => rm(join(FOLDER, name), { force: true })));
}

/** Keeps what is left of a deployment for people: the job summary, as Markdown and as a page, the report and the log. */
export async function keepResults(name: string, report: Report): Promise<void> {
  await mkdir(FOLDER, { recursive: true });
  await Promise.all([
    writeFile(join(FOLDER, `summary-${name}.md`), renderSummary(report)),
    writeFile(join(FOLDER, `summary-${name}.html`), renderHtml(report)),
    writeFile(join(FOLDER, `report-${name}.json`), `${JSON.stringify(report, null, 2)}\n`),
    ...(report.log === null ? [] : [copyFile(report.log, join(FOLDER, `log-${name}.txt`))]),
  ]);
}

/** Says where `keepResults` put everything. */
export function sayResults(names: readonly string[]): void {
  say('\nTo look at', 'strong');
  for (const name of names) sayFact(`summary ${name}`, pathToFileURL(join(FOLDER, `summary-${name}.html`)).href);
  sayFact(
    'beside them',
    `${names.map((name) => `summary-${name}.md`).join(', ')}: the job summary as GitHub shows it;`,
  );
  sayFact('', 'report-*.json and log-*.txt: the reports for programs, and the logs');
}

/** Where to read more about one deployment, as a sentence. */
export function whereToRead(name: string): string {
  const folder = relative(process.cwd(), FOLDER) || '.';
  return `See summary-${name}.html and log-${name}.txt in ${folder}.`;
}
