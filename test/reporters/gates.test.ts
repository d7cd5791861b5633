import { describe, expect, it } from 'vitest';
import type { Report } from '../../src/deployment/report.ts';
import { annotationsOf } from '../../src/reporters/annotations.ts';
import { renderHtml } from '../../src/reporters/html.ts';
import { LogReporter } from '../../src/reporters/log.ts';
import { renderSummary } from '../../src/reporters/summary.ts';
import { finalMessage } from '../../src/reporters/telegram-message.ts';
import { renderText } from '../../src/reporters/text.ts';
import { critical, gateFailed, hostile, report, smokeRolledBack, successful } from '../support/reports.ts';
import { textOfTelegramHtml } from '../support/telegram-html.ts';

/** What each reporter shows a person, tags and entities taken out. */
const reporters: Readonly<Record<string, (report: Report) => string>> = {
  text: renderText,
  summary: (one) => plain(renderSummary(one)),
  html: (one) => plain(renderHtml(one)),
  telegram: (one) => textOfTelegramHtml(finalMessage(one).html),
  annotations: (one) =>
    annotationsOf(one)
      .map(({ message }) => message)
      .join('\n'),
  log: (one) => {
    let written = '';
    const log = new LogReporter({ mode: 'plain', colour: false, write: (text) => (written += text) });
    log.event({ type: 'finished', report: one });
    return written;
  },
};

function plain(markup: string): string {
  return markup
    .replace(/<[^>]+>/g, '')
    .replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)))
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
}

const skipped = 'Tests, coverage and budgets were skipped';
const warnings = [`${skipped} (\`skip-tests: true\`).`];

describe.each(Object.keys(reporters))('%s', (name) => {
  const show = (one: Report) => reporters[name]?.(one) ?? '';

  it.each(Object.entries({ successful, gateFailed, smokeRolledBack, critical, hostile }))(
    'says that the tests were skipped: %s',
    (_kind, one) => {
      expect(show({ ...one, warnings })).toContain(skipped);
      expect(show({ ...one, warnings: [...warnings, ...Array.from({ length: 40 }, (_, n) => `more ${n}`)] })).toContain(
        skipped,
      );
    },
  );
});

const failing = Array.from({ length: 10 }, (_, n) => ({
  name: `test_price › test_${n} <b>`,
  message: `-${n} == 0 & more`,
}));
const withFailing = report({
  ...gateFailed,
  error: { stage: 'test', message: 'The tests `unit` failed with exit code 1.', hint: 'Run it.', excerpt: 'the log' },
  changes: {
    ...gateFailed.changes,
    tests: [
      { name: 'lint', status: 'success', duration_seconds: 1, counts: { tests: 5, failures: 0, skipped: 2 } },
      {
        name: 'unit',
        status: 'failed',
        duration_seconds: 12.1,
        counts: { tests: 148, failures: 14, skipped: 0 },
        failing,
      },
    ],
  },
});

describe('failing tests', () => {
  it.each(['summary', 'html', 'telegram'])('are named in %s', (name) => {
    const shown = reporters[name]?.(withFailing) ?? '';
    for (const test of failing) expect(shown).toContain(test.name);
    expect(shown).toContain('-3 == 0 & more');
  });

  it('are counted, in Telegram with those that are not named', () => {
    expect(finalMessage(withFailing).plain).toContain('14 failing tests:');
    expect(finalMessage(withFailing).plain).toContain('… and 4 more');
    expect(finalMessage(withFailing).plain.length).toBeLessThan(4096);
  });

  it.each(['text', 'summary', 'html'])('are counted beside the others in %s', (name) => {
    const shown = reporters[name]?.(withFailing) ?? '';
    expect(shown).toContain('14 of 148 failed');
    expect(shown).toContain('3 passed, 2 skipped');
  });

  it('leave room in Telegram for everything else, however long they are', () => {
    const long = failing.map(({ name }) => ({ name: name.repeat(50), message: '<&>'.repeat(1000) }));
    const [lint, unit] = withFailing.changes.tests;
    if (lint === undefined || unit === undefined) throw new Error('two suites');
    const tests = [lint, { ...unit, failing: long }];
    const many = [...warnings, ...Array.from({ length: 5 }, () => 'w'.repeat(400))];
    const message = finalMessage({ ...withFailing, changes: { ...withFailing.changes, tests }, warnings: many });
    expect(textOfTelegramHtml(message.html).length).toBeLessThan(4096);
    expect(message.plain).toContain(skipped);
    expect(message.plain).toMatch(/14 failing tests:\n• test_price/);
    expect(message.plain).toContain('Run: https://');
  });
});

describe('budgets', () => {
  const measured = report({
    budgets: [
      { name: 'tokens <i>', value: 51_234.5, maximum: 50_000, status: 'failed' },
      { name: 'bundle', value: null, maximum: 0.5, status: 'failed' },
      { name: 'queries', value: 12, maximum: 20, status: 'success' },
    ],
  });

  it.each(['text', 'summary', 'html'])('stand in %s with both numbers', (name) => {
    const shown = reporters[name]?.(measured) ?? '';
    expect(shown).toContain('tokens <i>');
    expect(shown).toContain('51234.5, the maximum is 50000');
    expect(shown).toContain('not measured, the maximum is 0.5');
    expect(shown).toContain('12, the maximum is 20');
  });

  it.each(['text', 'summary', 'html'])('leave no trace in %s where there are none', (name) => {
    expect(reporters[name]?.(successful)).not.toContain('Budget');
  });
});
