import type { LogSink } from './log.ts';
import { cleanLine, cleanLines } from './safe-text.ts';

interface Group {
  readonly stage: string;
  readonly waiting: string[];
  /** How many of this name are under way: one a target. */
  running: number;
  /** Said after the group, where nobody has to unfold it. */
  readonly closing: string[];
}

/**
 * Groups of GitHub's log for stages that run side by side. GitHub's groups can't overlap: one is open and streams, the
 * lines of the others wait, and are printed as a group of their own as soon as the open one ends.
 */
export class GithubGroups implements LogSink {
  readonly #write: (text: string) => void;
  #open: Group | null = null;
  /** In the order in which they began. */
  #waiting: Group[] = [];

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  opened(stage: string): void {
    const group = this.#find(stage) ?? this.#add(stage);
    group.running += 1;
    this.#advance();
  }

  lines(stage: string, text: string): void {
    const group = this.#find(stage) ?? this.#add(stage);
    const lines = cleanLines(text).map(disarm);
    if (group === this.#open) this.#print(lines);
    else group.waiting.push(...lines);
    this.#advance();
  }

  closed(stage: string, closing: string): void {
    const group = this.#find(stage) ?? this.#add(stage);
    group.running = Math.max(0, group.running - 1);
    group.closing.push(...cleanLines(closing).map(disarm));
    this.#advance();
  }

  outside(text: string): void {
    const lines = cleanLines(text).map(disarm);
    if (this.#open) this.#open.closing.push(...lines);
    else this.#print(lines);
  }

  /** Ends what is open too: at the end, also when a stage was never said to be over. */
  flush(): void {
    for (const group of [this.#open, ...this.#waiting]) {
      if (group) group.running = 0;
    }
    this.#advance();
  }

  #find(stage: string): Group | undefined {
    return this.#open?.stage === stage ? this.#open : this.#waiting.find((group) => group.stage === stage);
  }

  #add(stage: string): Group {
    const group = { stage, waiting: [], running: 0, closing: [] };
    this.#waiting.push(group);
    return group;
  }

  #advance(): void {
    if (this.#open?.running === 0) {
      this.#write('::endgroup::\n');
      this.#print(this.#open.closing);
      this.#open = null;
    }
    while (!this.#open) {
      // What is over first: it is whole, and its place is before what still streams.
      const next = this.#waiting.find(({ running }) => running === 0) ?? this.#waiting[0];
      if (!next) return;
      this.#waiting = this.#waiting.filter((group) => group !== next);
      this.#start(next);
    }
  }

  #start(group: Group): void {
    // What is over and has said nothing needs no group.
    if (group.running > 0 || group.waiting.length > 0) {
      this.#write(`::group::${disarm(cleanLine(group.stage))}\n`);
      this.#print(group.waiting);
      if (group.running > 0) {
        this.#open = group;
        return;
      }
      this.#write('::endgroup::\n');
    }
    this.#print(group.closing);
  }

  #print(lines: readonly string[]): void {
    if (lines.length > 0) this.#write(`${lines.join('\n')}\n`);
  }
}

/*
 * The runner takes `::command::` at a line's beginning (after white space) and `##[command]` anywhere for its own
 * (actions/runner, ActionCommand.cs): what a test or a container prints must not end our groups or mask words.
 * A zero-width space in front is no white space to it.
 */
function disarm(line: string): string {
  return line.replace(/^(\s*)::/, '$1\u200b::').replaceAll('##[', '##\u200b[');
}
