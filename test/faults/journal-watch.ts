import type { CountedStop, StopPoint } from './stop-spec.ts';

interface Entry {
  readonly stage: string;
  readonly action: string;
  readonly type: string;
}

/** What was reached, for the harness. */
export interface Reached {
  readonly stage: string;
  readonly action: string;
  readonly type: string;
  /** Entries that this process has begun to write. */
  readonly entries: number;
}

/** Follows the entries on their way into the journal, and calls `stop` at the point that was asked for, once. */
export class JournalWatch {
  readonly #wanted: StopPoint | CountedStop | null;
  readonly #stop: (reached: Reached) => void;
  readonly #unsynced = new WeakMap<object, Entry[]>();
  readonly #opened = new Map<string, number>();
  readonly #closed = new Map<string, number>();
  readonly #numbers = new WeakMap<Entry, number>();
  #entries = 0;
  #alarm: NodeJS.Timeout | undefined;
  #over = false;
  #inside = false;

  constructor(wanted: StopPoint | CountedStop | null, stop: (reached: Reached) => void) {
    this.#wanted = wanted;
    this.#stop = stop;
  }

  /** Lines that are about to be written. */
  writing(lines: string): void {
    for (const entry of entriesIn(lines)) {
      this.#entries += 1;
      const wanted = this.#wanted;
      if (wanted === null) continue;
      if ('entry' in wanted) {
        if (wanted.moment === 'unwritten' && wanted.entry === this.#entries) this.#reach(entry);
      } else if (wanted.moment === 'ahead') {
        if (opens(entry) && this.#isWanted(entry, wanted, this.#opened)) this.#reach(entry);
      } else if (closes(entry) && this.#isWanted(entry, wanted, this.#closed)) {
        if (wanted.moment === 'after' || (wanted.moment === 'during' && this.#inside)) this.#reach(entry);
      }
    }
  }

  /** They are in the file that `handle` stands for, and not yet safe there. */
  written(handle: object, lines: string): void {
    const entries = entriesIn(lines);
    let number = this.#entries - entries.length;
    for (const entry of entries) {
      number += 1;
      this.#numbers.set(entry, number);
    }
    this.#unsynced.set(handle, [...(this.#unsynced.get(handle) ?? []), ...entries]);
  }

  /** What was written by this handle is on the disk. */
  synced(handle: object): void {
    const entries = this.#unsynced.get(handle) ?? [];
    this.#unsynced.delete(handle);
    for (const entry of entries) this.#durable(entry);
  }

  #durable(entry: Entry): void {
    const wanted = this.#wanted;
    if (wanted === null) return;
    if ('entry' in wanted) {
      if (wanted.moment === 'durable' && wanted.entry === this.#numbers.get(entry)) this.#reach(entry);
      return;
    }
    if (opens(entry) && this.#isWanted(entry, wanted, this.#opened)) {
      if (wanted.moment === 'before') this.#reach(entry);
      if (wanted.moment === 'during') {
        this.#inside = true;
        this.#alarm = setTimeout(() => this.#reach(entry), wanted.delayMs);
      }
    }
    if (closes(entry)) {
      const isIt = this.#isWanted(entry, wanted, this.#closed);
      this.#closed.set(keyOf(entry), (this.#closed.get(keyOf(entry)) ?? 0) + 1);
      if (isIt && wanted.moment === 'end') this.#reach(entry);
    }
    if (opens(entry)) this.#opened.set(keyOf(entry), (this.#opened.get(keyOf(entry)) ?? 0) + 1);
  }

  #isWanted(entry: Entry, wanted: StopPoint, counts: ReadonlyMap<string, number>): boolean {
    const key = keyOf(entry);
    return key === `${wanted.stage}/${wanted.action}` && (counts.get(key) ?? 0) + 1 === wanted.occurrence;
  }

  #reach(entry: Entry): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#alarm);
    this.#stop({ stage: entry.stage, action: entry.action, type: entry.type, entries: this.#entries });
  }
}

function keyOf(entry: Entry): string {
  return `${entry.stage}/${entry.action}`;
}

/** A whole deployment begins and ends as a change does. */
function opens(entry: Entry): boolean {
  return entry.type === 'intent' || entry.type === 'begin';
}

function closes(entry: Entry): boolean {
  return entry.type === 'outcome' || entry.type === 'end';
}

function entriesIn(lines: string): Entry[] {
  return lines.split('\n').flatMap((line) => {
    try {
      const { stage, action, type } = JSON.parse(line) as Partial<Entry>;
      return stage === undefined || action === undefined || type === undefined ? [] : [{ stage, action, type }];
    } catch {
      return [];
    }
  });
}
