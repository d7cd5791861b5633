import { z } from 'zod';
import type { CoverageFormat, CoverageReport } from './coverage.ts';
import { readJson } from './json.ts';

const count = z.number().int().min(0);
const share = z
  .object({ total: count, covered: count })
  .refine(({ total, covered }) => covered <= total, 'more covered than there is');

const entrySchema = z.object({ lines: share, branches: share.optional() });

/**
 * Istanbul's `coverage-summary.json`: how many lines of each file are covered, but not which. So it counts where it is
 * the only report of a file, and is never merged with another one.
 */
export const jsonSummary: CoverageFormat = {
  name: 'Istanbul json-summary',
  matches: (text) => /^\uFEFF?\s*\{\s*"total"\s*:\s*\{\s*"lines"\s*:/.test(text.slice(0, 4096)),
  parse,
};

function parse(text: string): CoverageReport {
  const { total, ...entries } = readJson(text, z.record(z.string(), entrySchema));
  const files = Object.entries(entries).map(([file, { lines, branches }]) => {
    const more = branches === undefined || branches.total === 0 ? {} : { branches: new Map([[0, branches]]) };
    return [file, { lines: new Map<number, number>(), totals: lines, ...more }] as const;
  });
  if (files.length === 0 && total !== undefined && total.lines.total > 0) {
    throw new Error(`it states ${total.lines.total} lines (\`total\`) but names no file`);
  }
  return { files: new Map(files), sources: [] };
}
