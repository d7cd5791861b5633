import { describe, expect, it } from 'vitest';
import {
  faceOf,
  medianOf,
  outcomesOf,
  ratesOf,
  resultWords,
  stageShares,
} from '../../src/reporters/history-figures.ts';
import { durationScale, percentRange, tickWords } from '../../src/reporters/scale.ts';
import { critical, gateFailed, report, smokeRolledBack, stage, successful } from '../support/reports.ts';

describe('the success rate', () => {
  const good = (count: number) => Array.from({ length: count }, () => successful);

  it('is of the newest 10, the newest 30 and all', () => {
    const rates = ratesOf([...good(30), gateFailed, ...good(9), smokeRolledBack, ...good(1)]);
    expect(rates).toEqual([
      { of: 'last 10', good: 9, all: 10, percent: 90 },
      { of: 'last 30', good: 28, all: 30, percent: 93 },
      { of: 'all', good: 40, all: 42, percent: 95 },
    ]);
  });

  it('is of all alone where there are few, and of nothing where there are none', () => {
    expect(ratesOf([successful, gateFailed])).toEqual([{ of: 'all', good: 1, all: 2, percent: 50 }]);
    expect(ratesOf([])).toEqual([]);
  });

  it('is 100 only when all went well', () => {
    expect(ratesOf([...good(999), critical]).at(-1)?.percent).toBe(99);
    expect(ratesOf(good(999)).at(-1)?.percent).toBe(100);
  });
});

describe('how a deployment ended', () => {
  it('is told by a sign and by words, not by colour alone', () => {
    const ends = [successful, smokeRolledBack, gateFailed, critical, report({ status: 'aborted' })];
    expect(ends.map((end) => faceOf(end).mark)).toEqual(['✓', '↩', '×', '!', '–']);
    expect(ends.map(resultWords)).toEqual(['successful', 'rolled back', 'failed', 'CRITICAL', 'aborted']);
  });

  it('names the command where that is another one', () => {
    expect(resultWords(report({ command: 'restore', status: 'failed' }))).toBe('Restore: failed');
  });

  it('is counted, in a fixed order', () => {
    const counted = outcomesOf([gateFailed, successful, critical, successful, gateFailed]);
    expect(counted.map(({ face, count }) => `${count} ${face.words}`)).toEqual([
      '2 successful',
      '2 failed',
      '1 CRITICAL',
    ]);
  });
});

describe('what the stages take', () => {
  it('is their mean, and their share of the whole duration, in their own order', () => {
    const two = [
      report({ duration_seconds: 60, stages: [stage(['build', 0, 40]), stage(['test', 0, 30])] }),
      report({ duration_seconds: 20, stages: [stage(['build', 0, 20]), stage(['migrate', 0, 0, 'skipped'])] }),
    ];
    expect(stageShares(two)).toEqual([
      { name: 'test', seconds: 15, percent: 37.5 },
      { name: 'build', seconds: 30, percent: 75 },
    ]);
  });

  it('is nothing where nothing was deployed', () => {
    expect(stageShares([])).toEqual([]);
  });
});

it.each([
  [[], null],
  [[3], 3],
  [[9, 1, 5], 5],
  [[4, 1, 2, 9], 3],
])('the median of %j is %s', (values, median) => {
  expect(medianOf(values)).toBe(median);
});

describe('a scale', () => {
  it.each([
    [[0.2], 0.2, ['0', '0.1s', '0.2s']],
    [[71.2, 80], 90, ['0', '30s', '1m', '1m 30s']],
    [[7300], 10_800, ['0', '1h', '2h', '3h']],
    [[4_000_000], 4_147_200, ['0', '12d', '24d', '36d', '48d']],
    [[], 0.1, ['0', '0.1s']],
  ])('of durations of %j seconds ends at %d, in steps that people count in', (durations, top, words) => {
    const scale = durationScale(durations);
    expect(scale.top).toBeCloseTo(top, 6);
    expect(scale.ticks.map(tickWords)).toEqual(words);
    expect(scale.top).toBeGreaterThanOrEqual(Math.max(0, ...durations));
  });

  it('is not stretched by the one deployment in twenty that hung', () => {
    expect(durationScale([...Array.from({ length: 19 }, () => 60), 3600]).top).toBe(90);
  });

  it.each([
    [[71, 78], { low: 70, high: 80 }],
    [[100], { low: 90, high: 100 }],
    [[0], { low: 0, high: 10 }],
    [[69.9, 80.1], { low: 60, high: 90 }],
  ])('of the percentages %j is that of the tens around them', (percents, range) => {
    expect(percentRange(percents)).toEqual(range);
  });
});
