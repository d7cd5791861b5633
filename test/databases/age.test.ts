import { randomBytes } from 'node:crypto';
import {
  Decrypter,
  Encrypter,
  generateHybridIdentity,
  generateX25519Identity,
  identityToRecipient,
} from 'age-encryption';
import { beforeAll, describe, expect, it } from 'vitest';
import { AgeError, decryptAge, encryptAge } from '../../src/databases/age.ts';

let identity: string;
let recipient: string;
beforeAll(async () => {
  identity = await generateX25519Identity();
  recipient = await identityToRecipient(identity);
});

/** In pieces that fit no chunk of the format. */
async function* pieces(bytes: Uint8Array, size = 50_000): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield Buffer.from(bytes.subarray(at, at + size));
}

async function all(source: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const encrypted = async (bytes: Uint8Array, ...to: string[]) => await all(encryptAge(to, pieces(bytes)));
const decrypted = async (bytes: Uint8Array, ...by: string[]) => await all(decryptAge(by, pieces(bytes)));
const reasonOf = async (work: Promise<unknown>) => {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  return error instanceof AgeError ? error.reason : error;
};

const chunk = 65_536;
const sizes = [0, 1, chunk - 1, chunk, chunk + 1, 3 * chunk, 3 * chunk + 17];

describe('a file that is encrypted', () => {
  it.each(sizes)('is opened by the library of age: %i bytes', async (size) => {
    const bytes = randomBytes(size);
    const decrypter = new Decrypter();
    decrypter.addIdentity(identity);
    expect(Buffer.from(await decrypter.decrypt(await encrypted(bytes, recipient))).equals(bytes)).toBe(true);
  });

  it.each(sizes)('by the library of age is opened: %i bytes', async (size) => {
    const bytes = randomBytes(size);
    const encrypter = new Encrypter();
    encrypter.addRecipient(recipient);
    expect((await decrypted(await encrypter.encrypt(bytes), identity)).equals(bytes)).toBe(true);
  });

  it('is opened by each of its recipients, also by one who is safe from quantum computers', async () => {
    const others = [await generateX25519Identity(), await generateHybridIdentity()];
    const recipients = await Promise.all([identity, ...others].map(identityToRecipient));
    const file = await encrypted(Buffer.from('rows'), ...recipients);
    for (const one of [identity, ...others]) expect((await decrypted(file, one)).toString()).toBe('rows');
  });

  it('is opened where one of several identities fits, and says so where none does', async () => {
    const stranger = await generateX25519Identity();
    const file = await encrypted(Buffer.from('rows'), recipient);
    expect((await decrypted(file, stranger, identity)).toString()).toBe('rows');
    expect(await reasonOf(decrypted(file, stranger))).toBe('identity');
  });

  it('is never opened when it was cut off anywhere', async () => {
    const file = await encrypted(randomBytes(2 * chunk + 100), recipient);
    const header = file.indexOf('\n--- ');
    const payload = file.length - (2 * (chunk + 16) + 116);
    const lengths = [0, 1, 20, header, header + 10, payload - 16, payload - 1, payload, payload + 1, payload + 16];
    const ends = [payload + chunk + 16, payload + chunk + 17, payload + 2 * (chunk + 16), file.length - 1];
    for (const length of [...lengths, ...ends]) {
      expect(await reasonOf(decrypted(file.subarray(0, length), identity)), `${length} bytes`).toBe('damaged');
    }
  });

  it('is never opened when a bit of it was changed, or something was added', async () => {
    const file = await encrypted(randomBytes(chunk + 100), recipient);
    const payload = file.indexOf('\n--- ') + 60;
    for (const at of [3, file.indexOf('\n--- ') + 8, payload, payload + 1000, file.length - 120, file.length - 1]) {
      const changed = Buffer.from(file);
      changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
      expect(await reasonOf(decrypted(changed, identity)), `at ${at}`).toBe('damaged');
    }
    expect(await reasonOf(decrypted(Buffer.concat([file, Buffer.from('x')]), identity))).toBe('damaged');
    expect(await reasonOf(decrypted(Buffer.from('PGDMP and so on'), identity))).toBe('damaged');
  });
});
