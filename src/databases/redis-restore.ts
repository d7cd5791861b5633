import { posix } from 'node:path';
import { HomeportError } from '../deployment/error.ts';
import type { ExecResult } from '../hosts/host.ts';
import { printable } from '../hosts/printable.ts';
import { type InspectedContainer, inspectContainers } from './containers.ts';
import type { BackupRecord, DatabaseContext, DatabaseTarget, RestoreEnd, RestoreResult } from './database.ts';
import { explain } from './explain.ts';
import { removeHelpers, runBeside, scriptWords } from './helper-container.ts';
import { checkUntouched } from './record.ts';
import { type RedisClient, redisClient } from './redis-client.ts';
import { persistenceOf, type RedisPersistence } from './redis-persistence.ts';
import { readRdb } from './redis-rdb.ts';
import { compareKeys, loadIntoScratch } from './redis-scratch.ts';
import { redisSwap } from './redis-swap.ts';

/** Seconds for a server to write all its keys to its disk before it is stopped the hard way. */
const longestSave = 120;

/**
 * See `DatabaseKind.restore`. The data is in the files of a running server: it is stopped while they are renamed, and
 * the files before stay in a folder beside them.
 */
export async function restoreRedis(
  target: DatabaseTarget,
  record: BackupRecord,
  stamp: string,
  context: DatabaseContext,
): Promise<RestoreResult> {
  await checkUntouched(context.host, record);
  compareKeys(record.rows, await readRdb(context.host.files.openRead(record.file)), 'in the backup file');
  const client = await redisClient(target, context);
  const persistence = await persistenceOf(client);
  refuse(client, persistence);
  const { folder } = persistence;
  // The same image reads it as the service will: a dump of a newer server fails here, where nothing has changed yet.
  compareKeys(record.rows, await loadIntoScratch(target, record.file, context), 'in a scratch server');
  const container = await containerOf(target, context);
  // Once the server is stopped nothing is cancelled any more: it is brought to its end, or back.
  const calm = { ...context, signal: new AbortController().signal };
  try {
    context.say(`${target.service}: copying the backup beside the data in ${folder}`);
    await stage(target, container, persistence, record, stamp, context);
    context.say(`${target.service}: all keys are ready, putting them in place`);
    await docker(['stop', '-t', String(longestSave), target.container], 'stopped', calm);
    await swap(target, container, folder, stamp, calm);
  } catch (error) {
    await recover(target, container, stamp, calm).catch(() => {});
    await docker(['start', target.container], 'started', calm);
    throw error;
  }
  await docker(['start', target.container], 'started', calm);
  await redisClient(target, calm);
  const kept = posix.join(folder, `.homeport-before-${stamp}`);
  const remove = ['docker', 'exec', '-u', '0:0', target.container, 'rm', '-r', '--', kept];
  return { kept, removeCommand: printable(remove), rows: record.rows, schemaVersion: null };
}

/** See `DatabaseKind.recoverRestore`. */
export async function recoverRedisRestore(
  target: DatabaseTarget,
  stamp: string,
  context: DatabaseContext,
): Promise<RestoreEnd> {
  const container = await containerOf(target, context);
  await removeHelpers('redis', container, context);
  if ((await look(target, container, stamp, context)) === 'nothing') return 'nothing';
  // It may have been started over half of its files, and would write more of them.
  await docker(['stop', '-t', String(longestSave), target.container], 'stopped', context);
  const end = await recover(target, container, stamp, context);
  await docker(['start', target.container], 'started', context);
  await redisClient(target, context);
  return end;
}

function refuse({ target, info }: RedisClient, persistence: RedisPersistence): void {
  if (info.get('role') === 'slave') {
    throw new HomeportError(`Redis of ${target.service} is a replica: it would take the keys of its master at once.`, {
      hint: 'Restore the backup of the master.',
    });
  }
  if (!persistence.lasting) {
    throw new HomeportError(
      `The data of ${target.service} is in ${persistence.folder}, which is in no volume: a backup put there would be lost.`,
      { hint: `Mount a volume at ${persistence.folder} in the Compose file, deploy, and restore again.` },
    );
  }
}

