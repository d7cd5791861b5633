import { exitCodes, HomeportError } from '../deployment/error.ts';
import { type CoverageResult, uncovered, worstFiles } from './coverage.ts';

const worstShown = 5;

/** Percent with one decimal, always rounded down: what fails a minimum of 70 never reads as `70.0`. */
export function formatPercent(percent: number): string {
  return (Math.floor(percent * 10) / 10).toFixed(1);
}

/**
 * Throws `HomeportError` (exit code 1) when less than `minimum` percent of the lines (of Go: statements) are covered, with
 * how many are missing and the files that miss most.
 */
export function judgeCoverage(result: CoverageResult, minimum: number): void {
  if (result.percent >= minimum) return;
  const missing = linesToReach(result, minimum);
  const one = result.unit === 'statements' ? 'statement' : 'line';
  const worst = worstFiles(result.byFile, worstShown).map(
    (file) => `${file.file} (${uncovered(file)} of ${file.linesTotal} ${file.unit})`,
  );
  throw new HomeportError(
    `Coverage is ${formatPercent(result.percent)} % of ${result.unit} (${result.linesCovered} of ${result.linesTotal}), the minimum is ${minimum} %.`,
    {
      hint: `Test ${missing} more ${missing === 1 ? one : `${one}s`}. Most untested: ${worst.join(', ')}.`,
      exitCode: exitCodes.gate,
    },
  );
}

/** The fewest further lines with which the share is at least the minimum. */
function linesToReach({ linesCovered, linesTotal }: CoverageResult, minimum: number): number {
  let needed = Math.max(0, Math.floor((minimum * linesTotal) / 100) - linesCovered - 1);
  while ((100 * (linesCovered + needed)) / linesTotal < minimum) needed += 1;
  return needed;
}
