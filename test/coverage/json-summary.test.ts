import { describe, expect, it } from 'vitest';
import { jsonSummary } from '../../src/coverage/json-summary.ts';

const share = (total: number, covered: number) => ({ total, covered, skipped: 0, pct: 0 });
const entry = (total: number, covered: number) => ({
  lines: share(total, covered),
  functions: share(2, 1),
  statements: share(total, covered),
  branches: share(4, 3),
});
/** As istanbul writes it: `total` first, a file a line. */
const report = `{"total": ${JSON.stringify({ ...entry(10, 7), branchesTrue: share(0, 0) })}
,"/srv/app/a.js": ${JSON.stringify(entry(6, 6))}
,"/srv/app/b.js": ${JSON.stringify(entry(4, 1))}
}
`;

describe('Istanbul json-summary', () => {
  it("reads each file's totals of lines and branches", () => {
    const { files } = jsonSummary.parse(report);
    expect([...files].map(([name, { totals, lines }]) => [name, totals, lines.size])).toEqual([
      ['/srv/app/a.js', { total: 6, covered: 6 }, 0],
      ['/srv/app/b.js', { total: 4, covered: 1 }, 0],
    ]);
    expect(files.get('/srv/app/b.js')?.branches?.get(0)).toEqual({ covered: 3, total: 4 });
  });

  it.each([
    ['a file that is cut off', report.slice(0, 400), 'it is cut off or no JSON'],
    ['totals of no file', JSON.stringify({ total: entry(10, 7) }), 'it states 10 lines (`total`) but names no file'],
    ['more covered than there is', JSON.stringify({ a: entry(2, 3) }), 'at `a`, `lines`: more covered than there is'],
    ['a file without lines', JSON.stringify({ a: {} }), 'at `a`, `lines`'],
  ])('refuses %s', (_what, text, message) => {
    expect(() => jsonSummary.parse(text)).toThrow(message);
  });

  it('takes a report of nothing as one without files', () => {
    expect(jsonSummary.parse(JSON.stringify({ total: entry(0, 0) })).files.size).toBe(0);
  });

  it.each([
    [report, true],
    ['\uFEFF{\r\n  "total": {\r\n    "lines": {', true],
    ['{"total": 12}', false],
    ['{"/srv/app/a.js": {"path": "/srv/app/a.js", "statementMap": {', false],
  ])('knows its own', (text, expected) => {
    expect(jsonSummary.matches(text)).toBe(expected);
  });
});