async function containerOf(target: DatabaseTarget, context: DatabaseContext): Promise<InspectedContainer> {
  const [container] = await inspectContainers([target.container], context);
  if (container === undefined) throw new Error('unreachable: it was inspected');
  return container;
}

async function stage(
  target: DatabaseTarget,
  container: InspectedContainer,
  { folder, rdbName, aofName, aofFolder, appendOnly }: RedisPersistence,
  record: BackupRecord,
  stamp: string,
  context: DatabaseContext,
): Promise<void> {
  const names = [rdbName, aofName, aofFolder ?? ''];
  const words = ['stage', folder, stamp, ...names, appendOnly ? 'aof' : 'rdb'];
  const told = await run(target, container, words, context, record.file);
  if (told.stdout.includes(`sha256 ${record.sha256}`)) return;
  throw new HomeportError(`The copy of ${record.file} beside the data differs from it. Nothing was changed.`, {
    hint: 'The disk of the database may be failing: look at `dmesg`.',
  });
}

/** Whole, or not at all: also when it was the last step that failed. */
async function swap(
  target: DatabaseTarget,
  container: InspectedContainer,
  folder: string,
  stamp: string,
  context: DatabaseContext,
): Promise<void> {
  try {
    await run(target, container, ['swap', folder, stamp], context);
  } catch (error) {
    if ((await recover(target, container, stamp, context).catch(() => null)) !== 'finished') throw error;
  }
}

async function recover(
  target: DatabaseTarget,
  container: InspectedContainer,
  stamp: string,
  context: DatabaseContext,
): Promise<RestoreEnd> {
  const folders = await foldersOf(target, container, stamp, context);
  if (folders.length === 0) return 'nothing';
  const { stdout } = await run(target, container, ['recover', '-', stamp, ...folders], context);
  const [, end] = /^end (finished|undone)$/m.exec(stdout) ?? [];
  return end === 'finished' || end === 'undone' ? end : 'nothing';
}

/** The server's own folder, found by what the restore left in it: a server that doesn't run can't be asked. */
async function foldersOf(
  target: DatabaseTarget,
  container: InspectedContainer,
  stamp: string,
  context: DatabaseContext,
): Promise<string[]> {
  const mounts = container.Mounts.filter(({ Type }) => Type === 'volume' || Type === 'bind');
  const places = mounts.map(({ Destination }) => Destination);
  if (places.length === 0) return [];
  const find = ['find', ...places, '-maxdepth', '4', '-name', `.homeport-*-${stamp}`, '-prune'];
  const volumes = ['--volumes-from', target.container];
  const { timeout, signal } = context;
  const told = await runBeside(target, container, find, { timeout, signal, volumes }, context);
  if (told.outcome !== 'success') throw explain(told, `What a restore left of ${target.service} could not be found`);
  const found = told.stdout.split('\n').filter((line) => line !== '');
  return [...new Set(found.map((path) => posix.dirname(path)))];
}

async function look(
  target: DatabaseTarget,
  container: InspectedContainer,
  stamp: string,
  context: DatabaseContext,
): Promise<'nothing' | 'something'> {
  return (await foldersOf(target, container, stamp, context)).length === 0 ? 'nothing' : 'something';
}

async function run(
  target: DatabaseTarget,
  container: InspectedContainer,
  words: readonly string[],
  context: DatabaseContext,
  input?: string,
): Promise<ExecResult> {
  const { timeout, signal } = context;
  const volumes = ['--volumes-from', target.container];
  const script = scriptWords(redisSwap, ...words);
  const terms = {
    env: script.env,
    timeout,
    signal,
    volumes,
    ...(input === undefined ? {} : { input: { file: input } }),
  };
  const told = await runBeside(target, container, script.words, terms, context);
  if (told.outcome !== 'success') throw explain(told, `The data of ${target.service} could not be replaced`);
  return told;
}

async function docker(words: readonly string[], what: string, context: DatabaseContext): Promise<void> {
  const result = await context.host.exec(['docker', ...words], { timeout: (longestSave + 60) * 1000, changes: true });
  if (result.outcome !== 'success') {
    throw explain(result, `The Redis server could not be ${what}`, 'Look at `docker ps --all`.');
  }
}
