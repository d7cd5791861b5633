import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ensureChromium } from '../../scripts/machine/chromium.ts';
import { renderHistoryHtml } from '../../src/reporters/history.ts';
import { deploymentsOf, faceOf } from '../../src/reporters/history-figures.ts';
import { renderHtml } from '../../src/reporters/html.ts';
import { Browser, type Page, type View } from '../support/browser.ts';
import { historyOf, nastyHistory } from '../support/history.ts';
import { critical, hostile, reports as oneReports } from '../support/reports.ts';

const history = (reports: Parameters<typeof renderHistoryHtml>[0]['reports'], unreadable = 0) =>
  renderHistoryHtml({ project: 'mundus', reports, unreadable });

const pages: Readonly<Record<string, string>> = {
  'a history of nothing': history([], 1),
  'a history of 1': history(historyOf(1)),
  'a history of 42': history(historyOf(42), 2),
  'a history of 500': history(historyOf(500)),
  'a hostile history': history(nastyHistory()),
  'a history that ends badly': history([...historyOf(3), critical]),
  ...Object.fromEntries(Object.entries(oneReports).map(([name, value]) => [`the report: ${name}`, renderHtml(value)])),
};
const views: readonly View[] = [360, 1280].flatMap((width) => [
  { width, scheme: 'light' },
  { width, scheme: 'dark' },
]);

let browser: Browser;
const open: Page[] = [];

beforeAll(async () => {
  const path = await ensureChromium((line) => process.stderr.write(`${line}\n`));
  browser = new Browser(path);
}, 1_200_000);
afterAll(async () => await browser?.close());
afterEach(async () => {
  for (const page of open.splice(0)) await page.close();
});

async function show(html: string, view: View): Promise<Page> {
  const page = await browser.show(html, view);
  open.push(page);
  return page;
}

const texts = z.array(z.string());
const opened = (page: Page) => page.ask('void probes.openAll()', z.unknown());

describe.each(views)('in a browser window of $width pixels, $scheme', (view) => {
  it.each(Object.keys(pages))('%s fits, can be read, and asks for nothing', async (name) => {
    const page = await show(pages[name] ?? '', view);
    await opened(page);
    expect(await page.ask(`probes.overflow(${view.width})`, z.number())).toBe(0);
    expect(await page.ask('probes.clipped()', texts)).toEqual([]);
    // WCAG 2.2 AA: 4.5 for text, 3 for what a chart is drawn with.
    expect(await page.ask('probes.paleTexts(4.5)', texts)).toEqual([]);
    expect(await page.ask('probes.paleShapes(3)', texts)).toEqual([]);
    expect(await page.ask('probes.textsSeen()', z.number())).toBeGreaterThan(1);
    expect(await page.ask('probes.foreign()', texts)).toEqual([]);
    expect(page.requests).toEqual([expect.stringMatching(/^file:/)]);
    expect(page.complaints).toEqual([]);
  });

  it('is drawn in that scheme', async () => {
    const page = await show(pages['a history of 42'] ?? '', view);
    const lightness = await page.ask('probes.lightness()', z.object({ page: z.number(), text: z.number() }));
    const [dark, light] = view.scheme === 'dark' ? (['page', 'text'] as const) : (['text', 'page'] as const);
    expect(lightness[dark]).toBeLessThan(0.05);
    expect(lightness[light]).toBeGreaterThan(0.7);
  });
});

describe('what would be wrong with a page', () => {
  const viewport = '<meta name="viewport" content="width=device-width, initial-scale=1">';
  const show360 = async (body: string) =>
    await show(`<!doctype html>${viewport}${body}`, { width: 360, scheme: 'light' });

  it.each([
    ['pale text', '<p style="color: #999">pale</p>', 'probes.paleTexts(4.5)'],
    ['pale text on a wash', '<p style="background: rgb(0 0 0 / 50%); color: #555">pale</p>', 'probes.paleTexts(4.5)'],
    ['a pale bar', '<span class="bar" style="background: #eee">x</span>', 'probes.paleShapes(3)'],
    [
      'text that is cut off',
      '<p style="overflow: hidden; white-space: nowrap">xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx</p>',
      'probes.clipped()',
    ],
    ['an image', '<img alt="" src="data:image/gif;base64,R0lGODlhAQABAAAAACw=">', 'probes.foreign()'],
  ])('is seen: %s', async (_what, body, probe) => {
    const page = await show360(body);
    expect(await page.ask(probe, texts)).not.toEqual([]);
  });

  it('is seen: a page wider than its window, and a request', async () => {
    const page = await show360('<p style="width: 500px">wide</p><img alt="" src="http://example.test/x.png">');
    expect(await page.ask('probes.overflow(360)', z.number())).toBeGreaterThan(100);
    expect(page.requests).toContain('http://example.test/x.png');
  });
});

