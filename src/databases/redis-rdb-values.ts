import type { RdbBytes } from './redis-rdb-bytes.ts';

/*
 * The types of values of `rdb.h`, up to RDB version 12 (Redis 7.4, Valkey 8). Most are one string, whose inside is a
 * packed structure of its own.
 */
const oneString = [0, 9, 10, 11, 12, 13, 16, 17, 20];
const streams = [15, 19, 21];
const others = [1, 2, 3, 4, 5, 7, 14, 18, 24, 25];

export function isKnownType(type: number): boolean {
  return oneString.includes(type) || streams.includes(type) || others.includes(type);
}

export function* skipValue(bytes: RdbBytes, type: number): Generator<void, void> {
  if (oneString.includes(type)) return yield* bytes.skipString();
  if (streams.includes(type)) return yield* skipStream(bytes, streams.indexOf(type) + 1);
  if (type === 7) return yield* skipModule(bytes);
  // Hashes whose fields expire (Redis 7.4) begin with the moment of the first.
  if (type === 24 || type === 25) yield* bytes.skip(8);
  if (type === 25) return yield* bytes.skipString();
  const count = yield* bytes.length();
  for (let index = 0; index < count; index += 1) yield* skipElement(bytes, type);
}

function* skipElement(bytes: RdbBytes, type: number): Generator<void, void> {
  // A node of a list says how it is packed, a field of a hash when it expires.
  if (type === 18 || type === 24) yield* bytes.length();
  yield* bytes.skipString();
  if (type === 4 || type === 24) yield* bytes.skipString();
  if (type === 5) yield* bytes.skip(8);
  if (type === 3) yield* skipTextNumber(bytes);
}

/** A number as text, with a byte for its length; 253 to 255 stand for NaN and the infinities. */
function* skipTextNumber(bytes: RdbBytes): Generator<void, void> {
  const length = yield* bytes.byte();
  if (length < 253) yield* bytes.skip(length);
}

/** The second version added the first and the highest deleted ID and what was added, the third when a consumer was active. */
function* skipStream(bytes: RdbBytes, version: number): Generator<void, void> {
  const nodes = yield* bytes.length();
  for (let node = 0; node < nodes * 2; node += 1) yield* bytes.skipString();
  for (let number = 0; number < (version === 1 ? 3 : 8); number += 1) yield* bytes.length();
  const groups = yield* bytes.length();
  for (let group = 0; group < groups; group += 1) {
    yield* bytes.skipString();
    for (let number = 0; number < (version === 1 ? 2 : 3); number += 1) yield* bytes.length();
    const pending = yield* bytes.length();
    for (let one = 0; one < pending; one += 1) {
      yield* bytes.skip(16 + 8);
      yield* bytes.length();
    }
    const consumers = yield* bytes.length();
    for (let consumer = 0; consumer < consumers; consumer += 1) {
      yield* bytes.skipString();
      yield* bytes.skip(version === 3 ? 16 : 8);
      yield* bytes.skip(16 * (yield* bytes.length()));
    }
  }
}

/** What a module wrote says of each part what it is, so that one can pass over it without the module. */
export function* skipModule(bytes: RdbBytes): Generator<void, void> {
  yield* bytes.length();
  for (;;) {
    switch (yield* bytes.length()) {
      case 0:
        return;
      case 3:
        yield* bytes.skip(4);
        break;
      case 4:
        yield* bytes.skip(8);
        break;
      case 5:
        yield* bytes.skipString();
        break;
      default:
        yield* bytes.length();
    }
  }
}
