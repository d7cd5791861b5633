import { randomBytes } from 'node:crypto';
import type { ExecOptions } from '../hosts/host.ts';
import type { DatabaseContext, DatabaseTarget } from './database.ts';
import { explain } from './explain.ts';

/** A server in a container, spoken to through its own client programs over standard input and output. */
export interface PostgresClient {
  readonly target: DatabaseTarget;
  readonly context: DatabaseContext;
  /** In the environment of each process in the container and as the name of each session: ours are found again by it. */
  readonly marker: string;
}

export function postgresClient(target: DatabaseTarget, context: DatabaseContext): PostgresClient {
  return { target, context, marker: `homeport_${randomBytes(8).toString('hex')}` };
}

/*
 * Runs inside the container, where the server's settings are: neither the password nor its file ever leaves it. The
 * port and the socket come from the running server, as `command: -p 5433` stands in no variable.
 */
const inContainer = [
  'PGUSER=${1:-${POSTGRES_USER:-${POSTGRESQL_USERNAME:-postgres}}}; shift',
  'f=${POSTGRES_PASSWORD_FILE:-${POSTGRESQL_PASSWORD_FILE:-}}; PGPASSWORD=${POSTGRES_PASSWORD:-${POSTGRESQL_PASSWORD:-${PGPASSWORD:-}}}',
  '[ -n "$PGPASSWORD" ] || [ ! -r "${f:-/nowhere}" ] || PGPASSWORD=$(cat "$f")',
  'p=${PGDATA:-/var/lib/postgresql/data}/postmaster.pid',
  '[ -n "${PGHOST:-}${PGPORT:-}" ] || [ ! -r "$p" ] || { PGPORT=$(sed -n 4p "$p"); PGHOST=$(sed -n 5p "$p"); export PGPORT PGHOST; }',
  'export PGUSER PGPASSWORD; exec "$@"',
].join('\n');

/** The command that runs one of the server's client programs in its container. */
export function clientArgv(client: PostgresClient, command: readonly string[]): [string, ...string[]] {
  const { container, user } = client.target;
  const wrapper = ['sh', '-c', inContainer, 'homeport', user ?? ''];
  return ['docker', 'exec', '-i', '-e', `HOMEPORT_RUN=${client.marker}`, container, ...wrapper, ...command];
}

/** A connection string: unlike a bare name it takes every name of a database, also one with `=` or `://` in it. */
export function connection(client: PostgresClient, database: string): string {
  const settings = '-c statement_timeout=0 -c idle_in_transaction_session_timeout=0 -c synchronous_commit=off';
  return [
    `dbname=${quoteConnection(database)}`,
    `application_name=${quoteConnection(client.marker)}`,
    `options=${quoteConnection(settings)}`,
  ].join(' ');
}

function quoteConnection(value: string): string {
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

export function quoteLiteral(text: string): string {
  const quoted = `'${text.replaceAll("'", "''")}'`;
  // Safe whatever standard_conforming_strings is.
  return text.includes('\\') ? ` E${quoted.replaceAll('\\', '\\\\')}` : quoted;
}

export function psqlArgv(client: PostgresClient, database: string): [string, ...string[]] {
  const quiet = ['-X', '-q', '-A', '-t', '-w', '-v', 'ON_ERROR_STOP=1', '-v', 'VERBOSITY=terse'];
  return clientArgv(client, ['psql', ...quiet, '-d', `${connection(client, database)} client_encoding=UTF8`]);
}

/**
 * Runs statements in one session and gives the lines that they print. `what` is the beginning of the sentence that
 * people read when it fails. Throws `HomeportError`.
 */
export async function runSql(
  client: PostgresClient,
  database: string,
  sql: string,
  what: string,
  options?: Pick<ExecOptions, 'changes'>,
): Promise<string[]> {
  const { host, signal, timeout } = client.context;
  const argv = psqlArgv(client, database);
  const result = await host.exec(argv, { input: `${sql}\n`, timeout, signal, record: false, ...options });
  if (result.outcome !== 'success') throw explain(result, what);
  return result.stdout.split('\n').filter((line) => line !== '');
}

/** The same server for cleaning up: not bound to the signal that may have been the reason, nor found by the marker. */
export function cleaner(client: PostgresClient): PostgresClient {
  const context = { ...client.context, signal: new AbortController().signal, timeout: 120_000 };
  return { ...postgresClient(client.target, context) };
}
