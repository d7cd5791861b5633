import { randomBytes } from 'node:crypto';
import { HomeportError } from '../deployment/error.ts';
import { inspectContainers } from './containers.ts';
import type { DatabaseContext, DatabaseTarget } from './database.ts';
import { explain } from './explain.ts';
import { runBeside, scriptWords } from './helper-container.ts';
import type { KeyCounts } from './redis-rdb.ts';

/*
 * A server that loads an RDB from standard input, and says what keys it has. As a replica (of nobody) it keeps the keys
 * whose time is over: the counts are those of the file, however long ago it was written. $1 is a word for its names.
 */
const script = `
set -eu
umask 077
work=/tmp/homeport-$1
mkdir -p "$work"
cat >"$work/dump.rdb"
for kind in redis valkey none; do if command -v $kind-server >/dev/null; then break; fi; done
[ $kind != none ] || { echo 'the image has no redis-server' >&2; exit 1; }
$kind-server --dir "$work" --dbfilename dump.rdb --port 0 --unixsocket "$work/socket" --unixsocketperm 700 \
  --save '' --appendonly no --replicaof 127.0.0.1 1 --replica-read-only yes --daemonize no >"$work/log" 2>&1 &
server=$!
while :; do
  kill -0 $server 2>/dev/null || { grep -v 'oO0OoO' "$work/log" | tail -n 12 >&2; exit 1; }
  case $($kind-cli -s "$work/socket" INFO persistence 2>/dev/null) in *loading:0*) break ;; esac
  sleep 0.1
done
$kind-cli -s "$work/socket" INFO keyspace
kill -KILL $server
`;

/** Loads an RDB file into a server of the target's own image, in a container that then goes. Throws `HomeportError`. */
export async function loadIntoScratch(
  target: DatabaseTarget,
  file: string,
  context: DatabaseContext,
): Promise<KeyCounts> {
  const [container] = await inspectContainers([target.container], context);
  if (container === undefined) throw new Error('unreachable: it was inspected');
  const { words, env } = scriptWords(script, randomBytes(6).toString('hex'));
  const run = { env, input: { file }, timeout: context.timeout, signal: context.signal, volumes: [] };
  const result = await runBeside(target, container, words, run, context);
  if (result.outcome !== 'success') {
    throw explain(
      result,
      `The backup of ${target.service} could not be loaded into a scratch server`,
      'If its data needs a module that the image does not load by itself, `backup-verify: read` checks the file without loading it.',
    );
  }
  const lines = result.stdout.matchAll(/^(db\d+):keys=(\d+)/gm);
  return Object.fromEntries([...lines].map(([, database = '', keys]) => [database, Number(keys)]));
}

/** Throws `HomeportError` naming the logical databases whose counts differ; `where` ends the sentence. */
export function compareKeys(expected: Readonly<KeyCounts>, found: Readonly<KeyCounts>, where: string): void {
  const names = [...new Set([...Object.keys(expected), ...Object.keys(found)])].sort();
  const different = names.filter((name) => (expected[name] ?? 0) !== (found[name] ?? 0));
  if (different.length === 0) return;
  const shown = different
    .slice(0, 3)
    .map((name) => `${name} has ${found[name] ?? 0} keys instead of ${expected[name] ?? 0}`);
  throw new HomeportError(`Keys are missing or too many ${where}: ${shown.join(', ')}.`, {
    hint: 'This is no backup to rely on. Run `homeport backup` again; if it stays so, look at the log of the service.',
  });
}
