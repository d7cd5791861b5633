import childProcess, { type ChildProcess } from 'node:child_process';
import { renameSync, writeFileSync } from 'node:fs';
import fs, { type FileHandle } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { DurableRecord } from './durable-record.ts';
import { JournalWatch } from './journal-watch.ts';
import { type StopSpec, stopVariable } from './stop-spec.ts';

/*
 * Loaded by `node --import` in front of Homeport's CLI or action: watches the journal go to the disk, stops the process at
 * the point that the harness named, and records what of the state folder has become durable. The harness continues the
 * process by SIGCONT, or kills it where it stands.
 */

const text = process.env[stopVariable];
delete process.env[stopVariable];
if (text !== undefined) watch(JSON.parse(text) as StopSpec);

function watch(spec: StopSpec): void {
  const record = spec.durable === null ? null : new DurableRecord(spec.durable);
  const journal = new JournalWatch(spec.stop, (what) => {
    writeFileSync(`${spec.reached}.new`, JSON.stringify(what));
    renameSync(`${spec.reached}.new`, spec.reached);
    // Nothing of this process goes on until somebody sends SIGCONT.
    process.kill(process.pid, 'SIGSTOP');
  });
  patchFiles(journal, record);
  if (record !== null) patchSpawn(record);
}

/** What other programs write is made durable by `sync`, itself or run by `find`. */
function patchSpawn(record: DurableRecord): void {
  const original = childProcess.spawn as (...args: unknown[]) => ChildProcess;
  const spawn = (...args: unknown[]): ChildProcess => {
    const child = original(...args);
    const words = Array.isArray(args[1]) ? args[1].map(String) : [];
    const isFind = args[0] === 'find' && words.includes('sync');
    if (args[0] !== 'sync' && !isFind) return child;
    const option = words.findIndex((word) => word.startsWith('-'));
    const paths = isFind ? words.slice(0, option) : words.filter((word) => !word.startsWith('-'));
    // Before anybody else hears of its end.
    child.once('exit', (code) => {
      if (code === 0) for (const path of paths) record.synced(path, isFind);
    });
    return child;
  };
  Object.assign(childProcess, { spawn });
  syncBuiltinESMExports();
}

type Prototype = Pick<FileHandle, 'sync' | 'datasync' | 'writeFile' | 'appendFile' | 'write'>;

/** The journal is known by its name; all handles share one prototype, which is patched when the first one is opened. */
function patchFiles(journal: JournalWatch, record: DurableRecord | null): void {
  const journals = new WeakSet<object>();
  let patched = false;
  const { open } = fs;
  fs.open = async (path, ...rest) => {
    const handle = await open(path, ...rest);
    if (!patched) patchHandles(Object.getPrototypeOf(handle) as Prototype, journals, journal, record);
    patched = true;
    if (String(path).endsWith('/journal.jsonl')) journals.add(handle);
    return handle;
  };
  syncBuiltinESMExports();
}

function patchHandles(
  prototype: Prototype,
  journals: WeakSet<object>,
  journal: JournalWatch,
  record: DurableRecord | null,
): void {
  for (const name of ['writeFile', 'appendFile', 'write'] as const) {
    const original = prototype[name] as (...args: unknown[]) => Promise<unknown>;
    const replacement = async function (this: FileHandle, ...args: unknown[]): Promise<unknown> {
      if (!journals.has(this)) return await original.apply(this, args);
      const lines = String(args[0]);
      journal.writing(lines);
      const result = await original.apply(this, args);
      journal.written(this, lines);
      return result;
    };
    Object.assign(prototype, { [name]: replacement });
  }
  for (const name of ['sync', 'datasync'] as const) {
    const original = prototype[name];
    prototype[name] = async function (this: FileHandle): Promise<void> {
      const synced = record?.syncing(this.fd);
      await original.call(this);
      synced?.();
      if (journals.has(this)) journal.synced(this);
    };
  }
}
