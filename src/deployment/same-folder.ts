import { relative, sep } from 'node:path';
import type { Source } from './facts.ts';

/**
 * Whether a release was deployed from another folder of the repository than this source, as far as its absolute working
 * directory tells: the checkout itself may have moved, and a top-level one says nothing of where it stood.
 */
export function isAnotherFolder(before: string, source: Pick<Source, 'root' | 'workingDirectory'>): boolean {
  const now = relative(source.root, source.workingDirectory);
  if (before === source.workingDirectory) return false;
  return now === '' ? before.startsWith(`${source.root}${sep}`) : !before.endsWith(`${sep}${now}`);
}
