import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { Crc64 } from '../../src/databases/crc64.ts';
import { readRdb } from '../../src/databases/redis-rdb.ts';
import { RdbWriter } from '../../src/databases/redis-rdb-writer.ts';

/** With the checksum of all before it, as Redis ends a file. */
function ended(...parts: readonly (string | readonly number[])[]): Buffer {
  const body = Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from(part))));
  const sum = new Crc64();
  sum.update(body);
  return Buffer.concat([body, sum.digest()]);
}

const text = (word: string) => [word.length, ...Buffer.from(word)];

/** A key of each form in two databases; lengths in each of their packings. */
const file = ended(
  'REDIS0010',
  [0xfa, ...text('redis-ver'), ...text('7.0.15'), 0xfa, ...text('bits'), 0xc0, 64],
  [0xf5, ...text('a function')],
  [0xfe, 0, 0xfb, 6, 1],
  [0, ...text('k'), 0x40, 100, ...Buffer.alloc(100, 'x')],
  [0, ...text('long'), 0x80, 0, 0, 1, 0, ...Buffer.alloc(256, 'y')],
  [0xfc, ...Buffer.alloc(8, 1), 0, ...text('ends'), 0xc1, 1, 2],
  [0xf9, 7, 0, ...text('packed'), 0xc3, 3, 9, 1, 2, 3],
  [5, ...text('zset'), 2, ...text('a'), ...Buffer.alloc(8), ...text('b'), ...Buffer.alloc(8)],
  [18, ...text('list'), 1, 2, ...text('listpack')],
  [0xfe, 12, 4, ...text('hash'), 1, ...text('f'), ...text('v')],
  [7, ...text('module'), 0x81, ...Buffer.alloc(8, 9), 2, 5, 5, ...text('s'), 4, ...Buffer.alloc(8), 3, 0, 0, 0, 0, 0],
  [0xff],
);

async function* inPieces(bytes: Buffer, length: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
}

describe('an RDB file', () => {
  it('has the checksum of Redis', () => {
    const sum = new Crc64();
    sum.update(Buffer.from('123456789'));
    // The check value in Redis' own `crc64.c`.
    expect(sum.digest().readBigUInt64LE().toString(16)).toBe('e9c6d914c4b8d9ca');
  });

  it.each([1, 7, 64, 5000])('is counted by database, in pieces of %i bytes', async (length) => {
    expect(await readRdb(inPieces(file, length))).toEqual({ db0: 6, db12: 2 });
  });

  it('without a checksum is read all the same', async () => {
    const without = Buffer.concat([file.subarray(0, -8), Buffer.alloc(8)]);
    expect(await readRdb(inPieces(without, 100))).toEqual({ db0: 6, db12: 2 });
  });

  it('cut off anywhere is damaged', async () => {
    for (let length = 0; length < file.length; length += 1) {
      await expect(readRdb(inPieces(file.subarray(0, length), 50))).rejects.toThrow(/damaged/);
    }
  });

  it('with any other byte is damaged', async () => {
    for (let at = 0; at < file.length; at += 1) {
      const changed = Buffer.from(file);
      changed[at] = (changed[at] ?? 0) ^ 0x10;
      await expect(readRdb(inPieces(changed, 50))).rejects.toThrow(/damaged/);
    }
  });

  it('with something after its end is damaged', async () => {
    await expect(readRdb(inPieces(Buffer.concat([file, Buffer.from('x')]), 5000))).rejects.toThrow(/follows its end/);
  });
});

describe('what a server streams', () => {
  const mark = Buffer.alloc(40, 'e');

  async function written(bytes: Buffer, length: number): Promise<Buffer> {
    const chunks: Buffer[] = [];
    const output = new Writable({
      write(chunk: Buffer, _encoding, done) {
        chunks.push(Buffer.from(chunk));
        done();
      },
    });
    const writer = new RdbWriter(output);
    for await (const piece of inPieces(bytes, length)) writer.stream.write(piece);
    await writer.finish();
    return Buffer.concat(chunks);
  }

  it.each([1, 30, 41, 5000])('is kept without the mark that ends it, in pieces of %i bytes', async (length) => {
    expect(await written(Buffer.concat([file, mark]), length)).toEqual(file);
    expect(await written(file, length)).toEqual(file);
  });

  it('is refused cut off anywhere', async () => {
    const all = Buffer.concat([file, mark]);
    for (let length = 0; length < all.length; length += 1) {
      if (length === file.length) continue;
      await expect(written(all.subarray(0, length), 50)).rejects.toThrow(/too early/);
    }
  });
});
