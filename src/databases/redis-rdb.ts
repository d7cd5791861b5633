import { HomeportError } from '../deployment/error.ts';
import type { Crc64 } from './crc64.ts';
import { RdbBytes } from './redis-rdb-bytes.ts';
import { isKnownType, skipModule, skipValue } from './redis-rdb-values.ts';

/** Keys by logical database: `db0`. */
export type KeyCounts = Record<string, number>;

/**
 * Reads an RDB file to its end: its structure, the keys of each logical database counted, its own checksum. A key whose
 * time to live ends is counted as long as it is in the file. Throws `HomeportError` when the file is damaged, or has a
 * type of value that this version of Homeport doesn't know.
 */
export async function readRdb(chunks: AsyncIterable<Buffer>): Promise<KeyCounts> {
  const bytes = new RdbBytes();
  const walk = walkFile(bytes);
  let step = walk.next();
  for await (const chunk of chunks) {
    if (step.done) break;
    bytes.add(chunk);
    step = walk.next();
  }
  if (!step.done) throw damaged('it ends too early');
  if (bytes.left > 0) throw damaged('something follows its end');
  return step.value;
}

/** The opcodes that are no types of values; `rdb.h` of Redis and of Valkey. */
const opcodes = {
  slotInfo: 244,
  function: 245,
  moduleAux: 247,
  idle: 248,
  frequency: 249,
  aux: 250,
  resize: 251,
  expireMs: 252,
  expireSeconds: 253,
  database: 254,
  end: 255,
} as const;

function* walkFile(bytes: RdbBytes): Generator<void, KeyCounts> {
  const head = (yield* bytes.take(9)).toString('latin1');
  if (!/^REDIS\d{4}$|^VALKEY\d{3}$/.test(head)) throw damaged('it does not begin as an RDB file does');
  const counts: KeyCounts = {};
  let database = 'db0';
  for (;;) {
    const code = yield* bytes.byte();
    switch (code) {
      case opcodes.end: {
        yield* checkSum(bytes);
        return counts;
      }
      case opcodes.database:
        database = `db${yield* bytes.length()}`;
        break;
      case opcodes.aux:
        yield* bytes.skipString();
        yield* bytes.skipString();
        break;
      case opcodes.function:
        yield* bytes.skipString();
        break;
      case opcodes.resize:
        for (let number = 0; number < 2; number += 1) yield* bytes.length();
        break;
      case opcodes.slotInfo:
        for (let number = 0; number < 3; number += 1) yield* bytes.length();
        break;
      case opcodes.idle:
        yield* bytes.length();
        break;
      case opcodes.frequency:
        yield* bytes.skip(1);
        break;
      case opcodes.expireMs:
        yield* bytes.skip(8);
        break;
      case opcodes.expireSeconds:
        yield* bytes.skip(4);
        break;
      case opcodes.moduleAux:
        yield* skipModule(bytes);
        break;
      default:
        if (!isKnownType(code)) throw unknownType(code);
        yield* bytes.skipString();
        yield* skipValue(bytes, code);
        counts[database] = (counts[database] ?? 0) + 1;
    }
  }
}

function* checkSum(bytes: RdbBytes): Generator<void, void> {
  const sum: Crc64 = bytes.sum();
  const said = yield* bytes.take(8);
  if (said.equals(sum.digest()) || said.equals(Buffer.alloc(8))) return;
  throw damaged('its checksum is wrong');
}

function damaged(how: string): HomeportError {
  return new HomeportError(`The RDB file is damaged: ${how}.`, {
    hint: 'This is no backup to rely on. Run `homeport backup` again; if it stays so, look at the log of the service.',
  });
}

function unknownType(code: number): HomeportError {
  return new HomeportError(
    `The RDB file is damaged, or has values of a kind (${code}) that Homeport cannot read yet.`,
    {
      hint: 'Run `homeport backup` again; if it stays so, the server is newer than this version of Homeport knows.',
    },
  );
}
