import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseDocument } from 'yaml';

const composeNames = ['compose.yaml', 'compose.yml', 'docker-compose.yml', 'docker-compose.yaml'];
const overrideNames = [
  'compose.override.yml',
  'compose.override.yaml',
  'docker-compose.override.yml',
  'docker-compose.override.yaml',
];

/** As Compose does: the first standard name in the folder or above it, with its override; empty when there is none. */
export function searchComposeFiles(folder: string): string[] {
  for (let place = folder; ; place = dirname(place)) {
    const found = composeNames.map((name) => join(place, name)).find((path) => existsSync(path));
    if (found !== undefined) {
      const override = overrideNames.map((name) => join(place, name)).find((path) => existsSync(path));
      return override === undefined ? [found] : [found, override];
    }
    if (place === dirname(place)) return [];
  }
}

/**
 * The name that these files say, as far as it can be read off without Compose, for when they are broken; the last one
 * counts. `null` when there is none, or one with variables.
 */
export function plainName(files: readonly string[]): string | null {
  const names = files.map((file) => /^name:[ \t]*(["']?)([\w-]+)\1[ \t]*(?:#.*)?\r?$/m.exec(textOf(file))?.[2]);
  return names.findLast((name) => name !== undefined) ?? null;
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/** Whether a compose file says its project's `name:`. A file that can't be read is for Compose to complain about. */
export function hasName(file: string): boolean {
  const document = parseDocument(textOf(file), { logLevel: 'silent' });
  return document.errors.length === 0 && document.has('name');
}
