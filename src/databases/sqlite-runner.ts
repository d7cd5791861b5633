import { randomBytes } from 'node:crypto';
import { posix } from 'node:path';
import { CancelledError, HomeportError } from '../deployment/error.ts';
import type { ExecResult } from '../hosts/host.ts';
import type { DatabaseContext, DatabaseTarget } from './database.ts';
import { explain } from './explain.ts';
import { nodeScript } from './sqlite-node.ts';
import { type HostPlace, type InspectedContainer, inspectContainers, locate } from './sqlite-place.ts';
import { pythonScript } from './sqlite-python.ts';
import { shellScript } from './sqlite-shell.ts';

/*
 * The programs that touch a database file, each given to its interpreter on standard input with the operation and its
 * paths as arguments. They run in processes of their own (on the host, or in the service's image), so that a time-out
 * can stop them, and they are texts, so that bundling leaves them as they are. All speak the same lines:
 *
 *   real <path>    bytes <n>    row <table in hex> <count>    sha256 <hex>    moved <suffix>    error <code>
 *
 *   look <database> [<folder>]          where it is and how large; with the folder that it must be in and be ours
 *   query <database>                    reads its schema
 *   backup <database> <copy> [<folder>] copy and counts from one read transaction; owned as the folder is
 *   stage <backup> <new> <database>     a copy that belongs to whom the database belongs
 *   swap <new> <database> <kept>        the database gets the name <kept>, the new one its name
 *   remove <file>
 *   verify <backup> full|quick          integrity and counts of a file that nobody writes to
 */

/** What a script said. */
export interface Told {
  readonly rows: Record<string, number>;
  readonly bytes: number;
  readonly sha256: string;
  /** Suffixes of the files that a swap moved aside: the empty one for the database itself. */
  readonly moved: readonly string[];
}

/** A database file that can be worked with, from the host or from a container of the service's image. */
export interface OpenPlace extends HostPlace {
  readonly container: InspectedContainer;
  /** With its write-ahead log. */
  readonly bytes: number;
  /** `false` when there is no such file: only a restore goes on then. */
  readonly exists: boolean;
  /** The database as the scripts see it. */
  readonly database: string;
  /** A file of the backups folder as the scripts see it. */
  readonly ofBackups: (file: string) => string;
  /** Whether the file belongs to the user of this process. */
  readonly ours: boolean;
  /** Throws `HomeportError`. */
  readonly run: (operation: Operation, paths: readonly string[], options?: RunOptions) => Promise<Told>;
}

export interface RunOptions {
  /** The backups folder: also what makes an operation independent of whether the service runs. */
  readonly folder?: string;
  /** In place of the one that the place was opened with. */
  readonly context?: DatabaseContext;
}

export type Operation = 'look' | 'query' | 'backup' | 'stage' | 'swap' | 'remove' | 'verify';

const changing: readonly Operation[] = ['backup', 'stage', 'swap', 'remove'];

/** Finds the file and the way to it. Throws `HomeportError` when there is none, or it isn't to be backed up there. */
export async function openPlace(target: DatabaseTarget, context: DatabaseContext): Promise<OpenPlace> {
  const [container] = await inspectContainers([target.container], context);
  if (container === undefined || target.path === undefined) {
    throw new HomeportError(`The SQLite database of ${target.service} has no path or no container.`, {
      hint: 'Give it a `path:` under `backup:`.',
    });
  }
  const place = locate(target, target.path, container);
  return (
    (await fromHost(target, place, container, context)) ?? (await fromContainer(target, place, container, context))
  );
}

/** Runs an operation of the host's own Node.js: on files that belong to this process. Throws `HomeportError`. */
export async function runOnHost(
  target: DatabaseTarget,
  operation: Operation,
  paths: readonly string[],
  context: DatabaseContext,
): Promise<Told> {
  const result = await execOnHost(operation, paths, context);
  if (result.outcome !== 'success') throw refusal(target, paths[0] ?? '', result);
  return told(result);
}

async function execOnHost(operation: Operation, paths: readonly string[], context: DatabaseContext) {
  const { host, timeout, signal } = context;
  return await host.exec([process.execPath, '--no-warnings', '-', operation, ...paths], {
    input: nodeScript,
    env: { NODE_OPTIONS: '' },
    timeout,
    signal,
    changes: changing.includes(operation),
    record: changing.includes(operation) || operation === 'verify',
  });
}

