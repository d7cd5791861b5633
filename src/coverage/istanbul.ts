import { z } from 'zod';
import { branchesByLine } from './branches.ts';
import type { CoverageFormat, CoverageReport } from './coverage.ts';
import { readJson } from './json.ts';

const hits = z.number().min(0);
const line = z.number().int().min(1);

const fileSchema = z.object({
  path: z.string().min(1),
  statementMap: z.record(z.string(), z.object({ start: z.object({ line }) })),
  s: z.record(z.string(), hits),
  // Source maps leave branches without a place.
  branchMap: z
    .record(
      z.string(),
      z.object({
        line: z.unknown().optional(),
        loc: z.object({ start: z.object({ line: z.unknown().optional() }).optional() }).optional(),
      }),
    )
    .default({}),
  b: z.record(z.string(), z.array(hits)).default({}),
});

/**
 * Istanbul's `coverage-final.json` (nyc, c8, Jest, Vitest). It tells statements; a line is covered as often as the
 * statement on it that ran most, and a line on which none begins is not counted: istanbul-lib-coverage's own rule.
 */
export const istanbul: CoverageFormat = {
  name: 'Istanbul JSON',
  matches: (text) =>
    /"statementMap"\s*:/.test(text.slice(0, 65_536)) || /^\uFEFF?\s*\{\s*\}\s*$/.test(text.slice(0, 256)),
  parse,
};

function parse(text: string): CoverageReport {
  const data = readJson(text, z.record(z.string(), fileSchema));
  const files = Object.values(data).map((file) => {
    const lines = new Map<number, number>();
    for (const [id, statement] of Object.entries(file.statementMap)) {
      const ran = file.s[id];
      if (ran === undefined) throw new Error(`statement ${id} of \`${file.path}\` has no count`);
      lines.set(statement.start.line, Math.max(lines.get(statement.start.line) ?? 0, ran));
    }
    return [file.path, { lines, branches: branchesByLine(branchesOf(file)) }] as const;
  });
  return { files: new Map(files), sources: [] };
}

function branchesOf({ b, branchMap }: z.infer<typeof fileSchema>): (readonly [number, boolean])[] {
  return Object.entries(b).flatMap(([id, counts]) => {
    const place = branchMap[id]?.loc?.start?.line ?? branchMap[id]?.line;
    return counts.map((count) => [typeof place === 'number' ? place : 0, count > 0] as const);
  });
}
