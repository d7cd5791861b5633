import { z } from 'zod';
import { structured, text, timeLimit } from './value-types.ts';

const timed = z.strictObject({ command: text, timeout: timeLimit.optional() });
const entry = z.union([text, timed], 'a command, or a map `{command: make test, timeout: 5m}`');

/** The keys of a suite that is written as a map. */
export const testSuiteKeys: readonly string[] = Object.keys(timed.shape);

/** `timeout` in milliseconds; without one the deployment's own counts. */
export type TestSuite = { readonly name: string } & z.output<typeof timed>;

/** Suites by name, in the order in which they are written. */
export const testSuites = structured(z.record(z.string(), entry, 'a YAML map `name: command`')).transform((map) =>
  Object.entries(map).map(
    ([name, suite]): TestSuite => (typeof suite === 'string' ? { name, command: suite } : { name, ...suite }),
  ),
);
