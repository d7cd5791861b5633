import { dirname } from 'node:path';
import type { DatabaseContext } from '../databases/database.ts';
import { forgetDecrypted } from '../databases/encryption.ts';
import { databaseKinds } from '../databases/kinds.ts';
import { parseRecord, recordPath } from '../databases/record.ts';
import { databaseNow } from '../databases/running-now.ts';
import type { Undo } from '../deployment/journal-entry.ts';
import type { StageContext } from '../deployment/stage.ts';
import { awaitEngine } from '../platforms/compose/engine.ts';

/** Milliseconds in which a server that was just started takes connections. */
const longestStart = 60_000;

/**
 * The first thing that is done for a deployment that was killed. What its backups held goes on. A database that was being
 * restored is finished or undone as a whole, before anything writes to it. Throws `HomeportError` where that is not
 * possible.
 */
export async function settleDatabases(
  context: StageContext,
  restores: readonly { readonly undo: Undo }[],
): Promise<void> {
  const { facts, host } = context;
  const holding = facts.dumping.filter(({ kind }) => databaseKinds[kind]?.letGo !== undefined);
  if (restores.length === 0 && holding.length === 0) return;
  await awaitEngine(host, longestStart);
  for (const dumped of holding) {
    const { kind, target } = await databaseNow(context, dumped);
    await kind.letGo?.(target, context.places.backups, workOf(context));
  }
  await finishRestores(context, restores);
}

async function finishRestores(context: StageContext, restores: readonly { readonly undo: Undo }[]): Promise<void> {
  const { facts, host, say } = context;
  for (const { undo } of restores) {
    const [wanted] = undo.databases ?? [];
    if (wanted === undefined || undo.restoring === undefined) continue;
    const { file, stamp } = undo.restoring;
    // Whatever comes of the database: nothing plain of an encrypted backup stays.
    const record = parseRecord(file, (await host.files.readText(recordPath(file))) ?? '');
    await forgetDecrypted(host, record ?? { file });
    const { kind, target } = await databaseNow(context, wanted);
    if (kind.isServer) {
      // One that runs is left as it is.
      await host.exec(['docker', 'start', target.container], { timeout: 60_000, changes: true });
    }
    const ended = await kind.recoverRestore(target, stamp, workOf(context), dirname(file));
    if (ended === 'finished') {
      facts.restoreOnRollback = facts.restoreOnRollback.filter((one) => one !== file);
      say(`${target.service}: the restore of ${file} had gone through`);
    } else {
      say(`${target.service}: the restore of ${file} had not gone through; ${target.database} is as it was`);
    }
  }
}

/** Never cancelled. */
function workOf({ host, say }: StageContext): DatabaseContext {
  return { host, signal: new AbortController().signal, timeout: longestStart, say };
}
