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
  /** SQLite: path of the file inside the container. */
  readonly path?: string;
}

export type Verification = 'restore' | 'read' | 'none';

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
  /** How it was proven good; `none` only when that was asked for. */
  readonly verified: Verification;
  /** Row counts by table (`schema.table` in PostgreSQL), taken in the dump's own snapshot. */
  readonly rows: Readonly<Record<string, number>>;
  /** PostgreSQL: the file with the roles, beside the dump. */
  readonly roles?: string;
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
  /**
   * Dumps into `<service>-<database>-<UTC>.<ext>`: `.partial`, fsync, verify as asked, rename, fsync of the folder,
   * then the `.json`. Leaves nothing behind when it fails. Throws `HomeportError`.
   */
  backup(target: DatabaseTarget, options: BackupOptions, context: DatabaseContext): Promise<BackupRecord>;
  /**
   * Restores into a new database, verifies it by a query, then swaps by rename and keeps the old one.
   * Throws `HomeportError`; until the swap nothing that anybody uses has changed.
   */
  restore(target: DatabaseTarget, record: BackupRecord, context: DatabaseContext): Promise<RestoreResult>;
  /** A real query through the service's own client. Throws `HomeportError` with what the client said. */
  query(target: DatabaseTarget, context: DatabaseContext): Promise<void>;
  /** Bytes that the database takes now: the estimate for the disk check. */
  size(target: DatabaseTarget, context: DatabaseContext): Promise<number>;
}

export interface RestoreResult {
  /** The name or path under which the replaced database is kept; `null` when there was none to replace. */
  readonly kept: string | null;
  /** The command that a person runs to remove it. */
  readonly removeCommand: string | null;
  readonly rows: Readonly<Record<string, number>>;
}
