import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { actionYaml, inputsTable, outputsTable, readmeWith } from '../src/request/docs.ts';
import { settingsSchemaText } from '../src/request/json-schema.ts';

/*
 * Writes action.yml, the README's tables and the JSON Schema for editors from the request's schema; with `--check` only
 * says what is out of date.
 */

const root = join(import.meta.dirname, '..');
const emptyReadme = `# Homeport

## Inputs

<!-- inputs:start -->
<!-- inputs:end -->

## Outputs

<!-- outputs:start -->
<!-- outputs:end -->
`;

function read(name: string, absent: string): string {
  const path = join(root, name);
  return existsSync(path) ? readFileSync(path, 'utf8') : absent;
}

/** The lines between the first and the last difference, as `diff` shows them. */
function difference(name: string, present: string, wanted: string): string {
  const old = present.split('\n');
  const made = wanted.split('\n');
  let head = 0;
  while (head < Math.min(old.length, made.length) && old[head] === made[head]) head += 1;
  let tail = 0;
  while (tail < Math.min(old.length, made.length) - head && old.at(-1 - tail) === made.at(-1 - tail)) tail += 1;
  const removed = old.slice(head, old.length - tail).map((line) => `-${line}`);
  const added = made.slice(head, made.length - tail).map((line) => `+${line}`);
  return [`${name}, line ${head + 1}:`, ...removed, ...added].join('\n');
}

const readme = read('README.md', emptyReadme);
const files = {
  'action.yml': actionYaml(),
  'README.md': readmeWith({ inputs: inputsTable(), outputs: outputsTable() }, readme),
  'dist/homeport.schema.json': settingsSchemaText(),
};
const outdated = Object.entries(files).filter(([name, wanted]) => read(name, '') !== wanted);

if (!process.argv.includes('--check')) {
  for (const [name, wanted] of outdated) writeFileSync(join(root, name), wanted);
} else if (outdated.length > 0) {
  for (const [name, wanted] of outdated) console.error(difference(name, read(name, ''), wanted));
  console.error('Out of date: run `npm run docs`.');
  process.exitCode = 1;
}
