import { openBackup } from '../databases/encryption.ts';
import { readRecord } from '../databases/record.ts';
import { runningDatabases } from '../databases/running.ts';
import { exitCodes, HomeportError } from '../deployment/error.ts';
import { utcStamp } from '../deployment/ids.ts';
import { currentRelease } from '../deployment/release.ts';
import type { Stage } from '../deployment/stage.ts';
import { checkEngine } from '../platforms/compose/engine.ts';
import { observe } from '../platforms/compose/observe.ts';

/** Restores a backup that a person chose and confirmed; the replaced database is kept. */
export function restoreStage(file: string): Stage {
  return {
    name: 'restore',
    needs: [],
    intent: `restore ${file}, verified, and keep what it replaces`,
    exitCode: exitCodes.deploy,
    run: async (context) => {
      const { facts, host, places } = context;
      await checkEngine(host);
      const record = await readRecord(host, file);
      const databases = await runningDatabases(context);
      const same = databases.filter(({ target }) => target.service === record.service && target.kind === record.kind);
      // A server takes a database that it has no more; a file or folder of another name is another place.
      const found =
        same.find(({ target }) => target.database === record.database) ??
        same.find(({ target }) => target.path === undefined);
      if (found === undefined) {
        throw new HomeportError(
          `The service ${record.service} of ${facts.project}, which this backup is of, has no running ${record.kind} database.`,
          { hint: `Start it first; where Homeport can't find it, name it in \`backup\`.`, exitCode: exitCodes.aborted },
        );
      }
      const target = { ...found.target, database: record.database };
      const release = await currentRelease(host.files, places);
      facts.snapshot = { containers: await observe(host, facts.project), release };
      facts.databases = [{ kind: found.kind, target }];
      const stamp = utcStamp(new Date());
      const work = { host, signal: context.signal, timeout: context.remaining(), say: context.say };
      const restore = async () => {
        const identities = context.request['backup-identity'] ?? [];
        const backup = await openBackup(host, record, identities, context.signal);
        try {
          return await found.kind.restore(target, backup.record, stamp, work);
        } finally {
          await backup.close();
        }
      };
      const result = await context.change('restore', 'forget', restore, { restoring: { file, stamp } });
      facts.details = { ...facts.details, restored: file, kept: result.kept, remove_command: result.removeCommand };
      if (result.kept === null) context.say('restored; there was no database before');
      else {
        context.say(`restored; the database before is kept as ${result.kept}`);
        context.say(`when it is not needed any more: ${result.removeCommand}`);
      }
    },
  };
}