/** `null` when the file isn't this process's to open. */
async function fromHost(
  target: DatabaseTarget,
  place: HostPlace,
  container: InspectedContainer,
  context: DatabaseContext,
): Promise<OpenPlace | null> {
  const looked = await execOnHost('look', [place.hostPath, place.source], context);
  const missing = errorCode(looked) === 'missing' && (await isVisible(place.source, context));
  if (looked.outcome !== 'success' && !missing) {
    if (errorCode(looked) === null) throw refusal(target, place.path, looked);
    return null;
  }
  const database = lineOf(looked, 'real') ?? place.hostPath;
  return {
    ...place,
    container,
    hostPath: database,
    database,
    bytes: told(looked).bytes,
    exists: !missing,
    ours: true,
    ofBackups: (file) => file,
    run: async (operation, paths, options) => await runOnHost(target, operation, paths, options?.context ?? context),
  };
}

/** Where the engine runs in a machine of its own, its folders are nowhere to be seen, which doesn't make a file missing. */
async function isVisible(folder: string, context: DatabaseContext): Promise<boolean> {
  return (await context.host.files.stat(folder).catch(() => null)) !== null;
}

interface Interpreter {
  readonly program: string;
  readonly arguments: readonly string[];
  readonly script: string;
  readonly probe: readonly string[];
}

const mountedBackups = '/homeport-backups';

async function fromContainer(
  target: DatabaseTarget,
  place: HostPlace,
  container: InspectedContainer,
  context: DatabaseContext,
): Promise<OpenPlace> {
  const interpreter = await findInterpreter(target, container, context);
  const program = [interpreter.program, ...interpreter.arguments];
  const { host, timeout, signal } = context;
  const inRunning = async (operation: Operation, paths: readonly string[]) =>
    await host.exec(['docker', 'exec', '-i', '-u', '0:0', target.container, ...program, operation, ...paths], {
      input: interpreter.script,
      timeout,
      signal,
      record: false,
    });
  const looked = await inRunning('look', [place.path]);
  const missing = errorCode(looked) === 'missing';
  if (looked.outcome !== 'success' && !missing) throw refusal(target, place.path, looked);
  // A link in the container may lead from one mount to another.
  const real = locate(target, lineOf(looked, 'real') ?? place.path, container);
  return {
    ...real,
    container,
    database: real.path,
    bytes: told(looked).bytes,
    exists: !missing,
    ofBackups: (file) => posix.join(mountedBackups, posix.basename(file)),
    ours: false,
    run: async (operation, paths, { folder, context: own } = {}) => {
      const result =
        folder === undefined
          ? await inRunning(operation, paths)
          : await runBeside(target, interpreter, [operation, ...paths], folder, own ?? context);
      if (result.outcome !== 'success') throw refusal(target, paths[0] ?? '', result);
      return told(result);
    },
  };
}

/** A container of the same image with the same volumes, without a network, for one operation. */
async function runBeside(
  target: DatabaseTarget,
  interpreter: Interpreter,
  operation: readonly string[],
  folder: string,
  context: DatabaseContext,
): Promise<ExecResult> {
  const { host, timeout, signal } = context;
  const name = `homeport-sqlite-${randomBytes(6).toString('hex')}`;
  const isolation = ['--network', 'none', '--pull', 'never', '--user', '0:0', '--security-opt', 'label=disable'];
  const volumes = ['--volumes-from', target.container, '-v', `${folder}:${mountedBackups}`];
  const program = ['--entrypoint', interpreter.program, target.imageId, ...interpreter.arguments, ...operation];
  const result = await host.exec(
    ['docker', 'run', '--rm', '-i', '--name', name, ...isolation, ...volumes, ...program],
    {
      input: interpreter.script,
      timeout,
      signal,
      changes: true,
    },
  );
  if (result.outcome !== 'success') {
    // A client that was stopped leaves the container at work.
    await host.exec(['docker', 'rm', '--force', '--volumes', name], { timeout: 60_000, record: false });
  }
  return result;
}

