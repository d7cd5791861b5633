import { Crc64 } from './crc64.ts';

/** The bytes of an RDB file as they come. The generators yield as often as they need more of them. */
export class RdbBytes {
  #chunk: Buffer = Buffer.alloc(0);
  #at = 0;
  #next: Buffer | null = null;
  readonly #sum = new Crc64();

  add(chunk: Buffer): void {
    this.#next = chunk;
  }

  /** Bytes that came and were not read. */
  get left(): number {
    return this.#chunk.length - this.#at;
  }

  /** Of all that was read. */
  sum(): Crc64 {
    const sum = this.#sum.copy();
    sum.update(this.#chunk.subarray(0, this.#at));
    return sum;
  }

  *byte(): Generator<void, number> {
    while (this.left < 1) yield* this.#more();
    const byte = this.#chunk[this.#at] as number;
    this.#at += 1;
    return byte;
  }

  *take(count: number): Generator<void, Buffer> {
    const taken = Buffer.alloc(count);
    let had = 0;
    while (had < count) {
      if (this.left === 0) yield* this.#more();
      const part = this.#chunk.subarray(this.#at, this.#at + count - had);
      part.copy(taken, had);
      had += part.length;
      this.#at += part.length;
    }
    return taken;
  }

  *skip(count: number): Generator<void, void> {
    let missing = count;
    for (;;) {
      const here = Math.min(missing, this.left);
      this.#at += here;
      missing -= here;
      if (missing === 0) return;
      yield* this.#more();
    }
  }

  /** A length in Redis's own packing. */
  *length(): Generator<void, number> {
    const { number } = yield* this.#packed();
    return number;
  }

  *skipString(): Generator<void, void> {
    const { number, special } = yield* this.#packed();
    if (!special) return yield* this.skip(number);
    // 0 to 2: an integer of 1, 2 or 4 bytes; 3: packed by LZF.
    if (number < 3) return yield* this.skip(1 << number);
    const packed = yield* this.length();
    yield* this.length();
    yield* this.skip(packed);
  }

  *#packed(): Generator<void, { number: number; special: boolean }> {
    const first = yield* this.byte();
    const rest = first & 0x3f;
    switch (first >> 6) {
      case 0:
        return { number: rest, special: false };
      case 1:
        return { number: (rest << 8) | (yield* this.byte()), special: false };
      case 2:
        return {
          number: rest === 0 ? (yield* this.take(4)).readUInt32BE() : Number((yield* this.take(8)).readBigUInt64BE()),
          special: false,
        };
      default:
        return { number: rest, special: true };
    }
  }

  *#more(): Generator<void, void> {
    while (this.#next === null) yield;
    this.#sum.update(this.#chunk.subarray(0, this.#at));
    this.#chunk = this.left === 0 ? this.#next : Buffer.concat([this.#chunk.subarray(this.#at), this.#next]);
    this.#at = 0;
    this.#next = null;
  }
}
