import { parseDotenv } from './dotenv.ts';
import { expand, type Lookup } from './expand.ts';
import { formatPath, type RequestProblem } from './problems.ts';
import { readYaml } from './read-yaml.ts';
import { docsOf, isRequestKey } from './schema.ts';

export interface Expanded {
  readonly values: Readonly<Record<string, unknown>>;
  readonly problems: readonly RequestProblem[];
}

/** Expands the variables in every text of a settings file, except in commands: those are left to their shell. */
export function expandSettings(written: Readonly<Record<string, unknown>>, source: string, lookup: Lookup): Expanded {
  const problems: RequestProblem[] = [];

  function expandText(text: string, path: readonly PropertyKey[]): string {
    const { text: result, missing, malformed } = expand(text, lookup);
    const key = String(path[0]);
    const shown = isRequestKey(key) && docsOf(key).secret !== true;
    const problem = { key: formatPath(path), source, value: shown ? text : null, suggestion: null };
    if (malformed) {
      problems.push({ ...problem, expected: '`${NAME}` or `${NAME:-default}`, and `$$` for a plain `$`' });
    }
    for (const name of new Set(missing)) {
      problems.push({
        ...problem,
        expected: `the variable \`${name}\` in the environment or an env file, or a default: \`\${${name}:-…}\``,
      });
    }
    return result;
  }

  function expandAny(value: unknown, path: readonly PropertyKey[]): unknown {
    if (isCommand(path, value)) return value;
    if (typeof value === 'string') return expandText(value, path);
    if (Array.isArray(value)) return value.map((item, index) => expandAny(item, [...path, index]));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, expandAny(item, [...path, name])]));
  }

  function expandKey(name: string, value: unknown): unknown {
    const form = isRequestKey(name) ? docsOf(name).form : undefined;
    if (typeof value !== 'string' || form === undefined) return expandAny(value, [name]);
    if (form === 'lines') {
      const { entries, malformed } = parseDotenv(value, (text) => expandText(text, [name]));
      return malformed.length === 0 ? Object.fromEntries(entries.map((entry) => [entry.name, entry.value])) : value;
    }
    // Taken apart before anything is put into it, so that no variable's value can change the structure.
    const read = form === 'yaml' ? readYaml(value) : null;
    return expandAny(read?.ok ? read.value : value, [name]);
  }

  const values = Object.entries(written).map(([name, value]) => [name, expandKey(name, value)]);
  return { values: Object.fromEntries(values), problems };
}

const keysOfCommands: readonly unknown[] = ['tests', 'migrate', 'budgets'];

function isCommand([key, , third, fourth]: readonly PropertyKey[], value: unknown): boolean {
  // `name: command` as well as `name: {command, …}`, and a text that is no YAML at all.
  if (keysOfCommands.includes(key)) return typeof value === 'string' && (third === undefined || third === 'command');
  if (key === 'backup' && third === 'command') return typeof value === 'string';
  return key === 'smoke' && (third === 'run' || (third === 'exec' && fourth === 'command'));
}
