import { describe, expect, it } from 'vitest';
import { renderText, renderVerdict } from '../../src/reporters/text.ts';
import { critical, fullCoverage, report, reports, smokeRolledBack, successful } from '../support/reports.ts';

describe('the report as text', () => {
  it('begins with verdict, cause, what runs and the next step', () => {
    expect(renderText(smokeRolledBack).split('\n').slice(0, 4)).toEqual([
      '⚠️ Deployment failed, rolled back: mundus 3f2a9c1 on main, 1m 19s',
      'Cause (smoke): GET http://localhost:8000/health answered 500 instead of 200, 4 times.',
      'Running now: The old release 20251120T174210Z-b81d0e4, restored.',
      expect.stringMatching(/^Next step: Read the log of app below/),
    ]);
  });

  it('has branches and the change since the last good release', () => {
    expect(renderText(report({ coverage: fullCoverage }))).toContain(
      '  coverage 83.1 % of lines (1234 of 1484, minimum 70 %), 75.0 % of branches (3 of 4), 2.64 points more than in the last good release\n',
    );
  });

  it('has what changed, tests, coverage, backups and stages', () => {
    const text = renderText(successful);
    for (const line of [
      '  app       recreated  1f0e2d3c4b5a -> a7b8c9d0e1f2',
      '  unit         success  11.9s',
      '  coverage 83.1 % of lines (1234 of 1484, minimum 70 %)',
      '  preflight  success  1.2s',
    ]) {
      expect(text.split('\n')).toContain(line);
    }
  });

  it('says warnings and the commands for a person', () => {
    expect(renderVerdict(reports.successfulWithWarnings)).toContain('WARNING: Tests were skipped');
    expect(renderVerdict(critical)).toContain('Run on the host\n  df -h /var/lib/docker\n');
  });

  it.each(Object.entries(reports))('has no control characters: %s', (_name, value) => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
    expect(renderText(value)).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
  });
});
