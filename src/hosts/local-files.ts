import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, type Dirent } from 'node:fs';
import {
  type FileHandle,
  lstat,
  mkdir,
  open,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  stat,
  statfs,
  symlink,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Readable, Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import type { FileFacts, HostFiles, PartialFile } from './host.ts';

export class LocalFiles implements HostFiles {
  async readText(path: string): Promise<string | null> {
    return await orNull(readFile(path, 'utf8'));
  }

  async writeText(path: string, text: string, mode: number): Promise<void> {
    const temporary = `${path}.${randomBytes(4).toString('hex')}.tmp`;
    try {
      await withFile(temporary, 'wx', mode, async (file) => {
        await file.writeFile(text);
        await file.sync();
      });
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
    await syncFolder(dirname(path));
  }

  async appendText(path: string, text: string, mode: number): Promise<void> {
    const isNew = (await orNull(stat(path))) === null;
    await withFile(path, 'a', mode, async (file) => {
      await file.writeFile(text);
      await file.sync();
    });
    // The file may be on the disk, and its name not.
    if (isNew) await syncFolder(dirname(path));
  }

  async createPartial(path: string, mode: number): Promise<PartialFile> {
    const partialPath = `${path}.partial`;
    const file = await open(partialPath, 'wx', mode);
    const hash = createHash('sha256');
    let bytes = 0;
    let finishing: Promise<{ bytes: number; sha256: string }> | null = null;
    // On the handle itself: it has one owner, who closes it once, and not before a write under way has ended.
    const stream = new Writable({
      write(chunk: Buffer, _encoding, done) {
        bytes += chunk.length;
        hash.update(chunk);
        file.writeFile(chunk).then(() => done(), done);
      },
    });
    // A full disk may show when nobody listens any more; `finish` tells it.
    stream.on('error', () => {});
    const finish = async () => {
      stream.end();
      await finished(stream);
      await file.sync();
      await file.close();
      return { bytes, sha256: hash.digest('hex') };
    };
    return {
      path,
      partialPath,
      stream,
      finish: () => {
        finishing ??= finish();
        return finishing;
      },
      keep: async () => {
        await rename(partialPath, path);
        await syncFolder(dirname(path));
      },
      discard: async () => {
        stream.destroy();
        await file.close().catch(() => {});
        await rm(partialPath, { force: true });
      },
    };
  }

  openRead(path: string): Readable {
    return createReadStream(path, { highWaterMark: 1 << 18 });
  }

  async makeFolder(path: string, mode: number): Promise<void> {
    await makeFolders(path, mode);
  }

  async list(path: string): Promise<FileFacts[]> {
    const entries = (await orNull(readdir(path, { withFileTypes: true }))) ?? [];
    const facts: FileFacts[] = [];
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const seen = await orNull(stat(join(path, entry.name)));
      facts.push({
        name: entry.name,
        kind: kindOf(entry),
        bytes: seen?.size ?? 0,
        modifiedAt: seen?.mtime ?? new Date(0),
      });
    }
    return facts;
  }

  async stat(path: string): Promise<FileFacts | null> {
    const seen = await orNull(stat(path));
    if (seen === null) return null;
    const kind = seen.isFile() ? 'file' : seen.isDirectory() ? 'folder' : 'other';
    return { name: path, kind, bytes: seen.size, modifiedAt: seen.mtime };
  }

  async remove(path: string): Promise<void> {
    if ((await orNull(lstat(path))) === null) return;
    await rm(path, { recursive: true, force: true });
    await syncFolder(dirname(path));
  }

  async rename(from: string, to: string): Promise<void> {
    await rename(from, to);
    await syncFolder(dirname(to));
  }

  async link(path: string, target: string): Promise<void> {
    const temporary = `${path}.${randomBytes(4).toString('hex')}.tmp`;
    try {
      await symlink(target, temporary);
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
    await syncFolder(dirname(path));
  }

  async readLink(path: string): Promise<string | null> {
    return await orNull(readlink(path));
  }

  async freeBytes(path: string): Promise<number> {
    for (let place = path; ; place = dirname(place)) {
      const facts = await orNull(statfs(place));
      if (facts !== null) return facts.bavail * facts.bsize;
      if (place === dirname(place)) throw new Error(`no file system found for ${path}`);
    }
  }
}

function kindOf(entry: Dirent): FileFacts['kind'] {
  if (entry.isFile()) return 'file';
  if (entry.isDirectory()) return 'folder';
  return entry.isSymbolicLink() ? 'link' : 'other';
}

async function orNull<T>(promise: Promise<T>): Promise<T | null> {
  try {
    return await promise;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    // EINVAL: readlink of what is no link.
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EINVAL') return null;
    throw error;
  }
}

async function withFile(path: string, flags: string, mode: number, use: (file: FileHandle) => Promise<void>) {
  const file = await open(path, flags, mode);
  try {
    await use(file);
  } finally {
    await file.close();
  }
}

/** Node's own `recursive` never ends in a folder where nothing can be made, such as `/proc`. */
async function makeFolders(path: string, mode: number): Promise<void> {
  if ((await orNull(stat(path)))?.isDirectory()) return;
  const parent = dirname(path);
  if (parent !== path) await makeFolders(parent, mode);
  try {
    await mkdir(path, { mode });
    await syncFolder(parent);
  } catch (error) {
    // Somebody else made it in between.
    if (!(await orNull(stat(path)))?.isDirectory()) throw error;
  }
}

/** A rename is only durable once the folder is on the disk. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
