import { hkdfSync, randomBytes } from 'node:crypto';
import { decryptPayload, encryptPayload } from './age-payload.ts';

/*
 * Files of age (https://age-encryption.org/v1), which everybody can open by `age --decrypt` too. Who may open one is the
 * library's business: the header, and the keys in it.
 */

const nonceBytes = 16;
/** Far more than a hundred recipients take. */
const longestHeader = 1024 * 1024;

/** Why a file can't be opened: by none of the identities, or because it is not as age wrote it. */
export class AgeError extends Error {
  readonly reason: 'identity' | 'damaged';
  constructor(reason: 'identity' | 'damaged', cause?: unknown) {
    super(reason, { cause });
    this.reason = reason;
  }
}

/** Encrypts what comes to the recipients (`age1…`). Throws what the library says about a recipient. */
export async function* encryptAge(
  recipients: readonly string[],
  source: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer> {
  const { header, fileKey } = await newHeader(recipients);
  const nonce = randomBytes(nonceBytes);
  yield Buffer.concat([header, nonce]);
  yield* encryptPayload(payloadKey(fileKey, nonce), source);
}

/** Decrypts what comes with the first identity (`AGE-SECRET-KEY-1…`) that fits. Throws `AgeError`. */
export async function* decryptAge(
  identities: readonly string[],
  source: AsyncIterable<Buffer>,
): AsyncGenerator<Buffer> {
  const chunks = source[Symbol.asyncIterator]();
  const { header, rest } = await readHeader(chunks);
  const fileKey = await openHeader(header, identities);
  const [nonce, begun] = [rest.subarray(0, nonceBytes), rest.subarray(nonceBytes)];
  const payload = decryptPayload(payloadKey(fileKey, nonce), continued(begun, chunks));
  try {
    yield* payload;
  } catch (error) {
    throw isOfSystem(error) ? error : new AgeError('damaged', error);
  }
}

/** The library hands the key of a new file to every recipient: one of them is ours, who leaves no trace in the header. */
async function newHeader(recipients: readonly string[]): Promise<{ header: Uint8Array; fileKey: Uint8Array }> {
  const { Encrypter } = await import('age-encryption');
  const encrypter = new Encrypter();
  let fileKey = new Uint8Array();
  for (const recipient of recipients) encrypter.addRecipient(recipient);
  encrypter.addRecipient({
    wrapFileKey: (key) => {
      fileKey = key.slice();
      return [];
    },
  });
  const empty = await encrypter.encrypt(new Uint8Array());
  const payloadBytes = nonceBytes + 16;
  return { header: empty.subarray(0, -payloadBytes), fileKey };
}

async function openHeader(header: Buffer, identities: readonly string[]): Promise<Uint8Array> {
  const { Decrypter } = await import('age-encryption');
  const decrypter = new Decrypter();
  let asked = false;
  for (const identity of identities) decrypter.addIdentity(identity);
  // Asked last: whoever comes to it could read the header, and none of the identities fitted.
  decrypter.addIdentity({
    unwrapFileKey: () => {
      asked = true;
      return null;
    },
  });
  try {
    return await decrypter.decryptHeader(header);
  } catch (error) {
    throw new AgeError(asked ? 'identity' : 'damaged', error);
  }
}

function payloadKey(fileKey: Uint8Array, nonce: Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', fileKey, nonce, 'payload', 32));
}

/** The header ends with the line that begins with `---`; `rest` has the nonce, and what came with it. */
async function readHeader(chunks: AsyncIterator<Buffer>): Promise<{ header: Buffer; rest: Buffer }> {
  let held: Buffer = Buffer.alloc(0);
  for (;;) {
    const mark = held.indexOf('\n--- ');
    const end = mark === -1 ? -1 : held.indexOf('\n', mark + 1);
    if (end !== -1 && held.length > end + nonceBytes) {
      return { header: held.subarray(0, end + 1), rest: held.subarray(end + 1) };
    }
    const next = held.length > longestHeader ? null : await chunks.next();
    if (next === null || next.done === true) throw new AgeError('damaged');
    held = Buffer.concat([held, next.value]);
  }
}

async function* continued(begun: Buffer, chunks: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  yield begun;
  for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) yield next.value;
}

/** A disk that can't be read is not a damaged file. */
function isOfSystem(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}
