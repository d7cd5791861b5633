import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { describe, expect, it } from 'vitest';
import { LocalFiles } from '../../src/hosts/local-files.ts';
import { smallDisk, temporaryFolder } from './support.ts';

const files = new LocalFiles();
const asRoot = process.getuid?.() === 0;

function modeOf(path: string): string {
  return (statSync(path).mode & 0o777).toString(8);
}

/** A file system of 1 MiB, or where none can be mounted, a path that can't be written. */
const noSpace = (): { folder: string; code: RegExp } => {
  const disk = asRoot ? smallDisk() : null;
  return disk === null ? { folder: '/proc', code: /ENOENT|EACCES|EPERM/ } : { folder: disk, code: /ENOSPC/ };
};

describe('a text that is written', () => {
  it('is there whole, with its mode, and nothing beside it', async () => {
    const folder = temporaryFolder();
    await files.writeText(join(folder, 'a'), 'häuser\n', 0o600);
    expect(readFileSync(join(folder, 'a'), 'utf8')).toBe('häuser\n');
    expect(modeOf(join(folder, 'a'))).toBe('600');
    expect(readdirSync(folder)).toEqual(['a']);
  });

  it('takes the place of the one before, and of its mode', async () => {
    const path = join(temporaryFolder(), 'a');
    await files.writeText(path, 'old and longer', 0o644);
    await files.writeText(path, 'new', 0o600);
    expect([readFileSync(path, 'utf8'), modeOf(path)]).toEqual(['new', '600']);
  });

  it('is never seen half by somebody who reads meanwhile', async () => {
    const path = join(temporaryFolder(), 'a');
    const texts = ['a', 'b'].map((letter) => letter.repeat(200_000));
    await files.writeText(path, texts[0] ?? '', 0o600);
    let writing = true;
    const writer = (async () => {
      for (let round = 0; round < 20; round++) await files.writeText(path, texts[round % 2] ?? '', 0o600);
      writing = false;
    })();
    while (writing) expect(texts).toContain(await files.readText(path));
    await writer;
  });

  it('leaves the old one and nothing else where its folder can not be written or the name is taken', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'a'));
    await expect(files.writeText(join(folder, 'a'), 'x', 0o600)).rejects.toThrow(/EISDIR|ENOTEMPTY|EEXIST/);
    expect(readdirSync(folder)).toEqual(['a']);
  });

  it('leaves the old one and nothing else where the disk is full', async () => {
    const { folder, code } = noSpace();
    const path = join(folder, 'a');
    if (folder !== '/proc') await files.writeText(path, 'old', 0o600);
    await expect(files.writeText(path, 'x'.repeat(2 ** 21), 0o600)).rejects.toThrow(code);
    if (folder === '/proc') return;
    expect(readFileSync(path, 'utf8')).toBe('old');
    expect(readdirSync(folder)).toEqual(['a']);
  });

  it('can be appended to, and has its mode from the first time', async () => {
    const path = join(temporaryFolder(), 'log');
    await files.appendText(path, 'one\n', 0o600);
    await files.appendText(path, 'two\n', 0o600);
    expect([readFileSync(path, 'utf8'), modeOf(path)]).toEqual(['one\ntwo\n', '600']);
  });
});

describe('reading', () => {
  it('gives a text, and `null` where there is none', async () => {
    const path = join(temporaryFolder(), 'a');
    expect(await files.readText(path)).toBeNull();
    writeFileSync(path, 'x');
    expect(await files.readText(path)).toBe('x');
    expect(await files.readText(join(path, 'below'))).toBeNull();
    expect(await text(files.openRead(path))).toBe('x');
  });

  it('throws for what is no text: a folder', async () => {
    await expect(files.readText(temporaryFolder())).rejects.toThrow('EISDIR');
  });
});

