import type { z } from 'zod';
import type { Redactor } from '../hosts/redactor.ts';
import { backupCommandKeys, backupKeys } from './backup-entry.ts';
import { budgetKeys } from './budget-entry.ts';
import { nearest } from './nearest.ts';
import { readYaml } from './read-yaml.ts';
import { docsOf, isRequestKey, type RequestKey, requestKeys, requestShape } from './schema.ts';
import { smokeKeys, smokeKindOf } from './smoke-entry.ts';
import { testSuiteKeys } from './test-suite.ts';
import { isUnbuilt, notBuiltYet } from './unbuilt.ts';

export interface RequestProblem {
  /** `coverage-minimum`, or the place inside a value: `smoke entry 2, exec.command`. */
  readonly key: string;
  /** Where it was said: `input`, `flag` or the settings file; `null` when nothing was said. */
  readonly source: string | null;
  /** What was given, in one line, without secrets; `null` where there is nothing to show or it must not be shown. */
  readonly value: string | null;
  /** Reads on behind the word "expected". */
  readonly expected: string;
  /** The spelling that was probably meant. */
  readonly suggestion: string | null;
}

/** A value that a reader could not get or will not take; it stands in the place of the value. */
export class Refusal {
  readonly expected: string;
  constructor(expected: string) {
    this.expected = expected;
  }
}

/** What one source says. */
export interface Given {
  readonly source: string;
  readonly values: Readonly<Record<string, unknown>>;
  /** The same before variables were expanded: what is shown to people, since an expanded value may be a secret. */
  readonly written: Readonly<Record<string, unknown>>;
}

type Path = readonly PropertyKey[];
type Issue = z.core.$ZodIssue;

/** Everything that is wrong with the keys and the values of one source. */
export function problemsOf(given: Given, redactor: Redactor): RequestProblem[] {
  return Object.keys(given.values).flatMap((name) =>
    isRequestKey(name) ? valueProblems(name, given, redactor) : [unknownKey([name], given.source, requestKeys, 'keys')],
  );
}

function valueProblems(name: RequestKey, given: Given, redactor: Redactor): RequestProblem[] {
  const value = given.values[name];
  if (value instanceof Refusal) {
    return [{ key: name, source: given.source, value: null, expected: value.expected, suggestion: null }];
  }
  const parsed = requestShape[name].safeParse(value);
  if (parsed.success) return [];
  return parsed.error.issues.flatMap(meantIssues).flatMap((issue): RequestProblem[] => {
    const path = [name, ...issue.path];
    if (issue.code === 'unrecognized_keys') {
      const { known, place } = keysAt(name, issue.path, value);
      return issue.keys.map((unknown) => unknownKey([...path, unknown], given.source, known, place));
    }
    const actual = valueAt(value, issue.path);
    const missing = actual === undefined && issue.code !== 'custom' ? ' (there is none)' : '';
    return [
      {
        key: formatPath(path),
        source: given.source,
        value: docsOf(name).secret ? null : show(valueAt(given.written[name], issue.path), redactor),
        // It may quote the value.
        expected: `${shorten(redactor.redact(issue.message), longestExpected)}${missing}`,
        suggestion: suggestionFor(issue, actual),
      },
    ];
  });
}

/** A union fails in all of its branches: tells about the one that the value was meant for, if that is clear. */
function meantIssues(issue: Issue): Issue[] {
  if (issue.code !== 'invalid_union') return [issue];
  const meant = issue.errors.find((branch) => branch.some(({ code, path }) => code === 'custom' || path.length > 0));
  return meant?.flatMap((inner) => meantIssues({ ...inner, path: [...issue.path, ...inner.path] })) ?? [issue];
}

function unknownKey(path: Path, source: string, known: readonly string[], place: UnknownPlace | null): RequestProblem {
  const name = String(path.at(-1));
  const unbuilt = place !== null && isUnbuilt(place, name);
  return {
    key: formatPath(path),
    source,
    // Not shown: a misspelt `telegram-token` has a secret for its value.
    value: null,
    expected: unbuilt ? notBuiltYet(name) : path.length === 1 ? 'a key that Homeport knows' : oneOfKeys(known),
    suggestion: unbuilt ? null : nearest(name, known),
  };
}

type UnknownPlace = Parameters<typeof isUnbuilt>[0];

