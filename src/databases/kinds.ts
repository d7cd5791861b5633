import type { BackupKind } from '../request/schema.ts';
import { command } from './command.ts';
import type { DatabaseKind } from './database.ts';
import { mariadb } from './mariadb.ts';
import { postgres } from './postgres.ts';
import { redis } from './redis.ts';
import { sqlite } from './sqlite.ts';
import { volume } from './volume.ts';

/** Every database engine that can be backed up, by the `kind` of `backup:`. */
export const databaseKinds: Readonly<Record<string, DatabaseKind>> = {
  postgres,
  mariadb,
  redis,
  sqlite,
  volume,
  command,
} satisfies Record<BackupKind, DatabaseKind>;
