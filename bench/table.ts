import type { Comparison, Goal } from './benchmark.ts';
import { median } from './statistics.ts';

/** Medians side by side, with the smallest and largest sample. */
export function comparisonTable(comparisons: readonly Comparison[]): string {
  const rows = comparisons.flatMap(({ what, unit, sides }) =>
    Object.entries(sides).map(([side, samples]) => {
      const range = `${amount(Math.min(...samples), unit)} to ${amount(Math.max(...samples), unit)}`;
      return [what, side, amount(median(samples), unit), range, String(samples.length)];
    }),
  );
  return table([['', 'by', 'median', 'range', 'runs'], ...rows]);
}

export function goalTable(goals: readonly Goal[]): string {
  const rows = goals.map((goal) => [
    goal.what,
    amount(goal.measured, goal.unit),
    amount(goal.atMost, goal.unit),
    isKept(goal) ? 'yes' : 'NO',
  ]);
  return table([['goal', 'measured', 'at most', 'kept'], ...rows]);
}

export function isKept({ measured, atMost }: Goal): boolean {
  return measured <= atMost;
}

function amount(value: number, unit: Goal['unit']): string {
  if (unit === 'times') return value.toFixed(2);
  if (unit === '%') return `${value.toFixed(1)} %`;
  return `${unit === 's' ? value.toFixed(1) : value.toFixed(0)} ${unit}`;
}

/** Markdown that can be read as it is: columns of the same width. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`);
  lines.splice(1, 0, `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`);
  return lines.join('\n');
}
