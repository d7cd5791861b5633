import type { Repository } from './repository.ts';

/** Tests that were found in a folder, and how to run them. */
export interface FoundSuite {
  /** In the words of the tool's own people: `vitest`, `pytest`. */
  readonly tool: string;
  /** Run in that folder, by bash. */
  readonly command: string;
  /** The coverage report that the command writes, relative to that folder; `null` where it writes none. */
  readonly report: string | null;
  /** The threshold that the repository itself sets, in percent. */
  readonly minimum: number | null;
  /** What would make it better. */
  readonly advice: string | null;
}

/** One ecosystem. */
export interface SuiteFinder {
  /** What a folder with tests of that kind has one of. */
  readonly manifests: readonly string[];
  /** The suite of a folder (`''` at the top) that has such a file; `null` where there are no tests to be run. */
  find(repository: Repository, folder: string): FoundSuite | null;
}

export function inFolder(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`;
}

/** `80` of `fail_under = 80`, `"lines": 80` and the like. */
export function percentIn(text: string, pattern: RegExp): number | null {
  const found = Number(pattern.exec(text)?.[1] ?? Number.NaN);
  return found > 0 && found <= 100 ? found : null;
}
