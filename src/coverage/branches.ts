import type { Share } from './coverage.ts';

/** Sums up single branches, each by its line and whether it was taken. */
export function branchesByLine(branches: Iterable<readonly [line: number, taken: boolean]>): Map<number, Share> {
  const byLine = new Map<number, Share>();
  for (const [line, taken] of branches) {
    const known = byLine.get(line);
    byLine.set(line, { covered: (known?.covered ?? 0) + (taken ? 1 : 0), total: (known?.total ?? 0) + 1 });
  }
  return byLine;
}

/** Adds what another report says: which branches of a line both took isn't told, so it counts no more than the better one. */
export function mergeBranches(into: Map<number, Share>, more: ReadonlyMap<number, Share>): void {
  for (const [line, { covered, total }] of more) {
    const known = into.get(line);
    into.set(line, { covered: Math.max(covered, known?.covered ?? 0), total: Math.max(total, known?.total ?? 0) });
  }
}

export function sumOf(shares: Iterable<Share>): Share {
  let covered = 0;
  let total = 0;
  for (const share of shares) {
    covered += share.covered;
    total += share.total;
  }
  return { covered, total };
}
