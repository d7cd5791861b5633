import { clover } from './clover.ts';
import { cobertura } from './cobertura.ts';
import type { CoverageFormat } from './coverage.ts';
import { coveragePy } from './coverage-py.ts';
import { goCoverprofile } from './go.ts';
import { istanbul } from './istanbul.ts';
import { jacoco } from './jacoco.ts';
import { jsonSummary } from './json-summary.ts';
import { lcov } from './lcov.ts';

const formats: readonly CoverageFormat[] = [
  lcov,
  cobertura,
  clover,
  jacoco,
  istanbul,
  jsonSummary,
  coveragePy,
  goCoverprofile,
];

/** What people try first when it is not one of ours. */
const otherFormats: readonly (readonly [RegExp, string])[] = [
  // PowerShell's `>` writes UTF-16; read as UTF-8, every other character is NUL.
  [/^[^\n]{0,4}\0/, 'UTF-16 text, where UTF-8 is needed'],
  [/<testsuites?\b/, 'a JUnit report of the tests themselves'],
  [/<CoverageSession\b/, 'OpenCover'],
  [/^\s*\{\s*"result"\s*:/, "V8's raw coverage"],
  [/^\s*\{\s*"[^"]*"\s*:\s*\{\s*"coverage"\s*:/, "SimpleCov's result set"],
  [/^\s*\{/, 'JSON of another kind'],
  [/^SQLite format 3/, "coverage.py's data file"],
  [/<!doctype html|<html/i, 'an HTML report'],
];

/** Their names, as they stand in a sentence. */
export const readFormats = formats
  .map(({ name }) => name)
  .join(', ')
  .replace(/, ([^,]*)$/, ' and $1');

/** `undefined` for what is none of the formats that are read. */
export function formatOf(text: string): CoverageFormat | undefined {
  return formats.find((format) => format.matches(text));
}

/** What a text is that is none of them, for people; `null` when nobody knows. */
export function looksLike(text: string): string | null {
  return otherFormats.find(([pattern]) => pattern.test(text.slice(0, 4096)))?.[1] ?? null;
}
