import { stringify } from 'yaml';
import { Redactor } from '../hosts/redactor.ts';
import { writtenDefault } from './defaults.ts';
import type { SettledRequest } from './parse-request.ts';
import { readYaml } from './read-yaml.ts';
import { docsOf, type RequestKey, requestKeys, requestShape } from './schema.ts';
import { secretValues } from './secret-values.ts';

export interface EffectiveKey {
  readonly key: RequestKey;
  /** As a person would write it, variables expanded, secrets masked; `null` where nothing is set. */
  readonly value: unknown;
  readonly origin: 'flag' | 'environment' | 'file' | 'default';
  /** `--timeout`, `HOMEPORT_TELEGRAM_TOKEN` or the settings file; for a default, what it is. */
  readonly from: string;
}

export type SourceOf = (key: RequestKey) => Pick<EffectiveKey, 'origin' | 'from'>;

/** They belong to other commands than `deploy`, or are what the command line says by itself. */
const others: readonly RequestKey[] = ['command', 'to', 'file'];

/** Each key with its value and where that came from; `sourceOf` tells it of the keys that the door gave. */
export function effectiveKeys(settled: SettledRequest, sourceOf: SourceOf): EffectiveKey[] {
  const redactor = redactorFor(settled);
  const { door, file } = settled;
  return requestKeys
    .filter((key) => !others.includes(key))
    .map((key): EffectiveKey => {
      const fallback = docsOf(key).default ?? 'none';
      if (door.values[key] !== undefined)
        return { key, value: shown(key, door.values[key], redactor), ...sourceOf(key) };
      if (file.values[key] === undefined) {
        const value = writtenDefault(key);
        return { key, value: value === undefined ? null : asWritten(key, value), origin: 'default', from: fallback };
      }
      return { key, value: shown(key, file.values[key], redactor), origin: 'file', from: file.source };
    });
}

/** In the form of a settings file, with where each value came from beside it. */
export function renderEffective(keys: readonly EffectiveKey[]): string {
  return keys.map(renderKey).join('');
}

function renderKey({ key, value, origin, from }: EffectiveKey): string {
  if (value === null) return commented(`# ${key}: ${from.replaceAll('`', '')}`, 'default');
  const [first = '', ...rest] = stringify({ [key]: value }, { lineWidth: 0 })
    .trimEnd()
    .split('\n');
  return [commented(first, origin === 'default' ? 'default' : from), ...rest.map((line) => `${line}\n`)].join('');
}

function commented(line: string, comment: string): string {
  return `${line.padEnd(42)} # ${comment}\n`;
}

function shown(key: RequestKey, value: unknown, redactor: Redactor): unknown {
  const written = asWritten(key, value);
  if (!docsOf(key).secret) return masked(written, redactor);
  if (typeof written !== 'object' || written === null) return '***';
  return Object.fromEntries(Object.keys(written).map((name) => [name, '***']));
}

/** However it came: lists as lists, maps as maps. Durations and sizes stay the texts that they are. */
function asWritten(key: RequestKey, value: unknown): unknown {
  const { form } = docsOf(key);
  if (form === 'flag' || form === 'list' || form === 'lines') return requestShape[key].parse(value);
  if (typeof value !== 'string') return value;
  const read = form === 'yaml' ? readYaml(value) : null;
  return read?.ok ? read.value : value.trim();
}

function masked(value: unknown, redactor: Redactor): unknown {
  if (typeof value === 'string') return redactor.redact(value).replace(passwordInAddress, '$1***$2');
  if (Array.isArray(value)) return value.map((item) => masked(item, redactor));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, masked(item, redactor)]));
}

const passwordInAddress = /([a-z][a-z0-9+.-]*:\/\/[^\s:/@]*:)[^\s/@]+(@)/gi;

/** Nobody said that these are secrets, but their names do: `DB_PASSWORD` out of an env file. */
const secretName = /pass(word|wd|phrase)?($|_)|secret|token|credential|(^|_)(key|auth|dsn)($|_)|api_?key|private/i;

function redactorFor({ request, variables }: SettledRequest): Redactor {
  const redactor = new Redactor();
  for (const secret of secretValues(request)) redactor.add(secret);
  for (const [name, value] of variables) if (secretName.test(name)) redactor.add(value);
  return redactor;
}
