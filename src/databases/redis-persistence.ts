import { HomeportError } from '../deployment/error.ts';
import { inspectContainers } from './containers.ts';
import type { DatabaseContext, DatabaseTarget } from './database.ts';
import { configOf, type RedisClient, redisClient } from './redis-client.ts';
import { redisSettings } from './redis-settings.ts';

/** Where and how a server keeps its data. */
export interface RedisPersistence {
  /** Its working folder, absolute inside the container. */
  readonly folder: string;
  /** Whether the folder outlives the container. */
  readonly lasting: boolean;
  readonly appendOnly: boolean;
  /** Whether it saves an RDB by itself. */
  readonly saves: boolean;
  readonly rdbName: string;
  readonly aofName: string;
  /** Of Redis 7 and later; older ones have none. */
  readonly aofFolder: string | null;
}

/** Throws `HomeportError`, also for a server that doesn't tell. */
export async function persistenceOf(client: RedisClient): Promise<RedisPersistence> {
  const { target, context } = client;
  const folder = await configOf(client, 'dir');
  if (!folder.startsWith('/')) {
    throw new HomeportError(`Redis of ${target.service} doesn't tell where its data is.`, {
      hint: 'Let Homeport use CONFIG GET: don’t rename it away, or name a user that may, by `user:` under `backup:`.',
    });
  }
  const [container] = await inspectContainers([target.container], context);
  const mounts = (container?.Mounts ?? []).filter(({ Type }) => Type === 'volume' || Type === 'bind');
  return {
    folder,
    lasting: mounts.some(({ Destination }) => `${folder}/`.startsWith(`${Destination.replace(/\/$/, '')}/`)),
    appendOnly: client.info.get('aof_enabled') === '1',
    saves: (await configOf(client, 'save')) !== '',
    rdbName: (await configOf(client, 'dbfilename')) || 'dump.rdb',
    aofName: (await configOf(client, 'appendfilename')) || 'appendonly.aof',
    aofFolder: (await configOf(client, 'appenddirname')) || null,
  };
}

/** See `DatabaseKind.nothingToLose`: a cache, which each restart or deployment empties. */
export async function nothingToLose(target: DatabaseTarget, context: DatabaseContext): Promise<string | null> {
  if ((await redisSettings(target, context)).sentinel) return 'it is a Sentinel, which has no keys';
  const client = await redisClient(target, context);
  // One that doesn't tell is backed up: that needs none of it.
  const persistence = await persistenceOf(client).catch(() => null);
  if (persistence === null) return null;
  if (!persistence.appendOnly && !persistence.saves) return 'it saves nothing to its disk (`save ""`, no AOF)';
  return persistence.lasting ? null : `its folder ${persistence.folder} is in no volume`;
}

/** Applications use the image for its client too. Where the container doesn't tell, it is taken for a server. */
export async function runsServer(target: DatabaseTarget, context: DatabaseContext): Promise<boolean> {
  const names = ['docker', 'exec', target.container, 'sh', '-c', 'cat /proc/[0-9]*/comm'] as const;
  const told = await context.host.exec(names, { timeout: 30_000, signal: context.signal, record: false });
  return !told.stdout.includes('\n') || /^(redis|valkey)-(server|sentinel)$/m.test(told.stdout);
}
