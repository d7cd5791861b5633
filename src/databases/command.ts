import { HomeportError } from '../deployment/error.ts';
import { formatSize } from '../request/units.ts';
import { forgetFiles, newBackupPath } from './backup-names.ts';
import { dumpTo } from './command-dump.ts';
import { recoverCommandRestore, restoreByCommand } from './command-restore.ts';
import type { BackupOptions, BackupRecord, DatabaseContext, DatabaseKind, DatabaseTarget } from './database.ts';
import { explain } from './explain.ts';
import { anyRun, stopProcesses } from './marked-processes.ts';

/** Whatever else keeps data: by the dump, the restore and the check that its user names. */
export const command: DatabaseKind = {
  kind: 'command',
  isServer: true,
  restoresInPlace: true,
  counted: (rows) => {
    const names = Object.keys(rows).length;
    const sum = Object.values(rows).reduce((total, count) => total + count, 0);
    return names === 0 ? 'nothing counted' : `${sum} counted under ${names} ${names === 1 ? 'name' : 'names'}`;
  },
  backup,
  forget: async (target, folder, context) => {
    await stopRuns(target, context);
    await forgetFiles(context.host, folder, target);
  },
  restore: restoreByCommand,
  recoverRestore: async (target, stamp, context, folder) => {
    if (folder === undefined) throw new Error('the folder of the backup is to be told');
    await stopRuns(target, context);
    return await recoverCommandRestore(target, stamp, context, folder);
  },
  query: async (target) => {
    throw new HomeportError(`${target.service} is backed up by commands, and none of them is a query.`, {
      hint: 'Use a smoke check `exec` with a query of its own client instead of `database`.',
    });
  },
  // Only a dump would tell.
  size: async () => 0,
};

async function backup(target: DatabaseTarget, options: BackupOptions, context: DatabaseContext): Promise<BackupRecord> {
  const { host, say } = context;
  const file = `${await newBackupPath(host, options.folder, { ...target, at: options.at })}.backup`;
  say(`${target.service}: dumping ${target.database} by its own command`);
  const record = await dumpTo(file, target, options, context);
  say(`${target.service}: ${command.counted(record.rows)}, ${formatSize(record.bytes)}`);
  return record;
}

/** Ends what still runs in the container of any run, whose Homeport is dead. Throws `HomeportError`. */
async function stopRuns(target: DatabaseTarget, context: DatabaseContext): Promise<void> {
  const stopped = await stopProcesses(target, anyRun, context);
  if (stopped.outcome === 'success' || /is not running|no such container/i.test(stopped.tail)) return;
  throw explain(stopped, `What a backup left running in ${target.service} could not be stopped`);
}
