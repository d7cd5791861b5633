import { join } from 'node:path';
import { nodeScript } from '../../src/databases/sqlite-node.ts';
import { pythonScript } from '../../src/databases/sqlite-python.ts';
import { shellScript } from '../../src/databases/sqlite-shell.ts';
import type { ExecResult, Host } from '../../src/hosts/host.ts';

/**
 * Runs one operation of a script that is killed right before its change number `killAt` to files. `unreadable`: SQLite
 * can't open the database.
 */
export type Swapping = (words: readonly string[], killAt: number, unreadable: boolean) => Promise<ExecResult>;

const options = { timeout: 30_000 };

export function inNode(host: Host): Swapping {
  const preload = join(import.meta.dirname, 'kill-in-node.cjs');
  return async (words, killAt, unreadable) =>
    await host.exec([process.execPath, '--no-warnings', '--require', preload, '-', ...words], {
      ...options,
      input: nodeScript,
      env: { NODE_OPTIONS: '', KILL_AT: String(killAt), UNREADABLE: unreadable ? '1' : '' },
    });
}

/** Its audit events come before what they tell of; an fsync has none. */
const python = `
import os, sqlite3, sys
if os.environ['UNREADABLE']:
    def connect(*args, **named):
        raise sqlite3.OperationalError('unable to open database file')
    sqlite3.connect = connect
left = int(os.environ['KILL_AT'])
def hook(event, args):
    global left
    if event in ('os.link', 'os.rename', 'os.remove', 'shutil.copyfile') or (event == 'open' and args[2] & os.O_CREAT):
        left -= 1
        if left == 0:
            os.kill(os.getpid(), 9)
sys.addaudithook(hook)
exec(compile(sys.stdin.read(), 'script', 'exec'))
`;

export function inPython(host: Host, container: string): Swapping {
  return async (words, killAt, unreadable) => {
    const env = ['-e', `KILL_AT=${killAt}`, '-e', `UNREADABLE=${unreadable ? 1 : ''}`];
    const exec = ['exec', '-i', ...env, container, 'python3', '-c', python, ...words] as const;
    return await host.exec(['docker', ...exec], { ...options, input: pythonScript });
  };
}

/** The image that it runs in has no SQLite: nothing is ever readable. */
const shell = ['ln', 'cp', 'mv', 'rm', 'touch', 'sync']
  .map((name) => `${name}() { KILL_AT=$((KILL_AT - 1)); [ $KILL_AT != 0 ] || kill -9 $$; command ${name} "$@"; }`)
  .join('\n');

export function inShell(host: Host, container: string): Swapping {
  return async (words, killAt) => {
    const exec = ['exec', '-i', '-e', `KILL_AT=${killAt}`, container, 'sh', '-s', ...words] as const;
    return await host.exec(['docker', ...exec], { ...options, input: `${shell}\n${shellScript}` });
  };
}
