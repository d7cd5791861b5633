import { type Command, Option } from 'commander';
import { messageOf } from '../deployment/error.ts';
import { Refusal } from './problems.ts';
import { docsOf, type RequestKey, requestKeys, secretKeys } from './schema.ts';
import { unbuiltKeys } from './unbuilt.ts';

/**
 * Adds a flag for each key: `--<key> <value>`, for lists and `NAME=value` lines repeatable; `--<key>` and `--no-<key>`
 * for yes and no. A secret key gets `--<key>-file <path>` instead. Flags that only exist to be refused with a reason
 * (a secret's value, what isn't built yet) are not in the help.
 */
export function addRequestFlags(command: Command, keys: readonly RequestKey[]): Command {
  for (const option of keys.flatMap(optionsFor)) command.addOption(option);
  for (const key of unbuiltKeys) command.addOption(new Option(`--${key} [value]`).hideHelp());
  return command;
}

function optionsFor(key: RequestKey): Option[] {
  const { form, secret } = docsOf(key);
  if (secret) {
    const file = `${helpOf(key)}; from this file (\`-\` for standard input), else from ${secretVariable(key)}`;
    return [new Option(`--${key}-file <path>`, plain(file)), new Option(`--${key} [value]`).hideHelp()];
  }
  const help = plain(helpOf(key));
  if (form === 'flag') {
    const negative = new Option(`--no-${key}`, `the same as --${key} false`);
    return [new Option(`--${key} [true|false]`, help), docsOf(key).default === 'true' ? negative : negative.hideHelp()];
  }
  if (form === 'list') return [new Option(`--${key} <item>`, `${help}; repeatable`).argParser(collect)];
  if (form === 'lines') {
    return [new Option(`--${key} <NAME=value|@file>`, `${help}; repeatable`).argParser(collect)];
  }
  if (form === 'yaml') return [new Option(`--${key} <yaml|@file>`, help)];
  return [new Option(`--${key} <value>`, help)];
}

function collect(value: string, previous: string[] | undefined): string[] {
  return [...(previous ?? []), value];
}

function helpOf(key: RequestKey): string {
  const { meaning, default: fallback } = docsOf(key);
  return fallback === undefined || fallback === 'none' ? meaning : `${meaning} (default: ${fallback})`;
}

/** A terminal shows backticks as they are. */
function plain(text: string): string {
  return text.replaceAll('`', '');
}

/** `telegram-token` → `HOMEPORT_TELEGRAM_TOKEN`. */
export function secretVariable(key: RequestKey): string {
  return `HOMEPORT_${key.toUpperCase().replaceAll('-', '_')}`;
}

/** Commander's complaints without the value of a misspelt flag: `--telegram-tokn=…` has a secret for one. */
export const errorOutput = {
  outputError: (text: string, write: (text: string) => void): void => {
    write(text.replace(/^(error: unknown option '[^'=]+)=.*$/s, "$1'\n"));
  },
};

/**
 * What the flags say, as `parseRequest` takes it; `options` is commander's `opts()`, of which other options are left
 * alone. `readFile` gets `-` for standard input, and rejects when there is nothing to read. Never throws: what can't be
 * taken becomes a `Refusal` in the place of its value, so that all problems are told at once.
 */
export async function flagsToDoor(
  options: Readonly<Record<string, unknown>>,
  environment: Readonly<Record<string, string | undefined>>,
  readFile: (path: string) => Promise<string>,
): Promise<Record<string, unknown>> {
  const read = async (path: string) => {
    try {
      const text = await readFile(path);
      return text.trim() === '' ? new Refusal(`something in ${path}: it is empty`) : text;
    } catch (error) {
      return new Refusal(`a file that can be read (${messageOf(error)})`);
    }
  };
  const door: Record<string, unknown> = {};
  for (const key of requestKeys) {
    const value = docsOf(key).secret
      ? await secretOf(key, options, environment, read)
      : await plainValue(key, options[optionName(key)], read);
    if (value !== undefined) door[key] = value;
  }
  for (const key of unbuiltKeys) {
    if (options[optionName(key)] !== undefined) door[key] = options[optionName(key)];
  }
  return refuseSharedInput(door, options);
}

/** The flag or the variable by which the door of `flagsToDoor` came to its value of that key. */
export function sourceOfFlag(key: RequestKey, options: Readonly<Record<string, unknown>>): string {
  if (!docsOf(key).secret) return `--${key}`;
  return options[optionName(`${key}-file`)] === undefined ? secretVariable(key) : `--${key}-file`;
}

type Read = (path: string) => Promise<string | Refusal>;

async function secretOf(
  key: RequestKey,
  options: Readonly<Record<string, unknown>>,
  environment: Readonly<Record<string, string | undefined>>,
  read: Read,
): Promise<string | Refusal | undefined> {
  const variable = secretVariable(key);
  if (options[optionName(key)] !== undefined) {
    const way = `it in ${variable} in the environment, or \`--${key}-file F\` (\`-\` for standard input)`;
    return new Refusal(`${way}: every user of this machine can read a command line, so take that value for leaked`);
  }
  const path = options[optionName(`${key}-file`)];
  return typeof path === 'string' ? read(path) : environment[variable];
}

async function plainValue(key: RequestKey, value: unknown, read: Read): Promise<unknown> {
  const { form } = docsOf(key);
  const fromFile = (item: string) => (item.startsWith('@') ? read(item.slice(1)) : item);
  if (form === 'yaml' && typeof value === 'string') return fromFile(value);
  if (form !== 'lines' || !Array.isArray(value)) return value;
  const texts = await Promise.all(value.map((item) => fromFile(String(item))));
  return texts.find((text) => text instanceof Refusal) ?? texts.join('\n');
}

/** Standard input can be read once. */
function refuseSharedInput(
  door: Record<string, unknown>,
  options: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const readers = secretKeys.filter((key) => options[optionName(`${key}-file`)] === '-');
  for (const key of readers.slice(1)) {
    door[key] = new Refusal(`another source than standard input, which \`--${readers[0]}-file\` reads already`);
  }
  return door;
}

/** Commander's name of `--compose-file`: `composeFile`. */
function optionName(flag: string): string {
  return flag.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}
