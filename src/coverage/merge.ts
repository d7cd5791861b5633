import { exitCodes, HomeportError } from '../deployment/error.ts';
import { mergeBranches, sumOf } from './branches.ts';
import type { Block, CoverageResult, CoverageUnit, FileCoverage, FileReport, Share } from './coverage.ts';

/** Where a file's figures come from. */
export interface Origin {
  /** The report's path, for people. */
  readonly shown: string;
  readonly format: string;
  /** Found by `auto`: nobody named this very report. */
  readonly guessed: boolean;
}

interface Merged {
  /** Highest hits of each line. */
  readonly lines: Map<number, number>;
  /** Of them, those that certainly count. */
  readonly certain: Set<number>;
  /** How many count at least, by the reports whose lines don't tell. */
  counted: number;
  /** `null` once a report had the file by lines alone. */
  blocks: Map<string, Block> | null;
  /** The first report that had lines. */
  linesFrom: Origin | null;
  totals: { readonly share: Share; readonly from: Origin } | null;
  /** By format: two formats don't mean the same by a branch and its line. */
  readonly branches: Map<string, Map<number, Share>>;
}

/** All reports' figures, merged by line: a line is covered if any report says so. Never averaged. */
export class MergedCoverage {
  readonly #files = new Map<string, Merged>();

  /** Throws `HomeportError` where a file has only totals in two reports: what both cover can't be told from those. */
  add(name: string, file: FileReport, from: Origin): void {
    const known = this.#files.get(name) ?? {
      lines: new Map(),
      certain: new Set(),
      counted: 0,
      blocks: new Map(),
      linesFrom: null,
      totals: null,
      branches: new Map(),
    };
    this.#files.set(name, known);
    if (file.totals === undefined) {
      known.linesFrom ??= from;
      mergeLines(known, file);
    } else {
      if (known.totals !== null) throw cannotMerge(name, known.totals.from, from);
      known.totals = { share: file.totals, from };
    }
    if (file.branches === undefined || file.branches.size === 0) return;
    const branches = known.branches.get(from.format) ?? new Map<number, Share>();
    mergeBranches(branches, file.branches);
    known.branches.set(from.format, branches);
  }

  /**
   * Files that a report which `auto` found has by totals, and another one by lines: the lines count. Throws
   * `HomeportError` where the totals were asked for by name.
   */
  preferLines(): { readonly report: string; readonly files: number }[] {
    const left = new Map<string, number>();
    for (const [name, file] of this.#files) {
      if (file.totals === null || file.linesFrom === null) continue;
      const { from } = file.totals;
      if (!from.guessed) throw cannotMerge(name, from, file.linesFrom);
      left.set(from.shown, (left.get(from.shown) ?? 0) + 1);
      file.totals = null;
    }
    return [...left].map(([report, files]) => ({ report, files }));
  }

  total(): Omit<CoverageResult, 'files'> {
    const byFile = [...this.#files].map(([name, file]) => fileCoverage(name, file));
    byFile.sort((a, b) => (a.file < b.file ? -1 : 1));
    const { covered, total } = sumOf(
      byFile.map(({ linesCovered, linesTotal }) => ({ covered: linesCovered, total: linesTotal })),
    );
    const branches = sumOf([...this.#files.values()].map(branchesOf));
    return {
      // Multiplied first: one rounding only, so that 83 lines of 1000 are exactly the number that `8.3` is.
      percent: (100 * covered) / total,
      linesCovered: covered,
      linesTotal: total,
      unit: unitOf(byFile),
      branches: branches.total === 0 ? null : branches,
      byFile,
    };
  }
}

function mergeLines(known: Merged, file: FileReport): void {
  for (const [line, hits] of file.lines) known.lines.set(line, Math.max(known.lines.get(line) ?? 0, hits));
  if (file.counted === undefined) for (const line of file.lines.keys()) known.certain.add(line);
  else known.counted = Math.max(known.counted, file.counted);
  // A file without any code says nothing about how it is counted.
  if (file.blocks === undefined && file.lines.size === 0) return;
  if (file.blocks === undefined || known.blocks === null) {
    known.blocks = null;
    return;
  }
  for (const [place, { statements, hits }] of file.blocks) {
    known.blocks.set(place, { statements, hits: Math.max(hits, known.blocks.get(place)?.hits ?? 0) });
  }
}

function fileCoverage(file: string, merged: Merged): FileCoverage {
  const { blocks, totals } = merged;
  const inStatements = totals === null && blocks !== null && blocks.size > 0;
  const { covered, total } = totals?.share ?? (inStatements ? statementsOf(blocks) : linesOf(merged));
  return { file, linesCovered: covered, linesTotal: total, unit: inStatements ? 'statements' : 'lines' };
}

function statementsOf(blocks: ReadonlyMap<string, Block>): Share {
  return sumOf(
    [...blocks.values()].map(({ statements, hits }) => ({ covered: hits > 0 ? statements : 0, total: statements })),
  );
}

/** What nobody ran is told exactly by every format, so covered is the rest of those that count. */
function linesOf({ lines, certain, counted }: Merged): Share {
  const uncovered = [...lines.values()].filter((hits) => hits === 0).length;
  const total = Math.max(certain.size, counted, uncovered);
  return { covered: total - uncovered, total };
}

/** Those of the format that saw most of them taken: both formats' figures together would count branches twice. */
function branchesOf({ branches }: Merged): Share {
  const [best] = [...branches.values()]
    .map((byLine) => sumOf(byLine.values()))
    .toSorted((a, b) => b.covered - a.covered);
  return best ?? { covered: 0, total: 0 };
}

function unitOf(byFile: readonly FileCoverage[]): CoverageUnit {
  const units = new Set(byFile.filter(({ linesTotal }) => linesTotal > 0).map(({ unit }) => unit));
  if (units.size > 1) return 'lines and statements';
  return units.has('statements') ? 'statements' : 'lines';
}

function cannotMerge(file: string, totals: Origin, other: Origin): HomeportError {
  return new HomeportError(
    `The coverage report ${totals.shown} has only totals of ${file}, and ${other.shown} has the same file: what both cover can't be told from totals.`,
    {
      hint: 'Name only one of them in `coverage-report`, or let the tests write lcov or coverage-final.json instead of json-summary: those have the lines.',
      exitCode: exitCodes.gate,
    },
  );
}