function oneOfKeys(known: readonly string[]): string {
  return `only the keys ${known.map((name) => `\`${name}\``).join(', ')}`;
}

function keysAt(
  name: RequestKey,
  path: Path,
  value: unknown,
): { known: readonly string[]; place: UnknownPlace | null } {
  if (name === 'backup') return { known: path.length > 1 ? backupCommandKeys : backupKeys, place: null };
  if (name === 'tests') return { known: testSuiteKeys, place: null };
  if (name === 'budgets') return { known: budgetKeys, place: null };
  const kind = smokeKindOf(valueAt(value, path.slice(0, 1)));
  if (path.length > 1) return { known: kind === 'resources' ? smokeKeys.resources : smokeKeys.exec, place: null };
  return { known: smokeKeys.of(kind ?? 'http'), place: null };
}

function suggestionFor(issue: Issue, actual: unknown): string | null {
  const params: Record<string, unknown> = issue.code === 'custom' ? (issue.params ?? {}) : {};
  if (typeof params.suggestion === 'string') return params.suggestion;
  const given = Array.isArray(params.given) ? params.given.map(String) : [String(actual)];
  const candidates = Array.isArray(params.candidates) ? params.candidates.map(String) : choicesOf(issue);
  for (const word of given) {
    const found = nearest(word, candidates);
    if (found !== null) return found;
  }
  return null;
}

function choicesOf(issue: Issue): string[] {
  if (issue.code === 'invalid_value') return issue.values.map(String);
  if (issue.code === 'invalid_union') return issue.errors.flat().flatMap(choicesOf);
  return [];
}

/** The value at that place; a text on the way is read as YAML, since that is how structured inputs come. */
function valueAt(value: unknown, path: Path): unknown {
  let current = value;
  for (const step of path) {
    if (typeof current === 'string') {
      const read = readYaml(current);
      current = read.ok ? read.value : undefined;
    }
    if (typeof current !== 'object' || current === null) return undefined;
    current = (current as Record<PropertyKey, unknown>)[step];
  }
  return current;
}

/** Characters. */
const longestShown = 80;
const longestExpected = 400;

/** A value in one line, shortened, without secrets. */
export function show(value: unknown, redactor: Redactor): string | null {
  if (value === undefined) return null;
  const redacted = (inner: unknown) => (typeof inner === 'string' ? redactor.redact(inner) : inner);
  const whole =
    typeof value === 'string' ? redactor.redact(value) : JSON.stringify(value, (_, inner) => redacted(inner));
  return shorten(withoutKeys(whole), longestShown);
}

/** An address in any key may have what lets somebody in by it. */
function withoutKeys(text: string): string {
  return (
    text
      // An identity where a recipient belongs is a secret that nobody has called one.
      .replaceAll(/AGE-SECRET-KEY-[A-Z0-9-]+/gi, '***')
      .replaceAll(/(:\/\/)[^\s/@]{1,1000}@/g, '$1***@')
      .replaceAll(/([?&][^=&\s]{0,40}(?:token|key|secret|pass|sig)[^=&\s]{0,40}=)[^&\s]+/gi, '$1***')
  );
}

/** In one line, without control characters: a log takes some for commands, a terminal others. */
function shorten(text: string, longest: number): string {
  // Of a long text only the beginning is looked at: no character takes more than two units.
  const begin = text.trim().slice(0, 2 * longest + 2);
  const characters = [...begin.replaceAll('\n', '\\n').replaceAll(/\p{Cc}/gu, ' ')];
  return characters.length > longest ? `${characters.slice(0, longest).join('')}…` : characters.join('');
}

/** `smoke`, 1, `exec`, `command` → `smoke entry 2, exec.command`: people count from one. */
export function formatPath(path: Path): string {
  return path.reduce<string>((before, step, index) => {
    const name = shorten(String(step), longestShown);
    if (index === 0) return name;
    if (typeof step === 'number') return `${before} entry ${step + 1}`;
    return `${before}${typeof path[index - 1] === 'number' ? ', ' : '.'}${name}`;
  }, '');
}

/** One line a problem: the key, where it was said, the value, what was expected, the likely spelling. */
export function formatProblems(problems: readonly RequestProblem[]): string {
  return problems
    .map(({ key, source, value, expected, suggestion }) => {
      const from = source === null ? '' : ` (${source})`;
      const got = value === null ? '' : `got \`${value}\`, `;
      const guess = suggestion === null ? '' : `; did you mean \`${suggestion}\`?`;
      return `${key}${from}: ${got}expected ${expected}${guess}`;
    })
    .join('\n');
}
