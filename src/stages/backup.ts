import { tidyEncrypted } from '../databases/encryption.ts';
import { pruneBackups } from '../databases/retention.ts';
import { type FoundDatabase, runningDatabases } from '../databases/running.ts';
import { databaseNow } from '../databases/running-now.ts';
import { exitCodes, HomeportError } from '../deployment/error.ts';
import type { Stage, StageContext } from '../deployment/stage.ts';
import { checkEngine } from '../platforms/compose/engine.ts';
import type { Request } from '../request/schema.ts';
import { formatSize } from '../request/units.ts';
import { encryptBackups } from './encrypt-backups.ts';

/** Dumps every database, and calls it a backup only once it was restored. */
export function backupStage(request: Request): Stage {
  return {
    name: 'backup',
    needs: ['snapshot'],
    intent: `back the databases up, verified by ${request['backup-verify']}`,
    ...(request.backup === 'none' ? { skip: '`backup: none`' } : {}),
    exitCode: exitCodes.deploy,
    tolerated: !request['backup-required'],
    run: backUp,
    cleanUp: cleanUpBackups,
  };
}

/** Backs all known databases up and encrypts the backups where that is asked for. */
async function backUp(context: StageContext): Promise<void> {
  await dumpDatabases(context);
  await encryptBackups(context, 'forget', []);
}

/**
 * Backs all known databases up; the first that fails stops it. Old ones go only after all are verified. They are plain:
 * going back must be able to restore them without anybody's identity.
 */
export async function dumpDatabases(context: StageContext): Promise<void> {
  const { facts, places, host, request } = context;
  const databases = await withOthers(context, await servers(context, facts.databases ?? []));
  facts.databases = databases;
  if (databases.length === 0) {
    context.say('no database runs that could be backed up');
    return;
  }
  facts.encryptTo = request['backup-encrypt-to'];
  facts.dumping = databases.map(({ target }) => target);
  try {
    await context.change('dump', 'forget', () => dumpAll(context, databases));
    facts.dumping = [];
  } catch (error) {
    // A server that was killed meanwhile comes back; what the dump left in it must not wait for the next one.
    await forgetDumps(context).catch(() => {});
    throw error;
  }
  if (facts.backups.every((record) => record.verified !== 'none')) {
    const removed = await context.change('prune', 'forget', () =>
      pruneBackups(host, places.backups, {
        keepMs: request['backup-keep'],
        now: new Date(),
        project: facts.project,
      }),
    );
    for (const file of removed) context.say(`removed ${file}: older than \`backup-keep\``);
  }
}

/** With `auto` those that are servers indeed. */
async function servers(context: StageContext, found: readonly FoundDatabase[]): Promise<FoundDatabase[]> {
  const { host, request, say, signal } = context;
  if (request.backup !== 'auto') return [...found];
  const kept: FoundDatabase[] = [];
  for (const one of found) {
    const { kind, target } = one;
    if ((await kind.isClientAlone?.(target, { host, say, signal, timeout: 30_000 })) === true) {
      say(`${target.service}: left out, for no server of ${kind.kind} runs in its container`);
    } else kept.push(one);
  }
  return kept;
}

/** With `auto` every database of a server; what stays out is said. */
async function withOthers(context: StageContext, known: readonly FoundDatabase[]): Promise<FoundDatabase[]> {
  const { host, request, say, signal } = context;
  let all = [...known];
  for (const { kind, target } of known) {
    const { service } = target;
    if (known.find((one) => one.target.service === service)?.target !== target) continue;
    // A server that does not answer is told by its backup.
    const others = await kind.others?.(target, { host, say, signal, timeout: 30_000 }).catch(() => undefined);
    if (others === undefined) continue;
    const names = all.filter((one) => one.target.service === service).map((one) => one.target.database);
    const added = request.backup === 'auto' ? others.mine.filter((name) => !names.includes(name)) : [];
    // A server whose settings name no database is told by what it has.
    if (target.database === '' && added.length > 0) all = all.filter((one) => one.target !== target);
    all.push(...added.map((database) => ({ kind, target: { ...target, database } })));
    const left = [...others.mine, ...others.foreign].filter((name) => !names.includes(name) && !added.includes(name));
    if (left.length === 0) continue;
    say(`${service}: not in this backup are ${left.join(', ')} (list them under \`backup:\` if they are to be)`);
  }
  return all;
}

async function dumpAll(context: StageContext, databases: readonly FoundDatabase[]): Promise<void> {
  const { facts, places, host, request } = context;
  await host.files.makeFolder(places.backups, 0o700);
  await tidyEncrypted(host, places.backups);
  for (const { kind, target } of databases) {
    const work = { host, signal: context.signal, timeout: context.remaining(), say: context.say };
    const why = request.backup === 'auto' ? ((await kind.nothingToLose?.(target, work)) ?? null) : null;
    if (why !== null) {
      context.say(
        `${target.service}: left out, for ${why}; name it under \`backup:\` to have it backed up all the same`,
      );
      continue;
    }
    const record = await kind.backup(
      target,
      {
        project: facts.project,
        release: facts.snapshot?.release?.id ?? null,
        folder: places.backups,
        verify: request['backup-verify'],
        at: new Date(),
      },
      work,
    );
    facts.backups.push(record);
    const counted = kind.counted(record.rows);
    context.say(`${record.file}: ${formatSize(record.bytes)}, ${counted}, verified: ${record.verified}`);
  }
}

/** What dumps that did not end well left in the servers and in the folder of backups. */
async function forgetDumps(context: StageContext): Promise<void> {
  const { facts, host, places, say } = context;
  const work = { host, signal: new AbortController().signal, timeout: 60_000, say };
  for (const dumped of facts.dumping) {
    const { kind, target } = await databaseNow(context, dumped);
    await kind.forget(target, places.backups, work);
  }
  facts.dumping = [];
}

/** After a failure or a kill: nothing is left half done, and nothing plain that nobody needs any more. */
async function cleanUpBackups(context: StageContext): Promise<void> {
  const { facts } = context;
  try {
    await forgetDumps(context);
  } finally {
    // A way back that failed is tried again.
    await encryptBackups(context, 'forget', facts.migrated ? facts.restoreOnRollback : []);
  }
}

/** `homeport backup`: nothing to back up is an answer that people must not miss. */
export function backupCommandStage(request: Request): Stage {
  return {
    name: 'backup',
    needs: [],
    intent: `back the databases up, verified by ${request['backup-verify']}`,
    exitCode: exitCodes.deploy,
    run: async (context) => {
      await checkEngine(context.host);
      context.facts.databases = await runningDatabases(context);
      await backUp(context);
      if (context.facts.backups.length > 0) return;
      throw new HomeportError('There is no running database to back up.', {
        hint: 'Start the project, or name the database: `backup: [{service: db, kind: postgres}]`.',
        exitCode: exitCodes.aborted,
      });
    },
    cleanUp: cleanUpBackups,
  };
}
