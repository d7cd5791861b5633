import { describe, expect, it } from 'vitest';
import { coveragePy } from '../../src/coverage/coverage-py.ts';

/** As coverage.py 7 writes it with `--branch`. */
const data = {
  meta: { format: 3, version: '7.11.0', timestamp: '2025-11-21T10:15:00', branch_coverage: true, show_contexts: false },
  files: {
    'app/core.py': {
      executed_lines: [1, 2, 4, 6, 9],
      summary: { covered_lines: 3, num_statements: 4, percent_covered: 66.6, missing_lines: 1, excluded_lines: 0 },
      missing_lines: [3],
      excluded_lines: [9],
      executed_branches: [[2, 4]],
      missing_branches: [
        [2, 3],
        [4, -1],
      ],
    },
    'app/empty.py': { executed_lines: [0], missing_lines: [], excluded_lines: [], summary: { num_statements: 0 } },
  },
  totals: { covered_lines: 3, num_statements: 4 },
};
const report = JSON.stringify(data);

function changed(file: Record<string, unknown>): string {
  return JSON.stringify({
    ...data,
    files: { 'a.py': { executed_lines: [1], missing_lines: [], summary: { num_statements: 1 }, ...file } },
  });
}

describe('coverage.py JSON', () => {
  it('reads lines, missing ones too, and leaves excluded ones out', () => {
    const { files } = coveragePy.parse(report);
    expect(files.get('app/core.py')?.lines).toEqual(
      new Map([
        [1, 1],
        [2, 1],
        [3, 0],
        [4, 1],
        [6, 1],
      ]),
    );
    expect(files.get('app/empty.py')?.lines.size).toBe(0);
  });

  it('tells how many lines count: it names docstrings among those that ran', () => {
    expect(coveragePy.parse(report).files.get('app/core.py')?.counted).toBe(4);
  });

  it('reads branches by the line they leave', () => {
    expect([...(coveragePy.parse(report).files.get('app/core.py')?.branches ?? [])]).toEqual([
      [2, { covered: 1, total: 2 }],
      [4, { covered: 0, total: 1 }],
    ]);
  });

  it.each([
    ['a file that is cut off', report.slice(0, 200), 'it is cut off or no JSON'],
    ['files without lines', changed({ executed_lines: undefined }), 'at `files`, `a.py`, `executed_lines`'],
    ['a line below 0', changed({ missing_lines: [-1] }), 'at `files`, `a.py`, `missing_lines`, `0`'],
    ['files without totals', changed({ summary: undefined }), 'at `files`, `a.py`, `summary`'],
    ['no files', '{"meta": {}}', 'at `files`'],
  ])('refuses %s', (_what, text, message) => {
    expect(() => coveragePy.parse(text)).toThrow(message);
  });

  it.each([
    [report, true],
    [JSON.stringify(data, null, 2).replaceAll('\n', '\r\n'), true],
    ['{"files": {"a.py": {"executed_lines": [', true],
    ['{"total": {"lines": {', false],
    ['SQLite format 3', false],
  ])('knows its own', (text, expected) => {
    expect(coveragePy.matches(text)).toBe(expected);
  });
});
