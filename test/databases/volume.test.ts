import { Readable } from 'node:stream';
import { packTar } from 'modern-tar';
import { describe, expect, it } from 'vitest';
import type { InspectedContainer } from '../../src/databases/containers.ts';
import { locateFolder } from '../../src/databases/volume-place.ts';
import { compareTars, readTar } from '../../src/databases/volume-tar.ts';

describe('the folder of a volume', () => {
  const container = (mounts: InspectedContainer['Mounts']): InspectedContainer => ({
    Id: 'c1',
    State: { Running: true },
    Config: { WorkingDir: '/app' },
    Mounts: mounts,
  });
  const data = { Type: 'volume', Source: '/var/lib/docker/volumes/data/_data', Destination: '/data' };

  it.each([
    ['/data', '/data', '/var/lib/docker/volumes/data/_data'],
    ['/data/', '/data', '/var/lib/docker/volumes/data/_data'],
    ['/data/uploads', '/data/uploads', '/var/lib/docker/volumes/data/_data/uploads'],
    ['../data/uploads', '/data/uploads', '/var/lib/docker/volumes/data/_data/uploads'],
  ])('%s is found on the host', (path, folder, hostPath) => {
    expect(locateFolder('app', path, container([data]))).toEqual({ folder, hostPath });
  });

  it.each([
    ['is in no volume', [], /\/data of app is in no volume: every deployment starts with an empty one there\./],
    ['is in memory', [{ ...data, Type: 'tmpfs', Source: '' }], /in memory \(tmpfs\)/],
    [
      'has another mount in it',
      [data, { ...data, Destination: '/data/cache' }],
      /another mount in it, \/data\/cache\./,
    ],
  ])('that %s is refused', (_what, mounts, reason) => {
    expect(() => locateFolder('app', '/data', container(mounts))).toThrow(reason);
  });
});

describe('an archive', () => {
  const folder = { header: { name: './', type: 'directory', size: 0, mode: 0o755 } } as const;
  const file = (name: string, text: string) => ({ header: { name, size: text.length, mode: 0o644 }, body: text });
  const link = { header: { name: './b', type: 'link', size: 0, linkname: './a' } } as const;
  const archive = async (...entries: Parameters<typeof packTar>[0]) => Buffer.from(await packTar(entries));
  const read = async (bytes: Buffer) => await readTar(Readable.from([bytes]));

  it('is what its entries are, whatever their order and however their paths are written', async () => {
    const one = await read(await archive(folder, file('./a', 'text'), file('./c', 'more')));
    const other = await read(await archive(file('c', 'more'), file('a', 'text'), folder));
    expect(one.files).toBe(2);
    expect(() => compareTars(one, other, 'here')).not.toThrow();
  });

  it('counts each name of a file that has several, whichever comes first', async () => {
    const one = await read(await archive(file('./a', 'text'), link));
    const other = await read(
      await archive(file('./b', 'text'), { header: { ...link.header, name: './a', linkname: './b' } }),
    );
    expect(one.files).toBe(2);
    expect(() => compareTars(one, other, 'here')).not.toThrow();
  });

  it.each([
    ['other contents', file('./a', 'TEXT')],
    ['another mode', { header: { name: './a', size: 4, mode: 0o600 }, body: 'text' }],
    ['another owner', { header: { name: './a', size: 4, mode: 0o644, uid: 7 }, body: 'text' }],
    ['another kind', { header: { name: './a', type: 'symlink', size: 0, linkname: 'x', mode: 0o644 } } as const],
    ['another name', file('./z', 'text')],
  ])('with %s is another one', async (_what, entry) => {
    const one = await read(await archive(file('./a', 'text')));
    const other = await read(await archive(entry));
    expect(() => compareTars(one, other, 'in a scratch folder')).toThrow(/^Files differ in a scratch folder: \/a/);
  });

  it.each([
    ['ends in the middle of a file', (bytes: Buffer) => bytes.subarray(0, 700)],
    ['has lost its end', (bytes: Buffer) => bytes.subarray(0, 1024)],
    ['has another byte in a header', (bytes: Buffer) => Buffer.from(bytes).fill(0x58, 3, 4)],
    ['is of 20 bytes', (bytes: Buffer) => bytes.subarray(0, 20)],
    ['is empty', () => Buffer.alloc(0)],
  ])('that %s is told', async (_what, damage) => {
    const damaged = damage(await archive(file('./a', 'text')));
    await expect(read(damaged)).rejects.toThrow(/^The archive can't be read to its end/);
  });
});
