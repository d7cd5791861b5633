import { HomeportError } from '../deployment/error.ts';
import type { PartialFile } from '../hosts/host.ts';
import { formatSize } from '../request/units.ts';
import { forgetFiles, newBackupPath } from './backup-names.ts';
import { inspectContainers } from './containers.ts';
import type { BackupOptions, BackupRecord, DatabaseContext, DatabaseKind, DatabaseTarget } from './database.ts';
import { explain, explainFullDisk } from './explain.ts';
import { removeHelpers } from './helper-container.ts';
import { anyRun, stopProcesses } from './marked-processes.ts';
import { recordBackup, recordPath } from './record.ts';
import { ask, type RedisClient, redisClient, runClient } from './redis-client.ts';
import { nothingToLose, runsServer } from './redis-persistence.ts';
import { type KeyCounts, readRdb } from './redis-rdb.ts';
import { RdbWriter } from './redis-rdb-writer.ts';
import { recoverRedisRestore, restoreRedis } from './redis-restore.ts';
import { compareKeys, loadIntoScratch } from './redis-scratch.ts';

/** Redis and Valkey, by the stream that a replica gets: one moment of all logical databases, also with AOF on. */
export const redis: DatabaseKind = {
  kind: 'redis',
  isServer: true,
  counted: keysInDatabases,
  backup,
  isClientAlone: async (target, context) => !(await runsServer(target, context)),
  nothingToLose,
  forget: async (target, folder, context) => {
    for (const one of await inspectContainers([target.container], context)) {
      await removeHelpers('redis', one, context);
      if (one.State.Running) await stopClients(target, context);
    }
    await forgetFiles(context.host, folder, target);
  },
  restore: restoreRedis,
  recoverRestore: recoverRedisRestore,
  query: async (target, context) => {
    const client = await redisClient(target, context);
    const what = `Redis of ${target.service} did not answer`;
    const [keys = ''] = await ask(client, ['DBSIZE'], what);
    if (!/^\d+$/.test(keys)) throw new HomeportError(`${what} a query: ${keys}`, { hint: 'Look at its log.' });
  },
  size: async (target, context) => {
    const { info } = await redisClient(target, context);
    return Number(info.get('used_memory_dataset') ?? info.get('used_memory') ?? 0);
  },
};

/** `12 keys in 2 databases` */
function keysInDatabases(rows: Readonly<KeyCounts>): string {
  const sum = Object.values(rows).reduce((total, count) => total + count, 0);
  const databases = Object.keys(rows).length;
  return `${sum} keys in ${databases} ${databases === 1 ? 'database' : 'databases'}`;
}

async function backup(target: DatabaseTarget, options: BackupOptions, context: DatabaseContext): Promise<BackupRecord> {
  const begin = performance.now();
  const { host } = context;
  const client = await redisClient(target, context);
  const file = `${await newBackupPath(host, options.folder, { ...target, at: options.at })}.rdb`;
  let partial: PartialFile | null = null;
  try {
    context.say(`${target.service}: dumping all keys, which take ${formatSize(usedMemory(client))} of memory`);
    partial = await host.files.createPartial(file, 0o600);
    const written = await dump(client, partial);
    const rows = await readRdb(host.files.openRead(partial.partialPath));
    context.say(`${target.service}: ${keysInDatabases(rows)}, ${formatSize(written.bytes)}`);
    if (options.verify === 'restore') {
      compareKeys(rows, await loadIntoScratch(target, partial.partialPath, context), 'in a scratch server');
      context.say(`${target.service}: loaded once into a scratch server, all keys are there`);
    }
    await partial.keep();
    const found = { kind: 'redis', file, ...written, verified: options.verify, rows } as const;
    return await recordBackup(host, target, options, found, begin);
  } catch (error) {
    await partial?.discard();
    for (const path of [file, recordPath(file)]) await host.files.remove(path).catch(() => {});
    await stopProcesses(target, client.marker, { ...context, signal: new AbortController().signal }).catch(() => {});
    throw explainFullDisk(error, options.folder);
  }
}

async function dump(client: RedisClient, partial: PartialFile): Promise<{ bytes: number; sha256: string }> {
  const writer = new RdbWriter(partial.stream);
  const result = await runClient(client, ['--rdb', '-'], { output: writer.stream, changes: true });
  if (result.outcome !== 'success') {
    throw explain(
      result,
      `Redis of ${client.target.service} could not be dumped`,
      'Look at the log of the service; a user of its own needs the commands SYNC, PSYNC and REPLCONF.',
    );
  }
  await writer.finish();
  return await partial.finish();
}

function usedMemory({ info }: RedisClient): number {
  return Number(info.get('used_memory') ?? 0);
}

/** A client in the container whose `docker exec` went away may wait for its reader for ever. Throws `HomeportError`. */
async function stopClients(target: DatabaseTarget, context: DatabaseContext): Promise<void> {
  const stopped = await stopProcesses(target, anyRun, context);
  if (stopped.outcome === 'success') return;
  throw explain(stopped, `What a backup left running in ${target.service} could not be stopped`);
}
