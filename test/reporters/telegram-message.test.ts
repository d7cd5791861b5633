import { describe, expect, it } from 'vitest';
import { finalMessage, progressMessage } from '../../src/reporters/telegram-message.ts';
import { critical, gateFailed, report, reports, smokeRolledBack, successful } from '../support/reports.ts';
import { textOfTelegramHtml } from '../support/telegram-html.ts';

describe('the final Telegram message', () => {
  it('says a success in the documented form', () => {
    expect(finalMessage(successful).plain).toBe(`✅ DEPLOYMENT SUCCESSFUL ✅

Project: mundus
Git SHA: 3f2a9c1
Branch: main
Duration: 71s

All systems operational.

Run: https://github.com/octo/mundus/actions/runs/19283746512`);
  });

  it('tells cause, next step, what runs and the log of a failure', () => {
    const { plain } = finalMessage(gateFailed);
    expect(plain).toMatch(/^❌ DEPLOYMENT FAILED ❌\n\nThe test unit failed with exit code 1\.\nNext step: Run pytest/);
    expect(plain).toContain('Running now: The old release 20251120T174210Z-b81d0e4, untouched.');
    expect(plain).toContain('assert -20 == 0');
  });

  it('warns that a deployment was rolled back', () => {
    expect(finalMessage(smokeRolledBack).plain).toMatch(
      /^⚠️ WARNING ⚠️\n\nDeployment failed - system rolled back to previous version\.\nGET http/,
    );
  });

  it('gives a person the commands when the rollback failed too', () => {
    const { plain } = finalMessage(critical);
    expect(plain).toMatch(/^🚨 CRITICAL 🚨\n/);
    expect(plain).toContain('Run on the host:\ndf -h /var/lib/docker\nhomeport recover --project mundus');
  });

  it('does not say that all is well when there are warnings', () => {
    const { plain } = finalMessage(reports.successfulWithWarnings);
    expect(plain).not.toContain('All systems operational');
    expect(plain).toContain('⚠️ Tests were skipped: skip-tests is on.');
  });

  it.each(Object.entries(reports))('is HTML as Telegram reads it, and shows the plain text: %s', (_name, value) => {
    const { html, plain } = finalMessage(value);
    expect(textOfTelegramHtml(html)).toBe(plain);
    const progress = progressMessage(value, true);
    expect(textOfTelegramHtml(progress.html)).toBe(progress.plain);
  });

  const fillers = { letters: 'a', markup: '<&>"', emoji: '🚀', lines: 'x\n', accents: 'é', backticks: '`a` ' };
  it.each(Object.entries(fillers))('stays below 4096 units with a report full of %s', (_name, filler) => {
    const long = filler.repeat(20_000);
    const value = report({
      ...critical,
      project: long,
      branch: long,
      commit: long,
      run_url: `https://example.org/${'a'.repeat(280)}`,
      error: { stage: long, message: long, hint: long, excerpt: long },
      warnings: Array.from({ length: 50 }, () => long),
      details: { critical: true, running: long, seen: [long], commands: [long, long], schema_may_be_ahead: true },
      stages: critical.stages.flatMap((stage) =>
        Array.from({ length: 20 }, (_, index) => ({ ...stage, name: long, target: `${index}` })),
      ),
    });
    for (const { html, plain } of [finalMessage(value), progressMessage(value, false), progressMessage(value, true)]) {
      expect(textOfTelegramHtml(html)).toBe(plain);
      expect(plain.length).toBeLessThan(4096);
      expect(plain.isWellFormed()).toBe(true);
    }
  });

  it('keeps the end of a long log, where the cause is', () => {
    const excerpt = `${'noise\n'.repeat(5000)}the cause`;
    const { plain } = finalMessage(
      report({ ...gateFailed, error: { ...gateFailed.error, stage: 'test', message: 'm', hint: 'h', excerpt } }),
    );
    expect(plain).toMatch(/characters left out\)\n(noise\n)+the cause/);
  });
});
