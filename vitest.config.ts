import { defineConfig } from 'vitest/config';

const results = process.env.HOMEPORT_TEST_RESULTS;
const counted = process.env.NODE_V8_COVERAGE !== undefined;

export default defineConfig({
  test: {
    // A machine-readable count for .ci/run, beside what people read.
    ...(results === undefined ? {} : { reporters: ['default', 'json'], outputFile: { json: results } }),
    allowOnly: false,
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/real/**', 'test/e2e/**', 'test/faults/faults.test.ts'],
          testTimeout: 30_000,
          setupFiles: counted ? ['test/support/take-coverage.ts'] : [],
        },
      },
      {
        test: {
          name: 'real',
          include: ['test/real/**/*.test.ts', 'test/e2e/**/*.test.ts'],
          globalSetup: ['test/support/real-engine.ts'],
          testTimeout: 240_000,
          hookTimeout: 240_000,
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: 'faults',
          include: ['test/faults/faults.test.ts'],
          globalSetup: ['test/support/real-engine.ts'],
          // After all others: it has engines of its own, and both cores are busy with them.
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
