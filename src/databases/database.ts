import type { Host } from '../hosts/host.ts';

/** Where a database of the project is, as the Compose model and `backup:` tell. */
export interface DatabaseTarget {
  readonly kind: string;
  readonly service: string;
  /** The running container of the service. */
  readonly container: string;
  /** The image that the container runs, by ID. */
  readonly imageId: string;
  readonly database: string;
  /** The user for the server's own client; absent for kinds that have none. */
  readonly user?: string;
  /** SQLite: path of the file inside the container. Of a volume: path of the folder. */
  readonly path?: string;
  /** Of a volume: how the containers that use it stand still while it is read. */
  readonly while?: 'paused' | 'stopped';
  /** Of the kind `command`. */
  readonly commands?: DatabaseCommands;
}

/** A user's own, each for `sh -c` in the service's container. */
export interface DatabaseCommands {
  /** Writes the dump to its standard output. */
  readonly dump: string;
  /** Replaces the data by the dump that it reads. */
  readonly restore: string;
  /** Reads a dump and fails unless it is whole; may print `name count` lines. */
  readonly check: string;
}

export type Verification = 'restore' | 'read' | 'none';

/** By what a schema is known again. */
export interface DatabaseSchema {
  /** sha256 of what the catalog says about tables, columns, types, defaults, constraints and indexes. */
  readonly digest: string;
  /** In whose words that is, such as `postgres 15`: another one may say the same in other words. */
  readonly dialect: string;
  /** How far the migration tool of the application is, by its own table; `null` where no known tool has one. */
  readonly version: string | null;
}

/** What is kept in the `.json` beside each backup file. */
export interface BackupRecord {
  readonly schema: 1;
  readonly project: string;
  readonly service: string;
  readonly kind: string;
  readonly database: string;
  /** Absolute path on the host. */
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
  /** How it was proven good; `none` only when that was asked for, `read` also where the user may not create databases. */
  readonly verified: Verification;
  /**
   * Row counts by table (`schema.table` in PostgreSQL), taken in the dump's own snapshot. MariaDB: in what the dump wrote,
   * where no moment could be shared, and for tables whose engine has no snapshots.
   */
  readonly rows: Readonly<Record<string, number>>;
  /** Taken in the dump's own snapshot too (MariaDB: as the dump began); absent in the records of Homeport 0.1.0. */
  readonly databaseSchema?: DatabaseSchema;
  /** PostgreSQL: the file with the roles, beside the dump. */
  readonly roles?: string;
  /** Of an encrypted backup: to whom, and what its plain files were. */
  readonly encryption?: {
    readonly recipients: readonly string[];
    readonly plain: { readonly bytes: number; readonly sha256: string };
    readonly plainRoles?: { readonly bytes: number; readonly sha256: string };
  };
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly release: string | null;
  readonly durationSeconds: number;
}

export interface DatabaseContext {
  readonly host: Host;
  readonly signal: AbortSignal;
  /** Milliseconds for each command. */
  readonly timeout: number;
  readonly say: (line: string) => void;
}

export interface BackupOptions {
  readonly project: string;
  readonly release: string | null;
  /** The folder `backups/`; exists. */
  readonly folder: string;
  readonly verify: Verification;
  /** Moment that goes into the name, UTC. */
  readonly at: Date;
}

