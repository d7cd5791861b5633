import { type CaseResult, faultNames } from './case.ts';

export interface Summary {
  readonly commit: string;
  readonly date: string;
  readonly seed: number;
  readonly results: readonly CaseResult[];
  /** Seconds, alone on the machine: recoveries after a kill; `docker compose down` and `up --detach`. */
  readonly times: { readonly recovery: readonly number[]; readonly compose: readonly number[] } | null;
  readonly mutants: readonly { readonly name: string; readonly caughtBy: string | null }[];
  readonly minutes: number;
}

/** The table for people: a row for each point, a column for each fault, how many of its moments went well. */
export function toMarkdown(summary: Summary): string {
  const { results } = summary;
  const good = results.filter(({ problems }) => problems.length === 0).length;
  const head = `${good} of ${results.length} cases good, commit ${summary.commit}, ${summary.date}, seed ${summary.seed}, ${summary.minutes.toFixed(1)} min`;
  const rows = [...new Set(results.map(rowOf))];
  const columns = faultNames.filter((fault) => results.some((result) => result.fault === fault));
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [
    head,
    '',
    line(['point', ...columns]),
    line(['-', ...columns.map(() => '-')]),
    ...rows.map((row) => line([row, ...columns.map((fault) => cellOf(results, row, fault))])),
    '',
    recoveryLine(summary),
    ...summary.mutants.map(
      ({ name, caughtBy }) => `mutant ${name}: ${caughtBy === null ? 'SURVIVED' : `caught by ${caughtBy}`}`,
    ),
  ].join('\n');
}

/** Recovery after a kill against a restart by hand. */
function recoveryLine({ times, results }: Summary): string {
  const busy = results.flatMap(({ recoverySeconds }) => recoverySeconds ?? []);
  const among = busy.length === 0 ? '' : `; among the cases, on a busy machine: median ${median(busy).toFixed(1)} s`;
  if (times === null) return `recovery was not timed${among}`;
  const [longest, compose] = [Math.max(...times.recovery), median(times.compose)];
  const share = (longest / compose).toFixed(2);
  const seconds = times.recovery.map((one) => one.toFixed(1)).join(', ');
  return `recovery after a kill: ${seconds} s; docker compose down + up: ${compose.toFixed(1)} s; the longest is ${share} of it (goal: at most 0.5)${among}`;
}

function rowOf(result: CaseResult): string {
  return result.point === 'random' ? 'random moment' : `${result.id.split('/')[0]}: ${result.point}`;
}

function cellOf(results: readonly CaseResult[], row: string, fault: string): string {
  const own = results.filter((result) => rowOf(result) === row && result.fault === fault);
  if (own.length === 0) return '';
  const good = own.filter(({ problems }) => problems.length === 0).length;
  return good === own.length ? `${good}` : `**${good} of ${own.length}**`;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? 0) + upper) / 2;
}
