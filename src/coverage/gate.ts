import { exitCodes, HomeportError } from '../deployment/error.ts';
import type { CoverageResult, FileCoverage } from './coverage.ts';

const worstShown = 5;

/** Percent with one decimal, always rounded down: what fails a minimum of 70 never reads as `70.0`. */
export function formatPercent(percent: number): string {
  return (Math.floor(percent * 10) / 10).toFixed(1);
}

/**
 * Throws `HomeportError` (exit code 1) when less than `minimum` percent of the lines are covered, with how many lines
 * are missing and the files that miss most.
 */
export function judgeCoverage(result: CoverageResult, minimum: number): void {
  if (result.percent >= minimum) return;
  const missing = linesToReach(result, minimum);
  const worst = result.byFile
    .filter((file) => uncovered(file) > 0)
    .sort((a, b) => uncovered(b) - uncovered(a))
    .slice(0, worstShown)
    .map((file) => `${file.file} (${uncovered(file)} of ${file.linesTotal} lines)`);
  throw new HomeportError(
    `Coverage is ${formatPercent(result.percent)} % of lines (${result.linesCovered} of ${result.linesTotal}), the minimum is ${minimum} %.`,
    {
      hint: `Test ${missing} more ${missing === 1 ? 'line' : 'lines'}. Most untested: ${worst.join(', ')}.`,
      exitCode: exitCodes.gate,
    },
  );
}

function uncovered(file: FileCoverage): number {
  return file.linesTotal - file.linesCovered;
}

/** The fewest further lines with which the share is at least the minimum. */
function linesToReach({ linesCovered, linesTotal }: CoverageResult, minimum: number): number {
  let needed = Math.max(0, Math.floor((minimum * linesTotal) / 100) - linesCovered - 1);
  while ((100 * (linesCovered + needed)) / linesTotal < minimum) needed += 1;
  return needed;
}
