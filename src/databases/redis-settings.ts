import { z } from 'zod';
import { HomeportError } from '../deployment/error.ts';
import { tryParseJson } from '../request/parse-json.ts';
import type { DatabaseContext, DatabaseTarget } from './database.ts';
import { explain } from './explain.ts';

const inspected = z.array(
  z.object({
    Path: z.string(),
    Args: z.array(z.string()).nullish(),
    Config: z.object({ Env: z.array(z.string()).nullish() }),
  }),
);

/** How a server was started, as far as its client must know. */
export interface RedisSettings {
  /** `null` where it was given none. */
  readonly password: string | null;
  /** `null` where it takes no connection without TLS. */
  readonly port: number | null;
  /** It watches over servers, and has no keys of its own. */
  readonly sentinel: boolean;
}

/** The directives of a server, by name; the last one counts, and the command line more than its file. */
type Directives = ReadonlyMap<string, string>;

/**
 * What the command, the configuration file and the environment of a server's container say. The password never stands
 * on a command line of ours. Throws `HomeportError`.
 */
export async function redisSettings(target: DatabaseTarget, context: DatabaseContext): Promise<RedisSettings> {
  const { host, signal } = context;
  const argv = ['docker', 'inspect', '--type', 'container', target.container] as const;
  const told = await host.exec(argv, { timeout: 30_000, signal, record: false });
  const [container] = inspected.safeParse(tryParseJson(told.stdout)).data ?? [];
  if (told.outcome !== 'success' || container === undefined) {
    throw explain(told, `The container of ${target.service} could not be inspected`);
  }
  const environment = environmentOf(container.Config.Env ?? []);
  const words = commandWords([container.Path, ...(container.Args ?? [])]);
  const file = words.find((word) => /^[^-].*\.conf$/.test(word));
  const text = file === undefined ? null : await readInside(target, file, context);
  const directives = new Map([...fileDirectives(text ?? ''), ...commandDirectives(words)]);
  const port = Number(
    directives.get('port') ?? environment.REDIS_PORT_NUMBER ?? environment.VALKEY_PORT_NUMBER ?? 6379,
  );
  const sentinel = words.some((word) => /(^|\/)(redis|valkey)-sentinel$|^--sentinel$/.test(word));
  const password = await passwordOf(target, directives, environment, context);
  return { password, port: port === 0 ? null : port, sentinel };
}

function environmentOf(entries: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    entries.map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]),
  );
}

/** A command that is given to a shell (`sh -c "redis-server --requirepass $PASSWORD"`) is taken apart as a shell does. */
function commandWords(command: readonly string[]): string[] {
  return command.flatMap((word) => (/\s--?[a-z]|redis-server|valkey-server/.test(word) ? shellWords(word) : [word]));
}

function shellWords(text: string): string[] {
  return [...text.matchAll(/(?:"[^"]*"|'[^']*'|\$\([^)]*\)|[^\s"'])+/g)].map(([word]) => word.replaceAll(/["']/g, ''));
}

/** `--requirepass secret`, `--port 6380`. */
export function commandDirectives(words: readonly string[]): Directives {
  const found = new Map<string, string>();
  words.forEach((word, index) => {
    const name = /^--([a-z-]+)$/.exec(word)?.[1];
    const value = words[index + 1];
    if (name !== undefined && value !== undefined && !value.startsWith('--')) found.set(name, value);
  });
  return found;
}

/** Of `redis.conf`: a directive a line; the password of the user `default` counts as `requirepass`. */
export function fileDirectives(text: string): Directives {
  const found = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, name = '', value = ''] = /^\s*([a-z-]+)\s+(.*?)\s*$/i.exec(line) ?? [];
    const [, ofDefault] = name.toLowerCase() === 'user' ? (/^default\s.*>(\S+)/.exec(value) ?? []) : [];
    if (ofDefault !== undefined) found.set('requirepass', ofDefault);
    else if (name !== '') found.set(name.toLowerCase(), value.replace(/^(["'])(.*)\1$/, '$2'));
  }
  return found;
}

async function passwordOf(
  target: DatabaseTarget,
  directives: Directives,
  environment: Readonly<Record<string, string>>,
  context: DatabaseContext,
): Promise<string | null> {
  const given = directives.get('requirepass');
  if (given !== undefined) {
    const [, variable] = /^\$\{?(\w+)\}?$/.exec(given) ?? [];
    if (variable !== undefined) return environment[variable] || null;
    const [, file] = /^\$\((?:cat\s+|<\s*)(\S+)\)$/.exec(given) ?? [];
    return file === undefined ? given || null : await readPassword(target, file, context);
  }
  const names = ['REDIS_PASSWORD', 'VALKEY_PASSWORD', 'REDISCLI_AUTH'];
  const plain = names.map((name) => environment[name]).find((value) => value);
  if (plain !== undefined) return plain;
  const file = names.map((name) => environment[`${name}_FILE`]).find((value) => value);
  return file === undefined ? null : await readPassword(target, file, context);
}

async function readPassword(target: DatabaseTarget, file: string, context: DatabaseContext): Promise<string> {
  const text = await readInside(target, file, context);
  if (text !== null) return text.replace(/\r?\n$/, '');
  throw new HomeportError(`The password file ${file} of ${target.service} could not be read inside its container.`, {
    hint: `See what \`docker exec ${target.container.slice(0, 12)} ls -l ${file}\` says.`,
  });
}

async function readInside(target: DatabaseTarget, file: string, context: DatabaseContext): Promise<string | null> {
  const argv = ['docker', 'exec', '-u', '0:0', target.container, 'cat', '--', file] as const;
  const told = await context.host.exec(argv, { timeout: 30_000, signal: context.signal, record: false });
  return told.outcome === 'success' ? told.stdout : null;
}
