import { branchesByLine } from './branches.ts';
import type { CoverageFormat, CoverageReport } from './coverage.ts';

/**
 * lcov's tracefile, as geninfo(1) describes it: `SF:`, any number of `DA:<line>,<hits>[,<checksum>]`, `end_of_record`.
 * As in lcov the hits of a line that comes twice are added up, a negative count (a gcov overflow) is 0, and so is `-`.
 * Branches (`BRDA:<line>,<block>,<branch>,<taken>`) are read where they are well-formed.
 *
 * Stricter than lcov where lenience would raise the percentage: a record that never ends is a truncated file, and a
 * record that only states its totals (`LF:` without `DA:`) can't be merged by line. Both are errors.
 */
export const lcov: CoverageFormat = {
  name: 'lcov',
  matches: (text) => /^\uFEFF?(?:\s|#.*\n)*(?:TN|SF|KF):/.test(text.slice(0, 4096)),
  parse,
};

interface Record {
  readonly file: string;
  readonly startsAt: number;
  readonly lines: Map<number, number>;
  /** By `<line>,<block>,<branch>`. */
  readonly branches: Map<string, boolean>;
  linesFound: number;
}

function parse(text: string): CoverageReport {
  const files = new Map<string, Record>();
  let open: Record | null = null;
  let number = 0;
  for (const raw of text.replace(/^\uFEFF/, '').split('\n')) {
    number += 1;
    const line = raw.trimEnd();
    if (line === '' || line.startsWith('#')) continue;
    if (line === 'end_of_record') {
      if (open === null) throw new Error(`line ${number}: \`end_of_record\` without an \`SF:\` before it`);
      close(open, files);
      open = null;
      continue;
    }
    const match = /^([A-Z]+):(.*)$/.exec(line);
    if (!match) throw new Error(`line ${number}: \`${excerpt(line)}\` is no lcov record`);
    const [, tag, value = ''] = match;
    if (tag === 'SF' || tag === 'KF') {
      if (open !== null) {
        throw new Error(`line ${number}: a new file begins before \`end_of_record\` of \`${open.file}\``);
      }
      if (value === '') throw new Error(`line ${number}: \`${tag}:\` names no file`);
      open = { file: value, startsAt: number, lines: new Map(), branches: new Map(), linesFound: 0 };
    } else if (tag === 'DA') {
      if (open === null) throw new Error(`line ${number}: \`DA:\` outside of a file's record`);
      count(open, value, number);
    } else if (tag === 'BRDA' && open !== null) {
      countBranch(open, value);
    } else if (tag === 'LF' && open !== null) {
      open.linesFound = Number(value);
    }
  }
  if (open !== null) {
    throw new Error(
      `line ${open.startsAt}: the record of \`${open.file}\` has no \`end_of_record\`: the file is cut off`,
    );
  }
  const reports = [...files].map(
    ([file, { lines, branches }]) =>
      [
        file,
        { lines, branches: branchesByLine([...branches].map(([key, taken]) => [Number.parseInt(key, 10), taken])) },
      ] as const,
  );
  return { files: new Map(reports), sources: [] };
}

function count(record: Record, value: string, number: number): void {
  const match = /^(\d+),(-|[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)(?:,.*)?$/.exec(value);
  const line = Number(match?.[1]);
  if (!match || line < 1) {
    throw new Error(`line ${number}: \`DA:${excerpt(value)}\` is not \`DA:<line>,<hits>\``);
  }
  const hits = match[2] === '-' ? 0 : Math.max(0, Number(match[2]));
  record.lines.set(line, (record.lines.get(line) ?? 0) + hits);
}

function countBranch(record: Record, value: string): void {
  const match = /^(\d+,.*),(-|\d+)$/.exec(value);
  const [, branch, taken] = match ?? [];
  if (branch === undefined || taken === undefined) return;
  record.branches.set(branch, record.branches.get(branch) === true || Number(taken) > 0);
}

function close(record: Record, files: Map<string, Record>): void {
  if (record.lines.size === 0 && record.linesFound !== 0) {
    throw new Error(
      `line ${record.startsAt}: the record of \`${record.file}\` has totals (\`LF:\`) but no \`DA:\` lines to count`,
    );
  }
  const known = files.get(record.file);
  if (known === undefined) {
    files.set(record.file, record);
    return;
  }
  for (const [line, hits] of record.lines) known.lines.set(line, (known.lines.get(line) ?? 0) + hits);
  for (const [branch, taken] of record.branches) {
    known.branches.set(branch, taken || known.branches.get(branch) === true);
  }
}

function excerpt(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
