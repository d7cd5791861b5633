/** Line hits of one source file: line number (from 1) to how often it ran. */
export type LineHits = ReadonlyMap<number, number>;

/** What one report says. */
export interface CoverageReport {
  /** By source file as the report names it. */
  readonly files: ReadonlyMap<string, LineHits>;
  /** Folders that relative names may start from (Cobertura's `<sources>`); empty means the working directory. */
  readonly sources: readonly string[];
}

/** One report format. */
export interface CoverageFormat {
  readonly name: string;
  /** Whether this text looks like the format; cheap, from its beginning. */
  matches(text: string): boolean;
  /** Throws `Error` with what is wrong and on which line, for people. */
  parse(text: string): CoverageReport;
}

export interface FileCoverage {
  /** Relative to the working directory where the file is inside it. */
  readonly file: string;
  readonly linesCovered: number;
  readonly linesTotal: number;
}

export interface CoverageResult {
  /** 0 to 100, not rounded. */
  readonly percent: number;
  readonly linesCovered: number;
  readonly linesTotal: number;
  /** The report files that were read, absolute. */
  readonly files: readonly string[];
  /** Each source file, by name. */
  readonly byFile: readonly FileCoverage[];
}
