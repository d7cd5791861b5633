import { posix } from 'node:path';
import { HomeportError } from '../deployment/error.ts';
import { type InspectedContainer, inspectContainers } from './containers.ts';
import type { DatabaseContext, DatabaseTarget } from './database.ts';
import { runBeside } from './helper-container.ts';
import { findInterpreter, mountedBackups, runInside } from './sqlite-inside.ts';
import { type HostPlace, locate } from './sqlite-place.ts';
import { refusal } from './sqlite-refusal.ts';
import { execOnHost, runOnHost } from './sqlite-runner.ts';
import { errorCode, lineOf, type Operation, type Told, told } from './sqlite-told.ts';

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
  /** The backups folder: also what makes an operation independent of whether the service still runs. */
  readonly folder?: string;
  /** In place of the one that the place was opened with. */
  readonly context?: DatabaseContext;
}

/** Finds the file and the way to it. Throws `HomeportError` when there is none, or it isn't to be backed up there. */
export async function openPlace(target: DatabaseTarget, context: DatabaseContext): Promise<OpenPlace> {
  const { container, place } = await find(target, context);
  return (
    (await fromHost(target, place, container, context)) ?? (await fromContainer(target, place, container, context))
  );
}

async function find(target: DatabaseTarget, context: DatabaseContext) {
  const [container] = await inspectContainers([target.container], context);
  if (container === undefined || target.path === undefined) {
    throw new HomeportError(`The SQLite database of ${target.service} has no path or no container.`, {
      hint: 'Give it a `path:` under `backup:`.',
    });
  }
  return { container, place: locate(target, target.path, container) };
}

/** Bytes of the file with its write-ahead log. Throws as `openPlace` does. */
export async function sizeOf(target: DatabaseTarget, context: DatabaseContext): Promise<number> {
  const { place } = await find(target, context);
  const { files } = context.host;
  // Where this process may look there itself, no program has to be started for it.
  const [file, log] = await Promise.all(
    [place.hostPath, `${place.hostPath}-wal`].map((path) => files.stat(path).catch(() => null)),
  );
  return file == null ? (await openPlace(target, context)).bytes : file.bytes + (log?.bytes ?? 0);
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

async function fromContainer(
  target: DatabaseTarget,
  place: HostPlace,
  container: InspectedContainer,
  context: DatabaseContext,
): Promise<OpenPlace> {
  const interpreter = await findInterpreter(target, container, context);
  const words = (operation: Operation, paths: readonly string[]) => [
    ...[interpreter.program, ...interpreter.arguments],
    ...[operation, ...paths],
  ];
  const volumes = (folder: string) => ['--volumes-from', target.container, '-v', `${folder}:${mountedBackups}`];
  const termsOf = ({ timeout, signal }: DatabaseContext) => ({ input: interpreter.script, timeout, signal });
  const looked = await runInside(target, container, words('look', [place.path]), context, termsOf(context));
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
    run: async (operation, paths, { folder, context: own = context } = {}) => {
      const program = words(operation, paths);
      const result =
        folder === undefined
          ? await runInside(target, container, program, own, termsOf(own))
          : await runBeside(target, container, program, { ...termsOf(own), volumes: volumes(folder) }, own);
      if (result.outcome !== 'success') throw refusal(target, paths[0] ?? '', result);
      return told(result);
    },
  };
}
