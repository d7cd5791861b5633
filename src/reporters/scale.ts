export interface Scale {
  /** The value at the upper end; more than 0. */
  readonly top: number;
  /** From 0 to the upper end, both with it. */
  readonly ticks: readonly number[];
}

const day = 86_400;
const steps = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200, day];
const mostTicks = 4;

/**
 * A scale of durations in seconds, with steps that people count in. A few that took many times as long as the others
 * (a time-out, a long wait) go beyond its end: else nothing could be told of all the others.
 */
export function durationScale(durations: readonly number[]): Scale {
  const sorted = durations.toSorted((one, other) => one - other);
  const longest = Math.max(0.1, sorted.at(-1) ?? 0);
  const usual = Math.max(0.1, sorted[Math.floor(sorted.length * 0.9)] ?? 0);
  const wanted = longest > 3 * usual ? 1.5 * usual : longest;
  const step = steps.find((size) => size * mostTicks >= wanted) ?? day * Math.ceil(wanted / mostTicks / day);
  const count = Math.max(1, Math.ceil(wanted / step - 1e-9));
  return { top: step * count, ticks: Array.from({ length: count + 1 }, (_, index) => index * step) };
}

/** `0`, `0.5s`, `30s`, `1m 30s`, `2h`, `3d` */
export function tickWords(seconds: number): string {
  if (seconds === 0) return '0';
  if (seconds < 60) return `${Number(seconds.toFixed(1))}s`;
  const minutes = Math.floor(seconds / 60);
  const words = [
    [Math.floor(seconds / day), 'd'],
    [Math.floor(minutes / 60) % 24, 'h'],
    [minutes % 60, 'm'],
    [Math.round(seconds % 60), 's'],
  ] as const;
  return words
    .filter(([amount]) => amount > 0)
    .map(([amount, unit]) => `${amount}${unit}`)
    .join(' ');
}

export interface Range {
  readonly low: number;
  readonly high: number;
}

/** The tens around these percentages, within 0 to 100. */
export function percentRange(percents: readonly number[]): Range {
  const low = Math.max(0, Math.min(90, Math.floor(Math.min(...percents) / 10) * 10));
  return { low, high: Math.min(100, Math.max(low + 10, Math.ceil(Math.max(...percents) / 10) * 10)) };
}
