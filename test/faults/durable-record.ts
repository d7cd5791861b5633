import {
  closeSync,
  copyFileSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

/** What a folder held when it was last synced. */
export interface DurableEntry {
  readonly name: string;
  readonly kind: 'file' | 'folder' | 'link';
  readonly inode: number;
  /** Of a link: where it points. */
  readonly target: string;
}

/**
 * Keeps, outside of the state folder, what of it would be there after a power loss: of a file its content at its last
 * fsync, of a folder its names at its last fsync. It is itself only files, named by inode, so that it outlives the
 * process. What no fsync has reached is as POSIX promises it: not there.
 */
export class DurableRecord {
  readonly #record: string;
  readonly #device: number;
  readonly #latest = new Map<number, number>();
  #count = 0;

  constructor(options: { record: string; root: string }) {
    this.#record = options.record;
    mkdirSync(this.#record, { recursive: true });
    this.#device = statSync(options.root).dev;
  }

  /**
   * Call before the fsync of the descriptor, and the function that it gives after it: what was there before counts, not
   * what another writer added meanwhile.
   */
  syncing(descriptor: number): () => void {
    const facts = fstatSync(descriptor);
    if (facts.dev !== this.#device) return () => {};
    this.#count += 1;
    const turn = this.#count;
    const path = `/proc/self/fd/${descriptor}`;
    const draft = join(this.#record, `draft-${turn}`);
    if (facts.isDirectory()) writeFileSync(draft, JSON.stringify(entriesOf(path)));
    else copyFileSync(path, draft);
    return () => {
      if ((this.#latest.get(facts.ino) ?? 0) > turn) return;
      this.#latest.set(facts.ino, turn);
      renameSync(draft, join(this.#record, facts.isDirectory() ? folderRecord(facts.ino) : fileRecord(facts.ino)));
    };
  }

  /** Another process has synced this file or folder, and with `deep` everything below it. */
  synced(path: string, deep: boolean): void {
    const descriptor = openSync(path, 'r');
    try {
      this.syncing(descriptor)();
    } finally {
      closeSync(descriptor);
    }
    if (!deep || !statSync(path).isDirectory()) return;
    for (const { name, kind } of entriesOf(path)) if (kind !== 'link') this.synced(join(path, name), true);
  }
}

export function fileRecord(inode: number): string {
  return `file-${inode}`;
}

export function folderRecord(inode: number): string {
  return `folder-${inode}`;
}

export function entriesOf(folder: string): DurableEntry[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry): DurableEntry[] => {
    const path = join(folder, entry.name);
    if (entry.isSymbolicLink()) return [{ name: entry.name, kind: 'link', inode: 0, target: readlinkSync(path) }];
    const facts = statSync(path, { throwIfNoEntry: false });
    if (facts === undefined) return [];
    return [{ name: entry.name, kind: facts.isDirectory() ? 'folder' : 'file', inode: facts.ino, target: '' }];
  });
}
