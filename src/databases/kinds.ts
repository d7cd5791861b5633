import type { BackupKind } from '../request/schema.ts';
import { command } from './command.ts';
import type { DatabaseKind } from './database.ts';
import { postgres } from './postgres.ts';
import { sqlite } from './sqlite.ts';

/** Every database engine that can be backed up, by the `kind` of `backup:`. */
export const databaseKinds: Readonly<Record<string, DatabaseKind>> = {
  postgres,
  sqlite,
  command,
} satisfies Record<BackupKind, DatabaseKind>;
