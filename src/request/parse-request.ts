import { Redactor } from '../hosts/redactor.ts';
import { impossibleCombinations, type Settled } from './combinations.ts';
import { parseDotenv } from './dotenv.ts';
import { readEnvFiles } from './env-files.ts';
import type { Lookup } from './expand.ts';
import { expandSettings } from './expand-settings.ts';
import { InvalidRequestError } from './invalid-request.ts';
import { type Given, problemsOf, Refusal, type RequestProblem, show } from './problems.ts';
import { type ReadText, readSettings } from './read-file.ts';
import { loadYaml } from './read-yaml.ts';
import {
  docsOf,
  isRequestKey,
  type Request,
  type RequestKey,
  requestSchema,
  requestShape,
  secretKeys,
} from './schema.ts';

export interface RequestSources {
  /** What the door's reader found: `readInputs` or `flagsToDoor`. */
  readonly door: Readonly<Record<string, unknown>>;
  /** What a value of the door is called when it is wrong. */
  readonly doorName: 'input' | 'flag';
  /** For the variables in the settings file. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly readText: ReadText;
}

/** A request, and what it was made of. */
export interface SettledRequest {
  readonly request: Request;
  readonly door: Given;
  /** Its values are expanded. */
  readonly file: Given;
  /** The variables that were put into the settings file, by name. */
  readonly variables: ReadonlyMap<string, string>;
}

/**
 * The request that the door and the settings file make together: door before settings file before defaults. An empty
 * value counts as one that was not given.
 *
 * Throws an `InvalidRequestError` that names everything that is wrong in both of them.
 */
export async function parseRequest(sources: RequestSources): Promise<Request> {
  return (await settleRequest(sources)).request;
}

/** The same, with where each value came from. */
export async function settleRequest(sources: RequestSources): Promise<SettledRequest> {
  await loadYaml();
  const door = givenValues(sources.door);
  const settings = await readSettings({
    config: textOf(door.config),
    workingDirectory: textOf(door['working-directory']) ?? '.',
    readText: sources.readText,
  });
  const written = givenValues(settings.written);
  const variables = new Map<string, string>();
  const lookup = noting(await lookupFor(sources, door, written), variables);
  const expanded = expandSettings(written, settings.source, lookup);
  const file = givenValues(expanded.values);

  const fromDoor: Given = { source: sources.doorName, values: door, written: door };
  const fromFile: Given = { source: settings.source, values: file, written };
  const givens = [fromDoor, fromFile];
  const redactor = new Redactor();
  for (const secret of givens.flatMap(({ values }) => secretsIn(values))) redactor.add(secret);
  // What a failed expansion leaves behind says nothing about what was meant: one complaint is enough.
  const unexpanded = new Set(expanded.problems.map(({ key }) => key));
  const doubled = (problem: RequestProblem) => problem.source === settings.source && unexpanded.has(problem.key);
  const problems = [
    ...[...settings.problems, ...expanded.problems].map((problem) => ({
      ...problem,
      value: show(problem.value ?? undefined, redactor),
    })),
    ...givens.flatMap((given) => problemsOf(given, redactor)).filter((problem) => !doubled(problem)),
    ...impossibleCombinations(settle(givens, (key) => (unexpanded.has(key) ? settings.source : null))),
  ];
  if (problems.length > 0) throw new InvalidRequestError(problems);
  return { request: requestSchema.parse({ ...file, ...door }), door: fromDoor, file: fromFile, variables };
}

function noting(lookup: Lookup, found: Map<string, string>): Lookup {
  return (name) => {
    const value = lookup(name);
    if (value !== undefined) found.set(name, value);
    return value;
  };
}

function givenValues(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const isEmpty = (value: unknown) => value == null || (typeof value === 'string' && value.trim() === '');
  // An unknown key is refused even when it is empty.
  return Object.fromEntries(Object.entries(values).filter(([name, value]) => !isRequestKey(name) || !isEmpty(value)));
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value.trim() : null;
}

/** The door's secrets first (they are environment for this deployment), then the environment, then the env files. */
async function lookupFor(
  { environment, readText }: RequestSources,
  door: Readonly<Record<string, unknown>>,
  written: Readonly<Record<string, unknown>>,
): Promise<Lookup> {
  const secrets = requestShape.secrets.safeParse(door.secrets).data ?? {};
  const own: Lookup = (name) => (Object.hasOwn(secrets, name) ? secrets[name] : environment[name]);
  const plain = expandSettings(written, '', own).values;
  const workingDirectory = textOf(door['working-directory']) ?? textOf(plain['working-directory']) ?? '.';
  const files = requestShape['env-file'].safeParse(door['env-file'] ?? plain['env-file']).data ?? [];
  const inFiles = await readEnvFiles({ files, workingDirectory, lookup: own, readText });
  return (name) => own(name) ?? inFiles.get(name);
}

/** Whatever may be a secret in the values of secret keys, well-formed or not. */
function secretsIn(values: Readonly<Record<string, unknown>>): string[] {
  return secretKeys.flatMap((key) => {
    const value = values[key];
    if (value === undefined || value instanceof Refusal) return [];
    if (typeof value === 'object' && value !== null) return Object.values(value).map(String);
    if (docsOf(key).form !== 'lines') return [String(value)];
    const lines = String(value).split('\n');
    const { entries, malformed } = parseDotenv(String(value), null);
    const remains = malformed.map((line) => lines[line - 1] ?? '');
    return [
      ...entries.map((entry) => entry.value),
      ...remains,
      ...remains.map((line) => line.replace(/^[^=]*=\s*["']?/, '')),
    ];
  });
}

function settle(givens: readonly Given[], lost: (key: RequestKey) => string | null): Settled {
  const first = (key: RequestKey) => givens.find(({ values }) => values[key] !== undefined);
  return {
    source: (key) => first(key)?.source ?? lost(key),
    value: (key) => requestShape[key].safeParse(first(key)?.values[key]).data as Request[typeof key] | undefined,
  };
}