describe('a partial file', () => {
  it('gets its name only when it is kept', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'dump');
    const partial = await files.createPartial(path, 0o600);
    await pipeline(Readable.from([Buffer.from('one'), Buffer.from('two')]), partial.stream, { end: false });
    expect(await partial.finish()).toEqual({ bytes: 6, sha256: createHash('sha256').update('onetwo').digest('hex') });
    expect(readdirSync(folder)).toEqual(['dump.partial']);
    expect(partial.partialPath).toBe(`${path}.partial`);
    await partial.keep();
    expect(readdirSync(folder)).toEqual(['dump']);
    expect([readFileSync(path, 'utf8'), modeOf(path)]).toEqual(['onetwo', '600']);
  });

  it('that is discarded leaves nothing, at any time and twice', async () => {
    const folder = temporaryFolder();
    const fresh = await files.createPartial(join(folder, 'fresh'), 0o600);
    const written = await files.createPartial(join(folder, 'written'), 0o600);
    written.stream.write('half');
    const finished = await files.createPartial(join(folder, 'finished'), 0o600);
    await finished.finish();
    for (const partial of [fresh, written, finished]) {
      await partial.discard();
      await partial.discard();
    }
    expect(readdirSync(folder)).toEqual([]);
  });

  it('that was kept survives a discard behind it', async () => {
    const folder = temporaryFolder();
    const partial = await files.createPartial(join(folder, 'dump'), 0o600);
    await partial.finish();
    await partial.keep();
    await partial.discard();
    expect(readdirSync(folder)).toEqual(['dump']);
  });

  it('tells its end once, however often it is asked', async () => {
    const partial = await files.createPartial(join(temporaryFolder(), 'dump'), 0o600);
    partial.stream.write('x');
    expect(await partial.finish()).toEqual(await partial.finish());
    await partial.discard();
  });

  it('closes nobody else’s file when it is discarded in the middle of a write', async () => {
    const folder = temporaryFolder();
    const chunk = Buffer.alloc(2 ** 20);
    for (let round = 0; round < 60; round++) {
      const partial = await files.createPartial(join(folder, 'dump'), 0o600);
      partial.stream.on('error', () => {});
      partial.stream.write(chunk);
      const discarding = partial.discard();
      const others = Array.from({ length: 8 }, async (_, at) => {
        const file = await open(join(folder, `other-${at}`), 'w');
        await file.writeFile('theirs');
        await file.sync();
        await file.close();
      });
      await Promise.all([discarding, ...others]);
    }
  });

  it('shows a full disk to who writes and to who finishes, and can be discarded', async () => {
    const { folder, code } = noSpace();
    if (folder === '/proc') return await expect(files.createPartial('/proc/x', 0o600)).rejects.toThrow(code);
    const partial = await files.createPartial(join(folder, 'dump'), 0o600);
    const more = (length: number) => Readable.from(Array.from({ length }, () => Buffer.alloc(2 ** 19)));
    await expect(pipeline(more(20), partial.stream, { end: false })).rejects.toThrow(code);
    await expect(partial.finish()).rejects.toThrow(code);
    await partial.discard();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('tells a full disk at its end, when who wrote has gone', async () => {
    const { folder, code } = noSpace();
    if (folder === '/proc') return;
    const partial = await files.createPartial(join(folder, 'dump'), 0o600);
    // Once the error was told to the writer, nobody listens.
    await new Promise((resolve) => partial.stream.write(Buffer.alloc(2 ** 21), resolve));
    await new Promise(setImmediate);
    await expect(partial.finish()).rejects.toThrow(code);
    await partial.discard();
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe('folders and names', () => {
  it('are made with their parents, and left as they are when they exist', async () => {
    const folder = join(temporaryFolder(), 'a', 'b');
    await files.makeFolder(folder, 0o700);
    expect([modeOf(folder), modeOf(dirname(folder))]).toEqual(['700', '700']);
    chmodSync(folder, 0o755);
    await files.makeFolder(folder, 0o700);
    expect(modeOf(folder)).toBe('755');
  });

  it('are listed by name with what they are; a folder that is not there is empty', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'file'), 'four');
    mkdirSync(join(folder, 'Folder'));
    symlinkSync('file', join(folder, 'link'));
    symlinkSync('nowhere', join(folder, 'dangling'));
    const listed = await files.list(folder);
    expect(listed.map(({ name, kind }) => [name, kind])).toEqual([
      ['Folder', 'folder'],
      ['dangling', 'link'],
      ['file', 'file'],
      ['link', 'link'],
    ]);
    expect(listed[2]).toMatchObject({ bytes: 4, modifiedAt: statSync(join(folder, 'file')).mtime });
    expect(await files.list(join(folder, 'gone'))).toEqual([]);
  });

  it('tell what they are, behind links too', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'file'), 'four');
    symlinkSync('file', join(folder, 'link'));
    symlinkSync('nowhere', join(folder, 'dangling'));
    expect(await files.stat(join(folder, 'link'))).toMatchObject({ kind: 'file', bytes: 4 });
    expect(await files.stat(folder)).toMatchObject({ kind: 'folder' });
    expect(await files.stat('/dev/null')).toMatchObject({ kind: 'other' });
    expect(await files.stat(join(folder, 'dangling'))).toBeNull();
    expect(await files.stat(join(folder, 'file', 'below'))).toBeNull();
  });

  it('are removed, whole folders too; nothing there is fine', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'a', 'b'), { recursive: true });
    await files.remove(join(folder, 'a'));
    await files.remove(join(folder, 'a'));
    expect(readdirSync(folder)).toEqual([]);
  });

  it('are renamed', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'old'), 'x');
    await files.rename(join(folder, 'old'), join(folder, 'new'));
    expect(readdirSync(folder)).toEqual(['new']);
  });
});

describe('a symbolic link', () => {
  it('is set, moved in one step and read', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'current');
    expect(await files.readLink(path)).toBeNull();
    await files.link(path, 'releases/1');
    await files.link(path, 'releases/2');
    expect(await files.readLink(path)).toBe('releases/2');
    expect(readdirSync(folder)).toEqual([basename(path)]);
  });

  it('leaves nothing beside it when its name is taken by a folder', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'current'));
    await expect(files.link(join(folder, 'current'), 'x')).rejects.toThrow(/EISDIR|EEXIST|ENOTEMPTY/);
    expect(readdirSync(folder)).toEqual(['current']);
  });

  it('is not what a file is', async () => {
    const path = join(temporaryFolder(), 'file');
    writeFileSync(path, 'x');
    expect(await files.readLink(path)).toBeNull();
  });
});

describe('free space', () => {
  it('is that of the file system, also for what is still to be made', async () => {
    const disk = asRoot ? smallDisk() : null;
    const folder = disk ?? temporaryFolder();
    const free = await files.freeBytes(folder);
    expect(free).toBeGreaterThan(0);
    if (disk === null) return;
    expect(free).toBeLessThanOrEqual(2 ** 20);
    expect(await files.freeBytes(join(disk, 'to', 'come'))).toBe(free);
    writeFileSync(join(disk, 'some'), Buffer.alloc(2 ** 19));
    expect(await files.freeBytes(disk)).toBeLessThanOrEqual(free - 2 ** 19);
  });
});
