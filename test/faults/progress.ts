import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { CaseResult } from './case.ts';
import type { References } from './cases.ts';

/** What a run was about: another commit or seed can't be continued. */
export interface RunHead {
  readonly seed: number;
  readonly commit: string;
  readonly references: References;
}

/** Results, one a line, as they come: a run that was stopped goes on from here. */
export class Progress {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  begin(head: RunHead): void {
    writeFileSync(this.#path, `${JSON.stringify(head)}\n`);
  }

  add(result: CaseResult): void {
    appendFileSync(this.#path, `${JSON.stringify(result)}\n`);
  }

  /** `null` when there is nothing to go on from. */
  read(): { head: RunHead; results: CaseResult[] } | null {
    if (!existsSync(this.#path)) return null;
    const lines = readFileSync(this.#path, 'utf8').split('\n').slice(0, -1);
    const [head, ...results] = lines.map((line) => JSON.parse(line) as unknown);
    return head === undefined ? null : { head: head as RunHead, results: results as CaseResult[] };
  }
}
