import { randomBytes } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { ExecOptions, ExecResult } from '../hosts/host.ts';
import type { DatabaseContext, DatabaseTarget } from './database.ts';
import { explain } from './explain.ts';

/** A MariaDB or MySQL server in a container, spoken to through its own client programs over standard input and output. */
export interface MariadbClient {
  readonly target: DatabaseTarget;
  readonly context: DatabaseContext;
  /** In the environment of each process in the container and in each long statement: ours are found again by it. */
  readonly marker: string;
}

export function mariadbClient(target: DatabaseTarget, context: DatabaseContext): MariadbClient {
  return { target, context, marker: `homeport_${randomBytes(8).toString('hex')}` };
}

/*
 * Runs inside the container, where the server's settings are: neither a password nor its file ever leaves it, and no
 * password stands on a command line. MySQL has no programs of MariaDB's names. A socket that the server was told by an
 * argument stands in no file that its clients read. `wait`: begins when a line comes, so that nothing is left to start.
 */
const inContainer = [
  'pick() { for n; do',
  'eval "v=\\${$n:-}; f=\\${${n}_FILE:-\\${FILE__$n:-}}"',
  '[ -n "$v" ] || [ ! -r "${f:-/nowhere}" ] || v=$(cat "$f")',
  '[ -z "$v" ] || return 0; done; }',
  'u=${1:-root} what=$2; shift 2',
  'case $u in',
  '"${MARIADB_ROOT_USER:-root}" | root) pick MARIADB_ROOT_PASSWORD MYSQL_ROOT_PASSWORD ;;',
  '*) pick MARIADB_PASSWORD MYSQL_PASSWORD ;;',
  'esac',
  'unset MYSQL_PWD; [ -z "$v" ] || export MYSQL_PWD="$v"',
  's=; for d in /proc/[0-9]*; do case $(cat "$d/comm" 2>/dev/null) in mariadbd | mysqld)',
  's=$(tr "\\0" "\\n" < "$d/cmdline" 2>/dev/null | sed -n "s/^--socket=//p" | tail -n 1) ;; esac; done',
  'case $what in',
  'client) p=mariadb; command -v mariadb > /dev/null || p=mysql ;;',
  '*) p=mariadb-dump; command -v mariadb-dump > /dev/null || p=mysqldump ;;',
  'esac',
  '[ "$what" != wait ] || { echo homeport-ready >&2; read -r _ || exit 1; }',
  'exec "$p" --protocol=socket ${s:+"--socket=$s"} --user="$u" --default-character-set=utf8mb4 "$@"',
].join('\n');

/** `client` for statements, `dump` for a dump, `wait` for a dump that begins when a line comes. */
export type Program = 'client' | 'dump' | 'wait';

/** The command that runs one of the server's client programs in its container. */
export function clientArgv(client: MariadbClient, program: Program, words: readonly string[]): [string, ...string[]] {
  const { container, user } = client.target;
  const run = ['docker', 'exec', '-i', '-e', `HOMEPORT_RUN=${client.marker}`, container] as const;
  return [...run, 'sh', '-c', inContainer, 'homeport', user ?? '', program, ...words];
}

/** A session that prints the plain values of each row; `--comments`, for the marker is in them. */
export function sqlArgv(client: MariadbClient, database: string | null): [string, ...string[]] {
  const quiet = ['--batch', '--raw', '--skip-column-names', '--unbuffered', '--comments', '--skip-reconnect'];
  return clientArgv(client, 'client', [...quiet, ...(database === null ? [] : [`--database=${database}`])]);
}

export function quoteIdentifier(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}

/** For sessions without NO_BACKSLASH_ESCAPES, which `plainSession` sees to. */
export function quoteLiteral(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}

/** Before all statements of ours, whatever the server's defaults are. */
export const plainSession = "SET SESSION sql_mode = '';";

/**
 * Runs statements in one session and gives the lines that they print. `what` is the beginning of the sentence that
 * people read when it fails. Throws `HomeportError`.
 */
export async function runSql(
  client: MariadbClient,
  database: string | null,
  sql: string,
  what: string,
  options?: Pick<ExecOptions, 'changes'>,
): Promise<string[]> {
  const { host, signal, timeout } = client.context;
  const input = `${plainSession}\n${sql}\n`;
  const result = await host.exec(sqlArgv(client, database), { input, timeout, signal, record: false, ...options });
  if (result.outcome !== 'success') throw explain(withoutChatter(result), what);
  return result.stdout.split('\n').filter((line) => line !== '');
}

/** Feeds a dump, or a part of one, to a database; at the first error no further. Throws `HomeportError`. */
export async function feed(
  client: MariadbClient,
  database: string,
  dump: Readable | string,
  what: string,
  settings: readonly string[],
): Promise<void> {
  const { host, signal, timeout } = client.context;
  // Binary mode: no byte of the data is an end of line or a command of the client.
  const words = ['--batch', '--binary-mode', '--max-allowed-packet=1073741824', `--database=${database}`];
  const init = settings.length === 0 ? [] : [`--init-command=SET SESSION ${settings.join(', ')}`];
  const argv = clientArgv(client, 'client', [...words, ...init]);
  const result = await host.exec(argv, { input: dump, timeout, signal, changes: true });
  if (result.outcome === 'success') return;
  const hint = /max_allowed_packet|packet bigger/i.test(result.tail)
    ? 'A row is larger than the server takes at once: raise its `max_allowed_packet` (twice the largest row is enough).'
    : undefined;
  throw explain(withoutChatter(result), what, hint);
}

/** Without the progress that `--verbose` tells, which would hide the reason. */
export function withoutChatter(result: ExecResult): ExecResult {
  const told = result.tail.split('\n').filter((line) => !/^-- |^homeport-ready$/.test(line));
  return { ...result, tail: told.map((line) => line.replace(/^ERROR (\d+ .*?): /, 'error: $1: ')).join('\n') };
}

/** The same server for cleaning up: not bound to the signal that may have been the reason, nor found by the marker. */
export function cleaner(client: MariadbClient): MariadbClient {
  const context = { ...client.context, signal: new AbortController().signal, timeout: 120_000 };
  return mariadbClient(client.target, context);
}
