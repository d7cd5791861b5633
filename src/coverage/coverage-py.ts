import { z } from 'zod';
import { branchesByLine } from './branches.ts';
import type { CoverageFormat, CoverageReport } from './coverage.ts';
import { readJson } from './json.ts';

const count = z.number().int().min(0);
const lines = z.array(count);
/** From line to line; a negative one is the way out of a function. */
const branches = z.array(z.tuple([z.number().int(), z.number().int()])).default([]);

const fileSchema = z.object({
  executed_lines: lines,
  missing_lines: lines,
  excluded_lines: lines.default([]),
  summary: z.object({ num_statements: count }),
  executed_branches: branches,
  missing_branches: branches,
});
const schema = z.object({ files: z.record(z.string(), fileSchema) });

/**
 * `coverage json` of coverage.py. Its lines are the first lines of statements, of which its own total counts. Where
 * branches were measured, that total mixes both; ours stays one of lines.
 *
 * `executed_lines` has more than statements: docstrings, excluded lines, line 0 of an empty file (which is dropped).
 * `missing_lines` has nothing else, so with the number of statements the figures are exact.
 */
export const coveragePy: CoverageFormat = {
  name: 'coverage.py JSON',
  matches: (text) =>
    /^\uFEFF?\s*\{\s*"meta"\s*:\s*\{/.test(text.slice(0, 4096)) || /"executed_lines"\s*:/.test(text.slice(0, 65_536)),
  parse,
};

function parse(text: string): CoverageReport {
  const data = readJson(text, schema);
  const files = Object.entries(data.files).map(([name, file]) => {
    const excluded = new Set([0, ...file.excluded_lines]);
    const hits = new Map<number, number>();
    for (const missing of file.missing_lines) hits.set(missing, 0);
    for (const executed of file.executed_lines) if (!excluded.has(executed)) hits.set(executed, 1);
    return [
      name,
      { lines: hits, counted: file.summary.num_statements, branches: branchesByLine(branchesOf(file)) },
    ] as const;
  });
  return { files: new Map(files), sources: [] };
}

function branchesOf(file: z.infer<typeof fileSchema>): (readonly [line: number, taken: boolean])[] {
  return [
    ...file.executed_branches.map(([from]) => [from, true] as const),
    ...file.missing_branches.map(([from]) => [from, false] as const),
  ];
}