/** One database engine. */
export interface DatabaseKind {
  readonly kind: string;
  /** Its service does nothing but serve it: no writer, and on while the writers are stopped. */
  readonly isServer: boolean;
  /** A restore works on the data itself, and what was there before is kept as a backup. */
  readonly restoresInPlace?: true;
  /** What `BackupRecord.rows` counts, for people: `12 rows in 3 tables`. */
  counted(rows: BackupRecord['rows']): string;
  /**
   * Dumps into `<service>-<database>-<UTC>.<ext>`: `.partial`, fsync, verify as asked, rename, fsync of the folder,
   * then the `.json`. Leaves nothing behind when it fails. Throws `HomeportError`.
   */
  backup(target: DatabaseTarget, options: BackupOptions, context: DatabaseContext): Promise<BackupRecord>;
  /**
   * Whether the container only runs the server's image for the client in it: `auto` takes it for what it is then, a service
   * that writes into a database elsewhere.
   */
  isClientAlone?(target: DatabaseTarget, context: DatabaseContext): Promise<boolean>;
  /**
   * Why a restart or a deployment loses the data of this server anyway, for people: `auto` leaves it out then. `null` where
   * it is kept. Throws `HomeportError`.
   */
  nothingToLose?(target: DatabaseTarget, context: DatabaseContext): Promise<string | null>;
  /**
   * After a backup that was killed at any moment, once what Homeport left running on the host was stopped: ends what
   * still runs of it in containers and on the server, whichever run it is of, drops its scratch databases, and removes
   * from `folder` what has no record. Under the project's lock, and never beside other work on the same server. Again
   * and again is fine. Throws `HomeportError` when something could not be removed.
   */
  forget(target: DatabaseTarget, folder: string, context: DatabaseContext): Promise<void>;
  /**
   * For a kind that has containers stand still while it backs up: after one that was killed they go on. Again and again is
   * fine. Throws `HomeportError`.
   */
  letGo?(target: DatabaseTarget, folder: string, context: DatabaseContext): Promise<void>;
  /**
   * Restores into a new database, verifies it by rows and schema, then swaps by rename (MariaDB: of tables, as no server of
   * that family can rename a database) and keeps the old one. `stamp`
   * (of `utcStamp`) makes the names of both; it is in the journal before, for `recoverRestore`.
   * Throws `HomeportError`; until the swap nothing that anybody uses has changed.
   */
  restore(
    target: DatabaseTarget,
    record: BackupRecord,
    stamp: string,
    context: DatabaseContext,
  ): Promise<RestoreResult>;
  /**
   * After a restore with that stamp which was killed at any moment, before anything writes again: one whole database is
   * left, the restored one or the one before. SQLite: containers that the restore had stopped stay stopped.
   * `folder` is where the backup file is, for kinds that keep what they replace beside it.
   * Throws `HomeportError` when it can't be brought to an end; it can be tried again then.
   */
  recoverRestore(target: DatabaseTarget, stamp: string, context: DatabaseContext, folder?: string): Promise<RestoreEnd>;
  /**
   * Ends every session of the server whose client has one of these IP addresses, waits until they are gone, and gives
   * their number. Others' sessions show only to a superuser or a member of `pg_read_all_stats` (MariaDB: with the privilege
   * PROCESS). Throws `HomeportError`.
   * SQLite has none: there is no server, and a file's lock goes with the process that held it.
   */
  endSessions?(target: DatabaseTarget, addresses: readonly string[], context: DatabaseContext): Promise<number>;
  /**
   * The names of the other databases of the same server that hold something of people's: `mine` are those that this user
   * may dump whole. Absent where a service has only one. Throws `HomeportError`.
   */
  others?(
    target: DatabaseTarget,
    context: DatabaseContext,
  ): Promise<{ readonly mine: readonly string[]; readonly foreign: readonly string[] }>;
  /** A real query through the service's own client. Throws `HomeportError` with what the client said. */
  query(target: DatabaseTarget, context: DatabaseContext): Promise<void>;
  /** Bytes that the database takes now: the estimate for the disk check. */
  size(target: DatabaseTarget, context: DatabaseContext): Promise<number>;
}

/**
 * `finished`: the restored database is in its place. `undone`: everything is as before the restore. `nothing`: no trace of
 * that restore, which was never begun or was undone already; also after one of SQLite or MariaDB that came to its very end
 * where there was no database before.
 */
export type RestoreEnd = 'finished' | 'undone' | 'nothing';

export interface RestoreResult {
  /** The name or path under which the replaced database is kept; `null` when there was none to replace. */
  readonly kept: string | null;
  /** The command that a person runs to remove it. */
  readonly removeCommand: string | null;
  readonly rows: Readonly<Record<string, number>>;
  /** See `DatabaseSchema.version`: seen in the restored database, and the same as in the record. */
  readonly schemaVersion: string | null;
}
