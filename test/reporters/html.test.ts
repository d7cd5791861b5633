import { describe, expect, it } from 'vitest';
import { renderHtml } from '../../src/reporters/html.ts';
import { readPage } from '../support/html-page.ts';
import { critical, fullCoverage, gateFailed, hostile, report, reports, smokeRolledBack } from '../support/reports.ts';

describe('the HTML report', () => {
  it.each(Object.entries(reports))('is well formed and needs nothing from outside: %s', (_name, value) => {
    const { elements, attributes } = readPage(renderHtml(value));
    for (const element of ['script', 'link', 'img', 'iframe', 'form']) expect(elements).not.toContain(element);
    for (const [name, url] of attributes) {
      if (name === 'src' || name === 'href') expect(url).toMatch(/^https:\/\/github\.com\/octo\/mundus\//);
      expect(name).not.toMatch(/^on/);
    }
  });

  it('forbids scripts and requests to a browser', () => {
    expect(renderHtml(hostile)).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`);
  });

  it('shows what comes from outside as text', () => {
    expect(readPage(renderHtml(hostile)).text).toContain('</script><script>alert(1)</script> | a `tick` ``` fence');
  });

  it('shows branches, the change since the last good release, and the least tested files', () => {
    const { text } = readPage(renderHtml(report({ coverage: fullCoverage })));
    expect(text).toContain('75.0 % of branches (3 of 4), 2.64 points more than in the last good release');
    expect(text.replaceAll(/\s+/g, ' ')).toMatch(/src\/orders\.py ?120 of 160 lines ?25\.0 %/);
  });

  it('tells verdict, cause, what runs and the next step first', () => {
    const { text } = readPage(renderHtml(smokeRolledBack));
    const order = ['Deployment failed, rolled back', 'Cause', 'Running now', 'Next step', 'Log excerpt', 'Stages'];
    const places = order.map((word) => text.lastIndexOf(word));
    expect(places.toSorted((a, b) => a - b)).toEqual(places);
    expect(places[0]).toBeGreaterThan(0);
  });

  it('places the bars of the stages in time', () => {
    const html = renderHtml(smokeRolledBack);
    expect(html).toContain('style="left:76.72%;width:23.03%" title="success, from 1m 00s on, 18.1s"');
  });

  it('says by a word, not by colour alone, which stages did not go well', () => {
    const { text } = readPage(renderHtml(gateFailed));
    const stages = text.slice(text.indexOf('Stages'), text.indexOf('What changed'));
    expect(stages).toContain('test failed12.3s');
    expect(stages).toContain('build cancelled12.4s');
    expect(stages).not.toContain('success');
  });

  it('opens the commands of the stage that failed, and folds the others', () => {
    const html = renderHtml(smokeRolledBack);
    expect(html.match(/<details open>/g)).toHaveLength(1);
    expect(html).toMatch(/<details open><summary><b>❌ smoke/);
  });

  it('puts the commands for a person in front when it is critical', () => {
    const { text } = readPage(renderHtml(critical));
    expect(text.indexOf('homeport recover --project mundus')).toBeLessThan(text.indexOf('What changed'));
    expect(text).toContain('🚨 CRITICAL: the rollback failed too, a person is needed');
  });
});
