import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { execa } from 'execa';

/** Tells the person in front of the terminal, in one line, what is being done to their machine. */
export type Say = (line: string) => void;

export interface Answer {
  ok: boolean;
  stdout: string;
  /** What the command wrote to stderr, or why it could not be run at all (not found, timed out). */
  stderr: string;
}

export interface Bounds {
  /** After this many seconds the command is ended. */
  seconds: number;
  cwd?: string;
  env?: Readonly<Record<string, string>>;
}

/** Runs one command without a shell; a failure is an answer, never a throw. */
export async function tryRun(argv: readonly [string, ...string[]], bounds: Bounds): Promise<Answer> {
  const [file, ...args] = argv;
  const result = await execa(file, args, {
    reject: false,
    stdin: 'ignore',
    timeout: bounds.seconds * 1000,
    maxBuffer: 20_000_000,
    ...(bounds.cwd === undefined ? {} : { cwd: bounds.cwd }),
    ...(bounds.env === undefined ? {} : { env: bounds.env }),
  });
  const said = result.stderr.trim();
  const stderr = result.failed && (said === '' || result.timedOut) ? `${said}\n${result.shortMessage}`.trim() : said;
  return { ok: !result.failed, stdout: result.stdout, stderr };
}

/**
 * Runs one command without a shell and gives its stdout.
 * @throws with the command's name and its last words
 */
export async function run(argv: readonly [string, ...string[]], bounds: Bounds): Promise<string> {
  const answer = await tryRun(argv, bounds);
  if (answer.ok) return answer.stdout;
  const words = lastLines(answer.stderr || answer.stdout, 12);
  throw new Error(`${argv.slice(0, 3).join(' ')} failed:\n${words}`);
}

export function lastLines(text: string, count: number): string {
  return text.trimEnd().split('\n').slice(-count).join('\n');
}

/** A root shell opened by `su` or cron often lacks the sbin folders, where dockerd, iptables and debootstrap live. */
export function pathWithSbin(): string {
  return [process.env.PATH ?? '', '/usr/local/sbin', '/usr/sbin', '/sbin'].join(delimiter);
}

/** The executable's full path, looked for on PATH and in the sbin folders. */
export async function findExecutable(name: string): Promise<string | undefined> {
  for (const folder of pathWithSbin().split(delimiter)) {
    if (folder === '') continue;
    const path = join(folder, name);
    if (await isExecutable(path)) return path;
  }
  return undefined;
}

export async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
