import { HomeportError } from '../deployment/error.ts';
import type { PartialFile } from '../hosts/host.ts';
import { formatSize } from '../request/units.ts';
import { forgetFiles, newBackupPath } from './backup-names.ts';
import { inspectContainers, runningUsers } from './containers.ts';
import type { BackupOptions, BackupRecord, DatabaseContext, DatabaseKind, DatabaseTarget } from './database.ts';
import { explain, explainFullDisk } from './explain.ts';
import { removeHelpers, runBeside } from './helper-container.ts';
import { recordBackup, recordPath } from './record.ts';
import { letGoOfHeld, whileHeld } from './volume-hold.ts';
import { type VolumePlace, volumePlace } from './volume-place.ts';
import { recoverVolumeRestore, restoreVolume } from './volume-restore.ts';
import { compareTars, readTar, tarScript } from './volume-tar.ts';
import { unpack } from './volume-unpack.ts';

/**
 * A folder of files in a volume, as a tar archive of one moment: the containers that use it stand still meanwhile. The
 * service's own image reads and writes it, and needs `sh` and `tar` for that.
 */
export const volume: DatabaseKind = {
  kind: 'volume',
  isServer: false,
  counted: ({ files = 0 }) => `${files} ${files === 1 ? 'file' : 'files'}`,
  backup,
  letGo: letGoOfHeld,
  forget: async (target, folder, context) => {
    await letGoOfHeld(target, folder, context);
    for (const one of await inspectContainers([target.container], context)) await removeHelpers('volume', one, context);
    await forgetFiles(context.host, folder, target);
  },
  restore: restoreVolume,
  recoverRestore: recoverVolumeRestore,
  query: async (target) => {
    throw new HomeportError(`${target.service} is backed up as a folder of files, which can't be asked anything.`, {
      hint: 'Use a smoke check `http` or `exec` instead of `database`.',
    });
  },
  size: async (target, context) => {
    const { container, folder } = await volumePlace(target, context);
    const { timeout, signal } = context;
    const run = { timeout, signal, volumes: ['--volumes-from', `${target.container}:ro`] };
    const told = await runBeside(target, container, ['du', '-sk', folder], run, context);
    if (told.outcome !== 'success') throw explain(told, `The size of ${folder} could not be asked`, needed);
    return Number.parseInt(told.stdout, 10) * 1024;
  },
};

const needed = 'The image of the service needs `sh`, `tar` and `du`; those of Debian, Alpine and BusyBox have them.';

/** Without what Homeport itself keeps there of restores: by name where there is any, for not every `tar` can exclude. */
const archive = `
[ -d "$1" ] || { echo "there is no folder $1" >&2; exit 1; }
cd "$1"
set --
others=
for path in ./* ./.[!.]* ./..?*; do
  case $path in './.homeport-'* | ./lost+found) others=yes && continue ;; esac
  if [ -e "$path" ] || [ -L "$path" ]; then set -- "$@" "$path"; fi
done
if [ -z "$others" ]; then set -- .; elif [ $# -eq 0 ]; then set -- --no-recursion .; fi
exec tar -cf - "$@"`;
/** In the container's own layer, which goes with it. */
const scratch =
  'set -e; mkdir /homeport-scratch; tar -xpf - -C /homeport-scratch; exec tar -cf - -C /homeport-scratch .';

async function backup(target: DatabaseTarget, options: BackupOptions, context: DatabaseContext): Promise<BackupRecord> {
  const begin = performance.now();
  const { host, say } = context;
  const place = await volumePlace(target, context);
  const stem = await newBackupPath(host, options.folder, { ...target, at: options.at });
  const file = `${stem}.tar`;
  let partial: PartialFile | null = null;
  try {
    partial = await host.files.createPartial(file, 0o600);
    await copyInto(partial, stem, target, place, context);
    const written = await partial.finish();
    const contents = options.verify === 'none' ? null : await readTar(host.files.openRead(partial.partialPath));
    if (contents !== null) say(`${target.service}: ${contents.files} files, ${formatSize(written.bytes)}`);
    if (contents !== null && options.verify === 'restore') {
      const what = `The backup of ${target.service} could not be unpacked`;
      const unpacking = { script: tarScript(scratch), file: partial.partialPath, volumes: [], what, hint: needed };
      compareTars(contents, await unpack(target, place.container, unpacking, context), 'in a scratch folder');
      say(`${target.service}: unpacked once into a scratch folder, all files are there`);
    }
    await partial.keep();
    const rows: Record<string, number> = contents === null ? {} : { files: contents.files };
    const found = { kind: 'volume', file, ...written, verified: options.verify, rows } as const;
    return await recordBackup(host, target, options, found, begin);
  } catch (error) {
    await partial?.discard();
    for (const path of [file, recordPath(file)]) await host.files.remove(path).catch(() => {});
    throw explainFullDisk(error, options.folder);
  }
}

/** Copies the folder while what uses it stands still. `stem`: what the names of this backup begin with. */
async function copyInto(
  { stream }: PartialFile,
  stem: string,
  target: DatabaseTarget,
  { container, folder, hostPath }: VolumePlace,
  context: DatabaseContext,
): Promise<void> {
  const { timeout, signal } = context;
  const how = target.while ?? 'paused';
  const users = await runningUsers(target, container, hostPath, context);
  // One that somebody paused stands still already, and stays so.
  const held = users.filter(({ State }) => State.Paused !== true).map(({ Id }) => Id);
  context.say(`${target.service}: copying ${folder}${held.length > 0 ? `, what uses it is ${how} meanwhile` : ''}`);
  const { words, env } = tarScript(archive, folder);
  const run = { env, output: stream, timeout, signal, volumes: ['--volumes-from', `${target.container}:ro`] };
  const told = await whileHeld(stem, how, held, context, () => runBeside(target, container, words, run, context));
  if (told.outcome !== 'success') throw explain(told, `${folder} of ${target.service} could not be copied`, needed);
}
