import { isAbsolute, join } from 'node:path';
import { messageOf } from '../deployment/error.ts';
import type { RequestProblem } from './problems.ts';
import { readYaml } from './read-yaml.ts';

/** Resolves to `null` when there is no such file; rejects when it is there and can't be read. */
export type ReadText = (path: string) => Promise<string | null>;

export interface SettingsFile {
  /** What problems call it. */
  readonly source: string;
  /** As written, variables not expanded. */
  readonly written: Readonly<Record<string, unknown>>;
  readonly problems: readonly RequestProblem[];
}

const usual = 'homeport.yml';

/**
 * Reads the settings file: `config` (relative to the working directory, else to the current folder), or `homeport.yml`
 * in the working directory if it is there. What is wrong with the file as a whole is among its problems.
 */
export async function readSettings(options: {
  config: string | null;
  workingDirectory: string;
  readText: ReadText;
}): Promise<SettingsFile> {
  const { config, workingDirectory, readText } = options;
  const source = config ?? usual;
  const nearby = join(workingDirectory, source);
  const paths = isAbsolute(source) ? [source] : config === null ? [nearby] : [...new Set([nearby, config])];
  const failed = (key: string, value: string | null, expected: string): SettingsFile => {
    return { source, written: {}, problems: [{ key, source: null, value, expected, suggestion: null }] };
  };
  try {
    for (const path of paths) {
      const text = await readText(path);
      if (text !== null) return settingsFrom(text, source, failed);
    }
  } catch (error) {
    return failed(source, null, `a file that can be read (${messageOf(error)})`);
  }
  if (config !== null) return failed('config', config, 'a settings file that is there');
  return { source, written: {}, problems: [] };
}

function settingsFrom(
  text: string,
  source: string,
  failed: (key: string, value: string | null, expected: string) => SettingsFile,
): SettingsFile {
  const read = readYaml(text);
  if (!read.ok) return failed(source, null, `YAML (${read.complaint})`);
  const written = read.value ?? {};
  if (typeof written !== 'object' || Array.isArray(written)) {
    return failed(source, null, `a YAML map of keys and values, not a ${Array.isArray(written) ? 'list' : 'text'}`);
  }
  if (!('config' in written)) return { source, written: { ...written }, problems: [] };
  const { config: _, ...rest } = written;
  const expected = '`config` to be left out of the settings file: it says where that file is';
  return { source, written: rest, problems: [{ key: 'config', source, value: null, expected, suggestion: null }] };
}
