import { stringify } from 'yaml';
import { outputs } from './outputs.ts';
import { docsOf, type RequestKey, requestKeys } from './schema.ts';

/**
 * `action.yml` as it has to be. No input has a `default:`: the runner would hand it over like a value that a person
 * gave, and it would win over homeport.yml.
 */
export function actionYaml(): string {
  const action = {
    name: 'Homeport',
    author: 'Homeport',
    description:
      'Deploys a Docker Compose project on the machine you own: backup, tests, smoke checks, automatic rollback',
    branding: { icon: 'anchor', color: 'blue' },
    inputs: Object.fromEntries(requestKeys.map((key) => [key, { description: inputDescription(key) }])),
    outputs: Object.fromEntries(
      Object.entries(outputs).map(([name, meaning]) => [name, { description: sentence(meaning) }]),
    ),
    runs: { using: 'node24', main: 'dist/main/index.js', post: 'dist/post/index.js' },
  };
  const body = stringify(action, { lineWidth: 0, singleQuote: true });
  return `# Made from src/request by \`npm run docs\`; defaults are in the texts, so that homeport.yml can still set a key.\n${body}`;
}

function inputDescription(key: RequestKey): string {
  const { meaning, default: fallback, secret } = docsOf(key);
  const handling = secret ? ' Pass it from `secrets`.' : '';
  return `${sentence(meaning)}${handling}${fallback === undefined ? '' : ` Default: ${quoted(fallback)}.`}`;
}

function sentence(meaning: string): string {
  return `${meaning.charAt(0).toUpperCase()}${meaning.slice(1)}.`;
}

/** A default that is a value is shown as one; a description of it (`none`, `all`, a phrase) is left as it is. */
function quoted(fallback: string): string {
  return /[ `]/.test(fallback) || fallback === 'none' || fallback === 'all' ? fallback : `\`${fallback}\``;
}

export function inputsTable(): string {
  const rows = requestKeys.map((key) => {
    const { meaning, default: fallback } = docsOf(key);
    return [`\`${key}\``, fallback === undefined ? '' : quoted(fallback), meaning];
  });
  return table(['input', 'default', 'meaning'], rows);
}

export function outputsTable(): string {
  return table(
    ['output', 'meaning'],
    Object.entries(outputs).map(([name, meaning]) => [`\`${name}\``, meaning]),
  );
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), `|${head.map(() => '-').join('|')}|`, ...rows.map(line)].join('\n');
}

/** README.md with its tables brought up to date. Throws when it has lost the markers that they stand between. */
export function readmeWith(tables: Readonly<Record<'inputs' | 'outputs', string>>, readme: string): string {
  return Object.entries(tables).reduce((text, [name, content]) => {
    const [start, end] = [`<!-- ${name}:start -->`, `<!-- ${name}:end -->`];
    const from = text.indexOf(start);
    const to = text.indexOf(end);
    if (from === -1 || to < from) throw new Error(`README.md needs the lines ${start} and ${end}, in this order.`);
    return `${text.slice(0, from + start.length)}\n${content}\n${text.slice(to)}`;
  }, readme);
}
