import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';

const entry = fileURLToPath(new URL('./run.ts', import.meta.url));

describe('a deployment that is killed, cancelled, unplugged or out of disk', () => {
  it('ends on exactly one good release, wherever it was hit', { timeout: 660_000 }, async () => {
    const result = await execa(process.execPath, [entry, '--bounded'], {
      all: true,
      reject: false,
      stdin: 'ignore',
      timeout: 640_000,
      // Its processes are killed before they could tell what they reached, and recovery is timed.
      env: { NODE_V8_COVERAGE: undefined },
    });
    expect(result.exitCode, result.all).toBe(0);
    const [, good, whole] = /^(\d+) of (\d+) cases good/m.exec(result.all) ?? [];
    expect(good).toBe(whole);
    // Each point and each fault at least once.
    expect(Number(whole)).toBeGreaterThanOrEqual(12);
  });
});
