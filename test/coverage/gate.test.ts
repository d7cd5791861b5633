import { describe, expect, it } from 'vitest';
import type { CoverageResult } from '../../src/coverage/coverage.ts';
import { formatPercent, judgeCoverage } from '../../src/coverage/gate.ts';
import { HomeportError } from '../../src/deployment/error.ts';

function covered(linesCovered: number, linesTotal: number): CoverageResult {
  return {
    percent: (100 * linesCovered) / linesTotal,
    linesCovered,
    linesTotal,
    unit: 'lines',
    branches: null,
    files: ['/checkout/lcov.info'],
    byFile: [
      { file: 'src/good.ts', linesCovered: 10, linesTotal: 10, unit: 'lines' },
      { file: 'src/half.ts', linesCovered: 5, linesTotal: 10, unit: 'lines' },
      { file: 'src/bad.ts', linesCovered: 1, linesTotal: 100, unit: 'lines' },
    ],
  };
}

function refusal(result: CoverageResult, minimum: number): HomeportError {
  try {
    judgeCoverage(result, minimum);
  } catch (error) {
    if (error instanceof HomeportError) return error;
  }
  throw new Error('it passed');
}

describe('the coverage gate', () => {
  it.each([
    [70, 100, 70],
    [83, 1000, 8.3],
    [57, 100, 57],
    [2, 3, 66.6],
    [1, 1, 100],
    [0, 5, 0],
  ])('lets %d of %d lines pass a minimum of %d %%', (linesCovered, linesTotal, minimum) => {
    expect(() => judgeCoverage(covered(linesCovered, linesTotal), minimum)).not.toThrow();
  });

  it.each([
    [6996, 10_000, 70, 'Coverage is 69.9 % of lines (6996 of 10000), the minimum is 70 %.', 'Test 4 more lines.'],
    [829, 10_000, 8.3, 'Coverage is 8.2 % of lines (829 of 10000), the minimum is 8.3 %.', 'Test 1 more line.'],
    [9999, 10_000, 100, 'Coverage is 99.9 % of lines (9999 of 10000), the minimum is 100 %.', 'Test 1 more line.'],
    [0, 3, 50, 'Coverage is 0.0 % of lines (0 of 3), the minimum is 50 %.', 'Test 2 more lines.'],
  ])('stops %d of %d lines at %d %%', (linesCovered, linesTotal, minimum, message, hint) => {
    const error = refusal(covered(linesCovered, linesTotal), minimum);
    expect(error.message).toBe(message);
    expect(error.hint).toContain(hint);
    expect(error.exitCode).toBe(1);
  });

  it('speaks of statements where those are counted', () => {
    const error = refusal({ ...covered(2, 3), unit: 'statements', byFile: [] }, 70);
    expect(error.message).toBe('Coverage is 66.6 % of statements (2 of 3), the minimum is 70 %.');
    expect(error.hint).toContain('Test 1 more statement.');
  });

  it('names the files with most untested lines first, and none that is fully tested', () => {
    const { hint } = refusal(covered(16, 120), 70);
    expect(hint).toContain('src/bad.ts (99 of 100 lines), src/half.ts (5 of 10 lines).');
    expect(hint).not.toContain('good');
  });

  it.each([
    [69.96, '69.9'],
    [69.99999, '69.9'],
    [70, '70.0'],
    [100, '100.0'],
    [0.04, '0.0'],
  ])('shows %d as %s', (percent, shown) => {
    expect(formatPercent(percent)).toBe(shown);
  });
});
