import { PassThrough } from 'node:stream';
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
import { compareTars, readTar, type TarContents, tarScript } from './volume-tar.ts';

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
  const file = `${await newBackupPath(host, options.folder, { ...target, at: options.at })}.tar`;
  const stem = file.slice(0, -'.tar'.length);
  const how = target.while ?? 'paused';
  let partial: PartialFile | null = null;
  try {
    partial = await host.files.createPartial(file, 0o600);
    const { stream } = partial;
    // One that somebody paused stands still already, and stays so.
    const users = (await runningUsers(target, place.container, place.hostPath, context)).filter(
      ({ State }) => State.Paused !== true,
    );
    say(`${target.service}: copying ${place.folder}${users.length > 0 ? `, what uses it is ${how} meanwhile` : ''}`);
    await whileHeld(
      stem,
      how,
      users.map(({ Id }) => Id),
      context,
      async () => {
        const { words, env } = tarScript(archive, place.folder);
        const { timeout, signal } = context;
        const run = { env, output: stream, timeout, signal, volumes: ['--volumes-from', `${target.container}:ro`] };
        const told = await runBeside(target, place.container, words, run, context);
        if (told.outcome !== 'success')
          throw explain(told, `${place.folder} of ${target.service} could not be copied`, needed);
      },
    );
    const written = await partial.finish();
    const contents = options.verify === 'none' ? null : await readTar(host.files.openRead(partial.partialPath));
    if (contents !== null) say(`${target.service}: ${contents.files} files, ${formatSize(written.bytes)}`);
    if (contents !== null && options.verify === 'restore') {
      compareTars(contents, await unpack(target, place, partial.partialPath, context), 'in a scratch folder');
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

/** What comes of an archive where it is unpacked by the service's own image. Throws `HomeportError`. */
async function unpack(
  target: DatabaseTarget,
  { container }: VolumePlace,
  file: string,
  context: DatabaseContext,
): Promise<TarContents> {
  const seen = new PassThrough();
  const reading = readTar(seen);
  // Told by the command where that fails.
  reading.catch(() => {});
  const { words, env } = tarScript(scratch);
  const { timeout, signal } = context;
  const run = { env, input: { file }, output: seen, timeout, signal, volumes: [] };
  const told = await runBeside(target, container, words, run, context);
  seen.end();
  if (told.outcome !== 'success') throw explain(told, `The backup of ${target.service} could not be unpacked`, needed);
  return await reading;
}
