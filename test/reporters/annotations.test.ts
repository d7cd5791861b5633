import { describe, expect, it } from 'vitest';
import { annotationsOf } from '../../src/reporters/annotations.ts';
import { critical, gateFailed, report, reports, successful } from '../support/reports.ts';

describe('annotations', () => {
  it('give the cause and the next step of a failure as an error', () => {
    const [first, ...others] = annotationsOf(gateFailed);
    expect(first).toEqual({
      level: 'error',
      title: 'Deployment failed: mundus 3f2a9c1',
      message: expect.stringMatching(
        /^The test `unit` failed with exit code 1\.\nRunning now: The old release .*\nNext step: Run `pytest tests\/unit --cov`/,
      ),
    });
    expect(others).toEqual([]);
  });

  it('give the commands for a person when it is critical', () => {
    const [first] = annotationsOf(critical);
    expect(first?.title).toMatch(/^CRITICAL/);
    expect(first?.message).toContain('homeport recover --project mundus');
  });

  it('are a notice for a success, and a warning for each warning', () => {
    expect(annotationsOf(successful).map(({ level }) => level)).toEqual(['notice']);
    expect(annotationsOf(reports.successfulWithWarnings).map(({ level }) => level)).toEqual([
      'notice',
      'warning',
      'warning',
    ]);
  });

  it('tell how many warnings GitHub would not show', () => {
    const warnings = Array.from({ length: 25 }, (_, index) => `warning ${index}`);
    const shown = annotationsOf(report({ warnings })).filter(({ level }) => level === 'warning');
    expect(shown).toHaveLength(10);
    expect(shown.at(-1)?.message).toBe('16 more warnings are in the job summary and in the report.');
  });
});
