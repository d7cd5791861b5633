import { delimiter, dirname } from 'node:path';
import { execa } from 'execa';
import { lastLines } from '../scripts/machine/commands.ts';

export interface MeasureOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Hears each line with the seconds since the start. */
  readonly onLine?: (line: string, seconds: number) => void;
  /** Hears the process's id as soon as it runs. */
  readonly onStart?: (pid: number) => void;
}

const longest = 600_000;

/**
 * Runs a command to its end and gives the wall clock that it took, in seconds. When `signal` aborts it is told to stop
 * and waited for.
 * @throws with its last words when it fails
 */
export async function measure(argv: readonly [string, ...string[]], options: MeasureOptions): Promise<number> {
  const [file, ...args] = argv;
  options.signal.throwIfAborted();
  const words: string[] = [];
  const begin = performance.now();
  const since = (): number => (performance.now() - begin) / 1000;
  const child = execa(file, args, {
    cwd: options.cwd,
    env: { ...plainEnvironment(), ...options.env },
    extendEnv: false,
    reject: false,
    all: true,
    buffer: false,
    stdin: 'ignore',
    timeout: longest,
    cancelSignal: options.signal,
    // Homeport then still tidies up; a shell ends at once.
    killSignal: 'SIGINT',
    forceKillAfterDelay: 60_000,
    // A Ctrl-C reaches it through us, once.
    detached: true,
  });
  if (child.pid !== undefined) options.onStart?.(child.pid);
  for await (const line of child.iterable({ from: 'all' })) {
    words.push(line);
    options.onLine?.(line, since());
  }
  const result = await child;
  const seconds = since();
  options.signal.throwIfAborted();
  if (!result.failed) return seconds;
  throw new Error(`${argv.slice(0, 3).join(' ')}: ${result.shortMessage}\n${lastLines(words.join('\n'), 40)}`);
}

/** This process's environment without what would change a deployment, and with this Node first on the PATH. */
export function plainEnvironment(): Record<string, string> {
  const strange = /^(HOMEPORT|COMPOSE|GIT|GITHUB|GUESTBOOK|AGENT|APP_|POSTGRES|TELEGRAM|NODE_OPTIONS|NODE_TEST)/;
  const kept = Object.entries(process.env).flatMap(([key, value]): [string, string][] =>
    value === undefined || strange.test(key) ? [] : [[key, value]],
  );
  const path = [dirname(process.execPath), process.env.PATH ?? ''].join(delimiter);
  return { ...Object.fromEntries(kept), PATH: path };
}
