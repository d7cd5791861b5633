import type { StageReport } from '../deployment/report.ts';
import type { LogSink } from './log.ts';
import { cleanLine, cleanLines } from './safe-text.ts';

export interface LogLinesOptions {
  /** Between a stage's name and what it says. */
  readonly separator: string;
  readonly colour: boolean;
  readonly write: (text: string) => void;
}

const colours = { dim: 2, red: 31, green: 32, yellow: 33 } as const;

/** Lines as they come, each with its stage's name: stages side by side may mix. */
export class LogLines implements LogSink {
  readonly #options: LogLinesOptions;

  constructor(options: LogLinesOptions) {
    this.#options = options;
  }

  opened(stage: string): void {
    this.#print(`▶ ${cleanLine(stage)}`, null);
  }

  lines(stage: string, text: string, tone: 'output' | 'warning'): void {
    const prefix = `  ${cleanLine(stage)} ${this.#options.separator} `;
    for (const line of cleanLines(text)) this.#print(prefix + line, tone === 'warning' ? 'yellow' : 'dim');
  }

  closed(_stage: string, closing: string, status: StageReport['status']): void {
    this.#print(closing, status === 'success' ? 'green' : status === 'failed' ? 'red' : null);
  }

  outside(text: string): void {
    for (const line of cleanLines(text)) this.#print(line, null);
  }

  flush(): void {}

  #print(text: string, colour: keyof typeof colours | null): void {
    const painted = colour === null || !this.#options.colour ? text : `\u001b[${colours[colour]}m${text}\u001b[0m`;
    this.#options.write(`${painted}\n`);
  }
}
