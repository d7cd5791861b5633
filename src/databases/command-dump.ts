import { HomeportError } from '../deployment/error.ts';
import { checkDump, runUserCommand } from './command-run.ts';
import type { BackupOptions, BackupRecord, DatabaseContext, DatabaseTarget } from './database.ts';
import { recordBackup, recordPath } from './record.ts';

/**
 * Dumps by the user's command into a file with its record beside it, streamed. The user's check has read it then, unless
 * it was asked not to; that is all that Homeport knows, so it never claims more than `read`. Leaves nothing behind when it
 * fails. Throws `HomeportError`.
 */
export async function dumpTo(
  file: string,
  target: DatabaseTarget,
  options: Omit<BackupOptions, 'folder'>,
  context: DatabaseContext,
): Promise<BackupRecord> {
  const begin = performance.now();
  const { host } = context;
  const partial = await host.files.createPartial(file, 0o600);
  try {
    await runUserCommand(target, 'dump', { output: partial.stream }, context);
    const { bytes, sha256 } = await partial.finish();
    if (bytes === 0) {
      throw new HomeportError(`\`dump\` of ${target.service} ended well but wrote nothing.`, {
        hint: 'It must write the dump to its standard output.',
      });
    }
    const verified = options.verify === 'none' ? 'none' : 'read';
    const rows = verified === 'none' ? {} : await checkDump(target, partial.partialPath, context);
    await partial.keep();
    const found = { kind: 'command', file, bytes, sha256, verified, rows } as const;
    return await recordBackup(host, target, options, found, begin);
  } catch (error) {
    await partial.discard();
    for (const path of [file, recordPath(file)]) await host.files.remove(path).catch(() => {});
    throw error;
  }
}
