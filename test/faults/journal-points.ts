import { readFileSync } from 'node:fs';
import { z } from 'zod';

const entry = z.object({
  at: z.coerce.date(),
  deployment: z.string(),
  stage: z.string(),
  action: z.string(),
  type: z.enum(['begin', 'intent', 'outcome', 'end']),
});
export type Entry = z.infer<typeof entry>;

/** A change that a command makes: where faults can be put before, into and after. */
export interface Point {
  readonly stage: string;
  readonly action: string;
  /** Counts from 1. */
  readonly occurrence: number;
  /** From its intent to its outcome when nothing disturbs it. */
  readonly durationMs: number;
}

export function readEntries(journal: string): Entry[] {
  const lines = textOf(journal)
    .split('\n')
    .filter((line) => line !== '');
  return lines.flatMap((line) => {
    try {
      return [entry.parse(JSON.parse(line))];
    } catch {
      // A line that a power loss tore.
      return [];
    }
  });
}

/** The points of one undisturbed command, in the order of their intents: nobody has to list stages or actions. */
export function pointsIn(entries: readonly Entry[]): Point[] {
  const counts = new Map<string, number>();
  return entries.flatMap((opening, at): Point[] => {
    if (opening.type !== 'intent' && opening.type !== 'begin') return [];
    const key = `${opening.stage}/${opening.action}`;
    const occurrence = (counts.get(key) ?? 0) + 1;
    counts.set(key, occurrence);
    const closes = (one: Entry): boolean => one.type === (opening.type === 'begin' ? 'end' : 'outcome');
    const same = (one: Entry): boolean => one.stage === opening.stage && one.action === opening.action;
    const closing = entries.slice(at + 1).find((one) => closes(one) && same(one));
    const durationMs = closing === undefined ? 0 : closing.at.getTime() - opening.at.getTime();
    return [{ stage: opening.stage, action: opening.action, occurrence, durationMs }];
  });
}

export function nameOf(point: Pick<Point, 'stage' | 'action' | 'occurrence'>): string {
  return `${point.stage}/${point.action}${point.occurrence === 1 ? '' : `#${point.occurrence}`}`;
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
