import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { formatPercent } from '../../src/coverage/gate.ts';
import { measureCoverage } from '../../src/coverage/measure.ts';
import { LocalFiles } from '../../src/hosts/local-files.ts';

const source = `export function grade(points) {
  if (points > 90) {
    return 'good';
  }
  if (points < 0) {
    return 'impossible';
  }
  return 'fair';
}
`;
const test = `import { test } from 'node:test';
import { grade } from './grade.mjs';
test('grades', () => grade(50));
`;

it("gets the percentage that Node's test runner prints for its own lcov report", async () => {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'homeport-node-coverage-')));
  try {
    mkdirSync(join(root, 'coverage'));
    writeFileSync(join(root, 'grade.mjs'), source);
    writeFileSync(join(root, 'grade.test.mjs'), test);
    const began = new Date();
    const printed = execFileSync(
      process.execPath,
      [
        '--test',
        '--experimental-test-coverage',
        '--test-coverage-exclude=*.test.mjs',
        '--test-reporter=spec',
        '--test-reporter-destination=stdout',
        '--test-reporter=lcov',
        '--test-reporter-destination=coverage/lcov.info',
        'grade.test.mjs',
      ],
      { cwd: root, encoding: 'utf8', env: { PATH: process.env.PATH ?? '' }, timeout: 60_000 },
    );
    const result = await measureCoverage({
      patterns: ['auto'],
      workingDirectory: root,
      notBefore: began,
      files: new LocalFiles(),
      say: () => {},
    });
    const own = Number(/all files\s*\|\s*([\d.]+)/.exec(printed)?.[1]);
    expect(own).toBeGreaterThan(0);
    expect(own).toBeLessThan(100);
    expect(result.percent).toBeCloseTo(own, 1);
    expect(result.byFile.map(({ file }) => file)).toEqual(['grade.mjs']);
    expect(formatPercent(result.percent)).toBe((Math.floor(own * 10) / 10).toFixed(1));
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}, 60_000);
