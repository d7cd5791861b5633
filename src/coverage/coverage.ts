import type { HostFiles } from '../hosts/host.ts';

/** Line hits of one source file: line number (from 1) to how often it ran. */
export type LineHits = ReadonlyMap<number, number>;

/** How many of how many. */
export interface Share {
  readonly covered: number;
  readonly total: number;
}

/** Statements that run as a whole: what a tool counts that counts no lines (Go). */
export interface Block {
  readonly statements: number;
  readonly hits: number;
}

/** What one report says of one source file. */
export interface FileReport {
  /** Empty where the format tells `totals` only. */
  readonly lines: LineHits;
  /** How many lines count, where `lines` names some that ran and are none (coverage.py's docstrings). */
  readonly counted?: number;
  /** Beside the lines, where the tool counts statements: by the block's place in the file. */
  readonly blocks?: ReadonlyMap<string, Block>;
  /** Of lines, instead of them: it can't be merged with another report of the same file. */
  readonly totals?: Share;
  /** By the line they are on; line 0 where the format only tells how many the file has. */
  readonly branches?: ReadonlyMap<number, Share>;
}

/** What one report says. */
export interface CoverageReport {
  /** By source file as the report names it. */
  readonly files: ReadonlyMap<string, FileReport>;
  /** Folders that relative names may start from (Cobertura's `<sources>`); empty means the working directory. */
  readonly sources: readonly string[];
}

/** Where a report lies. */
export interface ReportPlace {
  /** Absolute: the report's own folder first, then each one above it up to the working directory. */
  readonly folders: readonly string[];
  readonly files: Pick<HostFiles, 'readText' | 'stat'>;
}

/** The path of a source file by its name in a report: absolute where it is known, else a name that no other file has. */
export type Locate = (file: string) => Promise<string>;

/** One report format. */
export interface CoverageFormat {
  readonly name: string;
  /** Whether this text looks like the format; cheap, from its beginning. */
  matches(text: string): boolean;
  /** Throws `Error` with what is wrong and where, for people. */
  parse(text: string): CoverageReport;
  /** Only of a format whose names are no paths (a Java package, a Go import path). */
  locator?(place: ReportPlace): Promise<Locate>;
}

/** What is counted: lines, but statements in files of which no report counts lines, as their own tool does (Go). */
export type CoverageUnit = 'lines' | 'statements' | 'lines and statements';

export interface FileCoverage {
  /** Relative to the working directory where the file is inside it. */
  readonly file: string;
  /** Statements where that is the unit. */
  readonly linesCovered: number;
  readonly linesTotal: number;
  readonly unit: 'lines' | 'statements';
}

export interface CoverageResult {
  /** 0 to 100, not rounded. */
  readonly percent: number;
  /** Statements where that is the unit. */
  readonly linesCovered: number;
  readonly linesTotal: number;
  readonly unit: CoverageUnit;
  /** `null` when no report tells any. They are shown; the minimum is one of lines. */
  readonly branches: Share | null;
  /** The report files that were read, absolute. */
  readonly files: readonly string[];
  /** Each source file, by name. */
  readonly byFile: readonly FileCoverage[];
}

/** At most `count` files with code that no test ran, those with most of it first. */
export function worstFiles(byFile: readonly FileCoverage[], count: number): FileCoverage[] {
  return byFile
    .filter((file) => uncovered(file) > 0)
    .toSorted((a, b) => uncovered(b) - uncovered(a))
    .slice(0, count);
}

export function uncovered(file: FileCoverage): number {
  return file.linesTotal - file.linesCovered;
}
