import type { Readable, Writable } from 'node:stream';

/** A host is only exec and files: nothing of ours is installed or left running on it. */
export interface Host {
  /** As people name it: `local`, later the name of a target. */
  readonly name: string;
  /**
   * Runs one command to its end. Never rejects for what the command does: a failure, a time-out, a cancellation
   * and a missing executable are all told by `outcome`.
   */
  exec(argv: readonly [string, ...string[]], options: ExecOptions): Promise<ExecResult>;
  readonly files: HostFiles;
}

export interface ExecOptions {
  readonly cwd?: string;
  /** Added to the host's own environment. Secrets travel here, never in argv. */
  readonly env?: Readonly<Record<string, string>>;
  /** Standard input: a text, a stream (a session that is spoken to), or a file of the host. Closed when absent. */
  readonly input?: string | Readable | InputFile;
  /** Where standard output goes byte by byte (a dump); `ExecResult.stdout` is empty then. */
  readonly output?: Writable;
  /** Milliseconds until the command and all its descendants are stopped. */
  readonly timeout: number;
  readonly signal?: AbortSignal;
  /** Sees each line of output as it comes, not redacted. */
  readonly onLine?: (line: string, stream: 'stdout' | 'stderr') => void;
  /**
   * The command changes containers, images, databases or the state folder: it inherits the project's lock, which so
   * can't be lost before it ends. Never for a user's tests: what they leave running would hold it.
   */
  readonly changes?: boolean;
  /** `false` for questions that change nothing and are asked often: kept out of the log and of the report. */
  readonly record?: boolean;
}

/** The command reads the file itself, so that a dump of any size takes no memory and no time of ours. */
export interface InputFile {
  readonly file: string;
}

export interface ExecResult {
  readonly outcome: 'success' | 'failed' | 'timeout' | 'cancelled' | 'not-found';
  /** `null` when the command did not end by itself. */
  readonly exitCode: number | null;
  /** As it came, for parsing; at most the first 64 MiB. Not redacted: never print it. */
  readonly stdout: string;
  readonly stderr: string;
  /** The last 4 KiB of both streams, redacted: fit for people. */
  readonly tail: string;
  /** The command as text for people, redacted. */
  readonly command: string;
  readonly startedAt: Date;
  readonly durationMs: number;
}

export interface FileFacts {
  readonly name: string;
  readonly kind: 'file' | 'folder' | 'link' | 'other';
  readonly bytes: number;
  readonly modifiedAt: Date;
}

/** A file that is written as `<path>.partial`, and gets its name only once its owner knows that it is good. */
export interface PartialFile {
  readonly path: string;
  /** `<path>.partial` */
  readonly partialPath: string;
  readonly stream: Writable;
  /** Ends the stream, fsyncs the file; gives what was written. Throws what the disk said (ENOSPC). */
  finish(): Promise<{ bytes: number; sha256: string }>;
  /** Renames to `path` and fsyncs the folder. Only after `finish`. */
  keep(): Promise<void>;
  /** Removes the partial file; safe at any time and twice. */
  discard(): Promise<void>;
}

export interface HostFiles {
  /** `null` when there is no such file. */
  readText(path: string): Promise<string | null>;
  /** Durable and atomic: a reader sees the old text or the new one, also after a power loss. */
  writeText(path: string, text: string, mode: number): Promise<void>;
  /** Durable: on the disk when this resolves. */
  appendText(path: string, text: string, mode: number): Promise<void>;
  createPartial(path: string, mode: number): Promise<PartialFile>;
  openRead(path: string): Readable;
  /** With its parents; an existing folder is left as it is. */
  makeFolder(path: string, mode: number): Promise<void>;
  /** Sorted by name; empty when there is no such folder. */
  list(path: string): Promise<FileFacts[]>;
  /** Follows links; `null` when there is nothing. */
  stat(path: string): Promise<FileFacts | null>;
  /** Of a file or a whole folder; nothing there is fine. */
  remove(path: string): Promise<void>;
  /** Durable. */
  rename(from: string, to: string): Promise<void>;
  /** Points the symbolic link `path` at `target` in one atomic step. */
  link(path: string, target: string): Promise<void>;
  /** What the symbolic link points at; `null` when there is none. */
  readLink(path: string): Promise<string | null>;
  /** Bytes that this process may still write on the file system of `path` (or of its nearest parent that exists). */
  freeBytes(path: string): Promise<number>;
}