async function findInterpreter(
  target: DatabaseTarget,
  container: InspectedContainer,
  context: DatabaseContext,
): Promise<Interpreter> {
  const entrypoint = container.Config.Entrypoint?.[0] ?? '';
  const nodes = posix.basename(entrypoint) === 'node' ? ['node', entrypoint] : ['node'];
  const candidates: Interpreter[] = [
    ...nodes.map((program) => ({
      program,
      arguments: ['--no-warnings', '-'],
      script: nodeScript,
      probe: [program, '--no-warnings', '-e', "if (!require('node:sqlite').backup) process.exit(1)"],
    })),
    { program: 'python3', arguments: ['-'], script: pythonScript, probe: ['python3', '-c', 'import sqlite3'] },
    { program: 'sh', arguments: ['-s'], script: shellScript, probe: ['sqlite3', '--version'] },
  ];
  const { host, signal } = context;
  for (const candidate of candidates) {
    const argv = ['docker', 'exec', '-u', '0:0', target.container, ...candidate.probe] as const;
    const result = await host.exec(['docker', ...argv.slice(1)], { timeout: 30_000, signal, record: false });
    if (result.outcome === 'success') return candidate;
    if (result.outcome === 'cancelled') throw explain(result, `The database of ${target.service}`);
  }
  throw new HomeportError(
    `The SQLite database of ${target.service} belongs to another user, and its image has neither node (22.16 or later), python3 nor sqlite3 to back it up with.`,
    { hint: 'Install `sqlite3` in the image, or let Homeport run as root or as the owner of the file.' },
  );
}

function told(result: ExecResult): Told {
  const rows: Record<string, number> = {};
  const moved: string[] = [];
  for (const line of result.stdout.split('\n')) {
    const row = /^row ([0-9a-f]*) (\d+)$/.exec(line);
    if (row) rows[Buffer.from(row[1] ?? '', 'hex').toString()] = Number(row[2]);
    const suffix = /^moved ?(.*)$/.exec(line);
    if (suffix) moved.push(suffix[1] ?? '');
  }
  return { rows, moved, bytes: Number(lineOf(result, 'bytes') ?? 0), sha256: lineOf(result, 'sha256') ?? '' };
}

function lineOf(result: ExecResult, word: string): string | null {
  const line = result.stdout.split('\n').find((one) => one.startsWith(`${word} `));
  return line === undefined ? null : line.slice(word.length + 1);
}

function errorCode(result: ExecResult): string | null {
  return result.outcome === 'failed' ? lineOf(result, 'error') : null;
}

/** What people read about an operation that did not end well. */
function refusal(target: DatabaseTarget, path: string, result: ExecResult): HomeportError {
  const file = `${posix.basename(path)} of ${target.service}`;
  switch (errorCode(result)) {
    case 'missing':
      return missingDatabase(target);
    case 'empty':
      return new HomeportError(`The SQLite database ${file} is empty (0 bytes): there is nothing to back up yet.`, {
        hint: 'Start the service once, so that it makes its tables.',
      });
    case 'not-a-database':
      return new HomeportError(`${file} is not an SQLite database, or it is encrypted.`, {
        hint: 'Check `path:` under `backup:`.',
      });
    case 'busy':
      return new HomeportError(`The SQLite database ${file} stayed locked for 30 s.`, {
        hint: 'A writer holds it for long; WAL mode (`PRAGMA journal_mode=WAL`) lets a backup read beside writers.',
      });
    case 'damaged':
      return new HomeportError(`${file} is damaged: ${lastLine(result.stderr)}`, {
        hint: 'Restore the last verified backup with `homeport restore`.',
        excerpt: result.tail,
      });
    case 'full':
      return new HomeportError(`${file}: the disk is full.`, { hint: 'Make room (`df -h`), or lower `backup-keep`.' });
    case 'denied':
      return new HomeportError(`${file} may not be read and written: ${lastLine(result.tail)}`, {
        hint: 'Mount its volume writable, and let Homeport run as root or as the owner of the file.',
      });
    default:
      return result.outcome === 'cancelled'
        ? new CancelledError(`The work on ${file} was cancelled.`, 'Nothing was changed; run it again when you like.')
        : explain(result, `${file} could not be worked with`);
  }
}

export function missingDatabase(target: DatabaseTarget): HomeportError {
  return new HomeportError(`There is no database file at ${target.path} in ${target.service} yet.`, {
    hint: 'Start the service once, so that it makes the file, or correct `path:` under `backup:`.',
  });
}

function lastLine(text: string): string {
  return text.trimEnd().split('\n').at(-1) ?? '';
}
