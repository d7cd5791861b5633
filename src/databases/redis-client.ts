import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { HomeportError } from '../deployment/error.ts';
import type { ExecOptions, ExecResult } from '../hosts/host.ts';
import type { DatabaseContext, DatabaseTarget } from './database.ts';
import { explain } from './explain.ts';
import { type RedisSettings, redisSettings } from './redis-settings.ts';

/** A server in a container, spoken to by the client program that is in it too. */
export interface RedisClient {
  readonly target: DatabaseTarget;
  readonly context: DatabaseContext;
  /** In the environment of each process in the container: ours are found again by it. */
  readonly marker: string;
  readonly settings: RedisSettings;
  /** What `INFO` says, by name. */
  readonly info: ReadonlyMap<string, string>;
}

/** Milliseconds in which a server that was just started listens, and in which it has read its data. */
const longestStart = 10_000;
const longestLoad = 60_000;

/** The first that the image has: Valkey's own images have both. */
const inContainer =
  'for p in redis-cli valkey-cli; do if command -v $p >/dev/null; then exec $p "$@"; fi; done; exit 127';

/** Throws `HomeportError` for a server that doesn't let us in, or is of a kind whose backup would not be whole. */
export async function redisClient(target: DatabaseTarget, context: DatabaseContext): Promise<RedisClient> {
  const settings = await redisSettings(target, context);
  const marker = `homeport_${randomBytes(8).toString('hex')}`;
  if (settings.sentinel) {
    throw new HomeportError(`${target.service} is a Redis Sentinel: it has no keys.`, {
      hint: 'List the services with databases under `backup:`.',
    });
  }
  const info = await untilLoaded({ target, context, marker, settings, info: new Map() });
  const mode = info.get('redis_mode') ?? info.get('server_mode');
  if (mode === 'cluster') {
    throw new HomeportError(
      `Redis of ${target.service} is a node of a cluster: one file would not hold all its keys.`,
      {
        hint: 'Take it out by a list under `backup:`, and back its nodes up by a `volume` entry each.',
      },
    );
  }
  return { target, context, marker, settings, info };
}

/** Runs one command and gives its lines. Throws `HomeportError`. */
export async function ask(client: RedisClient, words: readonly string[], what: string): Promise<string[]> {
  const result = await runClient(client, words, { record: false });
  if (result.outcome !== 'success') throw explain(result, what, hintFor(client));
  const lines = result.stdout.split(/\r?\n/);
  // The client ends well also where the server said no.
  if (/^(\(error\) )?(NOAUTH|WRONGPASS|NOPERM|ERR|LOADING|MASTERDOWN|MISCONF)\b/.test(lines[0] ?? '')) {
    throw new HomeportError(`${what}: ${lines[0]}`, { hint: hintFor(client) });
  }
  return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
}

/** One value of the server's configuration. Throws `HomeportError`. */
export async function configOf(client: RedisClient, name: string): Promise<string> {
  const [, value = ''] = await ask(client, ['CONFIG', 'GET', name], `The setting ${name} could not be asked`);
  return value;
}

export async function runClient(
  client: RedisClient,
  words: readonly string[],
  options: Partial<ExecOptions>,
): Promise<ExecResult> {
  const { target, context, settings, marker } = client;
  if (settings.port === null) {
    throw new HomeportError(`Redis of ${target.service} takes connections by TLS alone, which Homeport can't speak.`, {
      hint: 'Let it listen on its port without TLS too: nothing outside its own container has to reach it.',
    });
  }
  const secret = settings.password === null ? [] : ['-e', 'REDISCLI_AUTH', '-e', 'VALKEYCLI_AUTH'];
  const user = target.user === undefined ? [] : ['--user', target.user];
  const argv = ['-p', String(settings.port), ...user, ...words];
  const exec = ['exec', '-i', '-e', `HOMEPORT_RUN=${marker}`, ...secret, target.container] as const;
  const { password } = settings;
  return await context.host.exec(['docker', ...exec, 'sh', '-c', inContainer, 'homeport', ...argv], {
    timeout: context.timeout,
    signal: context.signal,
    ...(password === null ? {} : { env: { REDISCLI_AUTH: password, VALKEYCLI_AUTH: password } }),
    ...options,
  });
}

/** A moment after a start the server still reads its data, or doesn't listen yet. */
async function untilLoaded(client: RedisClient): Promise<Map<string, string>> {
  const { target, context } = client;
  const what = `Redis of ${target.service} did not answer`;
  const begin = performance.now();
  const isOver = (longest: number) => performance.now() - begin > Math.min(longest, context.timeout);
  for (;;) {
    try {
      const lines = await ask(client, ['INFO'], what);
      const info = new Map(
        lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)] as const),
      );
      if (info.get('loading') !== '1') return info;
    } catch (error) {
      const said = error instanceof HomeportError ? `${error.message}\n${error.excerpt ?? ''}` : '';
      const isLoading = /LOADING/.test(said);
      const isStarting = /Could not connect|Connection (refused|reset)/.test(said);
      if (!(isLoading || isStarting) || isOver(isLoading ? longestLoad : longestStart)) throw error;
    }
    if (isOver(longestLoad)) {
      throw new HomeportError(`${what}: it still reads its data.`, { hint: 'Look at its log, and try again later.' });
    }
    await sleep(200, undefined, { signal: context.signal }).catch(() => {});
  }
}

function hintFor({ settings, target }: RedisClient): string {
  const known =
    settings.password === null ? 'No password was found' : 'The password that was found is not the right one';
  return `${known}: Homeport looks for \`requirepass\` in the command and the configuration file of ${target.service}, and for REDIS_PASSWORD (or REDIS_PASSWORD_FILE) in its environment; \`user:\` under \`backup:\` names another user than \`default\`.`;
}
