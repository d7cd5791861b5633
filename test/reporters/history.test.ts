import { describe, expect, it } from 'vitest';
import { renderHistoryHtml } from '../../src/reporters/history.ts';
import { historyOf, nastyHistory, nastyText } from '../support/history.ts';
import { readPage } from '../support/html-page.ts';
import { gateFailed, report, smokeRolledBack, successful } from '../support/reports.ts';

function pageOf(reports: Parameters<typeof renderHistoryHtml>[0]['reports'], unreadable = 0) {
  return readPage(renderHistoryHtml({ project: 'mundus', reports, unreadable }));
}

function count(text: string, part: string): number {
  return text.split(part).length - 1;
}

describe('the page of a history', () => {
  it.each([
    ['nothing', []],
    ['one deployment', historyOf(1)],
    ['a good many', historyOf(120)],
    ['hostile and huge texts', nastyHistory()],
  ])('is well formed and needs nothing from outside, with %s', (_name, reports) => {
    const { elements, attributes } = pageOf(reports);
    for (const element of ['script', 'link', 'img', 'iframe', 'form']) expect(elements).not.toContain(element);
    for (const [name, value] of attributes) {
      expect(name).not.toMatch(/^(?:on|src)/);
      if (name === 'href') expect(value).toMatch(/^https:\/\/github\.com\/octo\/mundus\/actions\/runs\/\d+$/);
    }
  });

  it('says so when nothing was deployed yet', () => {
    expect(pageOf([]).text).toContain('Nothing was deployed yet.');
  });

  it('has one bar for each deployment, with what it is about, and none for a backup', () => {
    const reports = [successful, gateFailed, { ...successful, command: 'backup' }, smokeRolledBack];
    const { attributes, text } = pageOf(reports);
    expect(attributes.filter(([name, value]) => name === 'class' && value.startsWith('deployment '))).toHaveLength(3);
    expect(text).toContain('2025-11-21 10:15 UTC: failed after 24.9s, commit 3f2a9c1');
    expect(text).toContain('2025-11-21 10:15 UTC: rolled back after 1m 19s, commit 3f2a9c1');
  });

  it('tells how the last one ended, how often it goes well and how long that takes', () => {
    const { text } = pageOf([...historyOf(5), smokeRolledBack]);
    expect(text).toContain('Last: Deployment failed, rolled back');
    expect(text).toContain('5 of 6 deployments');
    expect(text).toContain('median of the last 5 that went well');
  });

  it('tells who deployed what, when and why, and links to the run alone', () => {
    const { text, attributes } = pageOf([report({ who: 'octocat by https://github.com/octo/mundus/actions/runs/1' })]);
    expect(text).toContain('2025-11-21 10:15');
    expect(text).toContain('3f2a9c1 Refuse an approval after its deadline');
    expect(text).toContain('octocat push');
    expect(text).toContain('20251121T101500Z-3f2a9c1');
    expect(attributes.filter(([name]) => name === 'href')).toEqual([
      ['href', 'https://github.com/octo/mundus/actions/runs/19283746512'],
    ]);
  });

  it('tells an error in one sentence, and folds the rest with the excerpt of the log', () => {
    const message = 'GET /health answered 500. It was asked 4 times.';
    const error = { stage: 'smoke', message, hint: 'Read it.', excerpt: 'app-1 | a traceback' };
    const html = renderHistoryHtml({ project: 'mundus', reports: [{ ...smokeRolledBack, error }], unreadable: 0 });
    expect(html).toContain('<details><summary><bdi>GET /health answered 500.</bdi>');
    const { text } = readPage(html);
    expect(text).toContain(message);
    expect(text).toContain('Next step: Read it.');
    expect(text).toContain('app-1 | a traceback');
  });

  it('shows the newest first, and folds all but 30', () => {
    const reports = historyOf(45);
    const html = renderHistoryHtml({ project: 'mundus', reports, unreadable: 0 });
    const table = html.slice(html.indexOf('Newest first'));
    const ids = reports.filter(({ release }) => release !== null).map(({ deployment }) => deployment);
    const places = ids.toReversed().map((id) => table.indexOf(`<code>${id}</code>`));
    expect(places).not.toContain(-1);
    expect(places.toSorted((one, other) => one - other)).toEqual(places);
    expect(count(table.slice(0, table.indexOf('15 older ones')), '<time ')).toBe(30);
  });

  it('stops at 500, and says so, but counts all', () => {
    const { text, elements } = pageOf(Array.from({ length: 501 }, () => successful));
    expect(elements.filter((name) => name === 'time')).toHaveLength(500);
    expect(text).toContain('The newest 500 of 501 are shown');
    expect(text).toContain('501 of 501 deployments');
  });

  it('tells how many report files it left out', () => {
    expect(pageOf([successful], 2).text).toContain('2 report files are left out');
    expect(pageOf([successful], 1).text).toContain('One report file is left out');
    expect(pageOf([successful], 0).text).not.toContain('left out');
  });

  it('shows the coverage where some was measured, and which was too low', () => {
    const measured = [60, 80].map((percent) =>
      report({ coverage: { percent, minimum: 70, lines_covered: 1, lines_total: 2, files: [] } }),
    );
    const { text } = pageOf(measured);
    expect(text).toContain('now 80.0 %');
    expect(text).toContain('below its minimum');
    expect(pageOf([{ ...successful, coverage: null }]).text).not.toContain('Coverage');
  });

  it('shows hostile text as text, and cuts what is huge', () => {
    const html = renderHistoryHtml({ project: nastyText, reports: nastyHistory(), unreadable: 0 });
    expect(readPage(html).text).toContain(nastyText);
    expect(html.length).toBeLessThan(60_000);
  });
});