describe('the page of a history in a browser', () => {
  const wide: View = { width: 1280, scheme: 'light' };

  it.each([1, 42, 500])(
    'draws one bar for each of %d entries that is a deployment, as tall as it took long',
    async (count) => {
      const page = await show(history(historyOf(count)), wide);
      const bars = await page.ask(
        'probes.bars()',
        z.array(z.object({ height: z.number(), width: z.number(), title: z.string(), mark: z.string() })),
      );
      const deployments = deploymentsOf(historyOf(count));
      expect(bars).toHaveLength(deployments.length);
      for (const [index, bar] of bars.entries()) {
        const deployment = deployments[index];
        if (deployment === undefined) throw new Error('There are more bars than deployments.');
        const face = faceOf(deployment);
        expect(bar.title).toContain(face.words);
        expect(bar.title).toContain(deployment.commit?.slice(0, 7));
        // Not by colour alone.
        expect(bar.mark).toBe(face.tone === 'good' ? '' : face.mark);
        expect(bar.width).toBeGreaterThan(2);
      }
      const tallest = Math.max(...bars.map(({ height }) => height));
      expect(tallest).toBeGreaterThan(90);
      const slowest = deployments.indexOf(
        deployments.toSorted((a, b) => b.duration_seconds - a.duration_seconds)[0] ?? critical,
      );
      expect(bars[slowest]?.height).toBe(tallest);
    },
  );

  it('marks in its list, by words, what did not go well', async () => {
    const page = await show(history(historyOf(30)), wide);
    const results = await page.ask('probes.textOf(".result")', texts);
    expect(results).toHaveLength(30);
    expect(results).toEqual(expect.arrayContaining(['✓ successful', '× failed', '↩ rolled back', '– aborted']));
  });

  it.each(views)('opens the log excerpt of a failure by a click, $width pixels wide, $scheme', async (view) => {
    const page = await show(history(historyOf(10)), view);
    const seen = async () => await page.ask('probes.seen(".more pre")', texts);
    expect(await seen()).toEqual([]);
    await page.click('.more summary');
    expect(await seen()).toEqual([expect.stringContaining('test_a_discount_never_exceeds_the_price')]);
    await page.click('.more summary');
    expect(await seen()).toEqual([]);
  });

  it('shows the newest of many first on a phone, and scrolls to the others', async () => {
    const page = await show(history(historyOf(500)), { width: 360, scheme: 'light' });
    const bars = z.array(z.number());
    const { atOnce, scrolled } = await page.ask('probes.barsSeen()', z.object({ atOnce: bars, scrolled: bars }));
    expect(atOnce.at(-1)).toBe(deploymentsOf(historyOf(500)).length - 1);
    expect(atOnce).not.toContain(0);
    expect(scrolled).toContain(0);
  });

  it('has all that is folded on paper', async () => {
    const page = await show(history(historyOf(45)), { ...wide, paper: true });
    const [printed, all] = [
      await page.ask('probes.seen(".more pre")', texts),
      await page.ask('probes.textOf(".more pre")', texts),
    ];
    expect(printed).toHaveLength(all.length);
    expect(all.length).toBeGreaterThan(3);
  });

  it('leads nowhere but to the runs', async () => {
    const page = await show(history([...historyOf(12), hostile, ...nastyHistory()]), wide);
    const links = await page.ask('probes.links()', texts);
    expect(links.length).toBeGreaterThan(10);
    for (const link of links) expect(link).toMatch(/^https:\/\/github\.com\/octo\/mundus\/actions\/runs\/\d+$/);
  });
});
