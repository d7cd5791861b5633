import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type DurableEntry, entriesOf, fileRecord, folderRecord } from './durable-record.ts';

/** Takes all that is in the state folder now for durable: what an earlier deployment left had its time to be written. */
export function beginRecord(root: string, record: string): void {
  rmSync(record, { recursive: true, force: true });
  mkdirSync(record, { recursive: true });
  const visit = (folder: string): void => {
    const entries = entriesOf(folder);
    writeFileSync(join(record, folderRecord(statSync(folder).ino)), JSON.stringify(entries));
    for (const entry of entries) {
      if (entry.kind === 'folder') visit(join(folder, entry.name));
      if (entry.kind === 'file') copyFileSync(join(folder, entry.name), join(record, fileRecord(entry.inode)));
    }
  };
  visit(root);
}

/**
 * Makes of the state folder what its disk would hold after the power went: the names of each folder's last fsync, the
 * content of each file's last one, empty where there was none. `lose` decides for each thing that is not durable; a real
 * disk may have written any of it.
 */
export function losePower(root: string, record: string, lose: () => boolean): void {
  // Inodes are known by what is there now, so all is read before anything changes.
  const tree = readTree(root, statSync(root).ino, { record, lose });
  for (const { name } of entriesOf(root)) rmSync(join(root, name), { recursive: true, force: true });
  write(tree, root);
}

interface Loss {
  readonly record: string;
  readonly lose: () => boolean;
}

interface Node {
  readonly entry: DurableEntry;
  readonly mode: number;
  readonly content: Buffer | null;
  readonly children: readonly Node[];
}

/** `folder` is `null` for one that is gone, and comes back because its removal was not confirmed. */
function readTree(folder: string | null, inode: number, loss: Loss): Node[] {
  const now = folder === null ? [] : entriesOf(folder);
  const durable = readEntries(join(loss.record, folderRecord(inode)));
  const names = [...new Set([...now, ...durable].map(({ name }) => name))];
  const kept = names.flatMap((name) => {
    const present = now.find((one) => one.name === name);
    const old = durable.find((one) => one.name === name);
    if (present?.inode === old?.inode && present?.target === old?.target) return present ?? [];
    // A new name, a rename or a removal that no fsync of the folder has confirmed.
    return (folder === null || loss.lose() ? old : present) ?? [];
  });
  return kept.map((entry) => nodeOf(folder, entry, now, loss));
}

function nodeOf(folder: string | null, entry: DurableEntry, now: readonly DurableEntry[], loss: Loss): Node {
  // Under its own name, or under the one that an unconfirmed rename gave it.
  const here = entry.kind === 'link' ? undefined : now.find((one) => one.inode === entry.inode);
  const path = folder === null || here === undefined ? null : join(folder, here.name);
  const mode = path === null ? (entry.kind === 'folder' ? 0o700 : 0o600) : statSync(path).mode & 0o7777;
  if (entry.kind === 'folder') return { entry, mode, content: null, children: readTree(path, entry.inode, loss) };
  return { entry, mode, content: entry.kind === 'file' ? contentOf(path, entry, loss) : null, children: [] };
}

function contentOf(path: string | null, entry: DurableEntry, { record, lose }: Loss): Buffer {
  const saved = join(record, fileRecord(entry.inode));
  const durable = existsSync(saved) ? readFileSync(saved) : Buffer.alloc(0);
  if (path === null) return durable;
  const present = readFileSync(path);
  if (present.equals(durable) || !lose()) return present;
  // Of what was appended since, a part may have made it: a torn last line.
  const isAppended = present.length > durable.length && present.subarray(0, durable.length).equals(durable);
  if (isAppended && !lose()) return present.subarray(0, Math.floor((durable.length + present.length) / 2));
  return durable;
}

function readEntries(path: string): DurableEntry[] {
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as DurableEntry[]) : [];
}

function write(nodes: readonly Node[], folder: string): void {
  for (const { entry, mode, content, children } of nodes) {
    const path = join(folder, entry.name);
    if (entry.kind === 'link') symlinkSync(entry.target, path);
    else if (entry.kind === 'folder') {
      mkdirSync(path);
      write(children, path);
      chmodSync(path, mode);
    } else {
      writeFileSync(path, content ?? '');
      chmodSync(path, mode);
    }
  }
}
