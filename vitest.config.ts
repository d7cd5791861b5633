import { defineConfig } from 'vitest/config';

const results = process.env.HOMEPORT_TEST_RESULTS;

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
          exclude: ['test/real/**', 'test/e2e/**'],
          testTimeout: 30_000,
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
    ],
  },
});
