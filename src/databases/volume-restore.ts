import { posix } from 'node:path';
import type { ExecResult } from '../hosts/host.ts';
import { printable } from '../hosts/printable.ts';
import { whileStopped } from './containers.ts';
import type { BackupRecord, DatabaseContext, DatabaseTarget, RestoreEnd, RestoreResult } from './database.ts';
import { explain } from './explain.ts';
import { removeHelpers, runBeside } from './helper-container.ts';
import { checkUntouched } from './record.ts';
import { type VolumePlace, volumePlace } from './volume-place.ts';
import { volumeSwap } from './volume-swap.ts';
import { compareTars, readTar, tarScript } from './volume-tar.ts';
import { unpack } from './volume-unpack.ts';

/**
 * See `DatabaseKind.restore`. The containers that use the folder are stopped only while what is in it is renamed; what was
 * there before stays in a folder of it.
 */
export async function restoreVolume(
  target: DatabaseTarget,
  record: BackupRecord,
  stamp: string,
  context: DatabaseContext,
): Promise<RestoreResult> {
  const { host, say } = context;
  await checkUntouched(host, record);
  const contents = await readTar(host.files.openRead(record.file));
  const place = await volumePlace(target, context);
  const { folder } = place;
  // Once something is stopped nothing is cancelled any more: it is brought to its end, or back.
  const calm = { ...context, signal: new AbortController().signal };
  try {
    say(`${target.service}: unpacking the backup beside what is in ${folder}`);
    const script = tarScript(volumeSwap, 'stage', folder, stamp);
    const volumes = ['--volumes-from', target.container];
    const what = `The backup could not be unpacked into ${folder}`;
    const unpacked = await unpack(target, place.container, { script, file: record.file, volumes, what }, context);
    compareTars(contents, unpacked, `in ${folder}`);
    say(`${target.service}: ${contents.files} files are ready, putting them in place`);
    await whileStopped(target, place, calm, () => swap(target, place, stamp, calm));
  } catch (error) {
    await recover(target, place, stamp, calm).catch(() => {});
    throw error;
  }
  const kept = posix.join(folder, `.homeport-before-${stamp}`);
  const remove = ['docker', 'exec', '-u', '0:0', target.container, 'rm', '-r', '--', kept];
  const rows = { files: contents.files };
  return { kept, removeCommand: printable(remove), rows, schemaVersion: null };
}

/** See `DatabaseKind.recoverRestore`: containers that the restore had stopped stay stopped. */
export async function recoverVolumeRestore(
  target: DatabaseTarget,
  stamp: string,
  context: DatabaseContext,
): Promise<RestoreEnd> {
  const place = await volumePlace(target, context);
  await removeHelpers('volume', place.container, context);
  return await recover(target, place, stamp, context);
}

/** Whole, or not at all: also when it was the last step that failed. */
async function swap(
  target: DatabaseTarget,
  place: VolumePlace,
  stamp: string,
  context: DatabaseContext,
): Promise<void> {
  const told = await runSwap(target, place, ['swap', stamp], context);
  if (told.outcome === 'success') return;
  const end = await recover(target, place, stamp, context).catch(() => null);
  if (end !== 'finished') throw explain(told, `What is in ${place.folder} could not be replaced`);
}

async function recover(
  target: DatabaseTarget,
  place: VolumePlace,
  stamp: string,
  context: DatabaseContext,
): Promise<RestoreEnd> {
  const told = await runSwap(target, place, ['recover', stamp], context);
  if (told.outcome !== 'success') throw explain(told, `What a restore left in ${place.folder} could not be cleaned up`);
  const [, end] = /^end (finished|undone)$/m.exec(told.stdout) ?? [];
  return end === 'finished' || end === 'undone' ? end : 'nothing';
}

async function runSwap(
  target: DatabaseTarget,
  { container, folder }: VolumePlace,
  [operation, stamp]: readonly [string, string],
  context: DatabaseContext,
): Promise<ExecResult> {
  const { words, env } = tarScript(volumeSwap, operation, folder, stamp);
  const { timeout, signal } = context;
  const run = { env, timeout, signal, volumes: ['--volumes-from', target.container] };
  return await runBeside(target, container, words, run, context);
}
