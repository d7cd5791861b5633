import { describe, expect, it } from 'vitest';
import { type Entry, nameOf, pointsIn } from './journal-points.ts';
import { JournalWatch, type Reached } from './journal-watch.ts';
import type { CountedStop, StopPoint } from './stop-spec.ts';

const line = (action: string, type: string): string => `${JSON.stringify({ stage: 'start', action, type })}\n`;

/** Writes and syncs the lines one after the other, and tells before which of these steps it was stopped. */
function stopsAt(wanted: StopPoint | CountedStop, lines: readonly string[]): string | null {
  let step = '';
  let stopped: string | null = null;
  const watch = new JournalWatch(wanted, (_: Reached) => {
    stopped = step;
  });
  for (const [at, one] of lines.entries()) {
    const handle = {};
    step = `writing ${at + 1}`;
    watch.writing(one);
    watch.written(handle, one);
    step = `synced ${at + 1}`;
    watch.synced(handle);
  }
  return stopped;
}

const twice = [line('up', 'intent'), line('up', 'outcome'), line('up', 'intent'), line('up', 'outcome')];
const point = { stage: 'start', action: 'up', occurrence: 2, delayMs: 60_000 };

describe('stopping at a point of the journal', () => {
  it.each([
    ['ahead', 'writing 3'],
    ['before', 'synced 3'],
    ['during', 'writing 4'],
    ['after', 'writing 4'],
    ['end', 'synced 4'],
  ] as const)('comes %s the second change', (moment, expected) => {
    expect(stopsAt({ ...point, moment }, twice)).toBe(expected);
  });

  it('counts entries where it was asked to', () => {
    expect(stopsAt({ entry: 2, moment: 'unwritten' }, twice)).toBe('writing 2');
    expect(stopsAt({ entry: 2, moment: 'durable' }, twice)).toBe('synced 2');
  });

  it('never comes where there is no such change', () => {
    expect(stopsAt({ ...point, occurrence: 3, moment: 'before' }, twice)).toBeNull();
  });
});

describe('the points of a journal', () => {
  it('are its changes in their order, with the time that each took', () => {
    const entry = (type: Entry['type'], action: string, second: number): Entry => ({
      at: new Date(second * 1000),
      deployment: 'one',
      stage: 'start',
      action,
      type,
    });
    const points = pointsIn([
      entry('begin', 'deploy', 0),
      entry('intent', 'up', 1),
      entry('intent', 'dump', 1),
      entry('outcome', 'up', 3),
      entry('intent', 'up', 4),
      entry('outcome', 'dump', 5),
      entry('outcome', 'up', 6),
      entry('end', 'deploy', 9),
    ]);
    expect(points.map((one) => [nameOf(one), one.durationMs])).toEqual([
      ['start/deploy', 9000],
      ['start/up', 2000],
      ['start/dump', 4000],
      ['start/up#2', 2000],
    ]);
  });
});
