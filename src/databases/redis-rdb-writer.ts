import { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { HomeportError } from '../deployment/error.ts';
import { Crc64 } from './crc64.ts';

/** Bytes of the mark that a server without a file of its own ends its stream with, which is no part of the RDB. */
const markLength = 40;
const checksumLength = 8;
/** The mark, the checksum, and the byte before it that says that the file ends. */
const heldBack = markLength + checksumLength + 1;

/**
 * Passes an RDB on to `output` as `redis-cli --rdb -` prints it, without the mark at its end. `finish` throws
 * `HomeportError` when what came is not one whole RDB: it begins with `REDIS` and ends with its own checksum.
 */
export class RdbWriter {
  readonly stream: Writable;
  readonly #output: Writable;
  #held: Buffer = Buffer.alloc(0);
  readonly #sum = new Crc64();
  #head: Buffer = Buffer.alloc(0);

  constructor(output: Writable) {
    this.#output = output;
    this.stream = new Writable({
      write: (chunk: Buffer, _encoding, done) => this.#take(chunk, done),
    });
    // Whoever runs the command hears of it; a second listener only keeps it from ending the process.
    this.stream.on('error', () => {});
  }

  #take(chunk: Buffer, done: (error?: Error | null) => void): void {
    if (this.#head.length < 9) this.#head = Buffer.concat([this.#head, chunk.subarray(0, 9)]);
    const all = Buffer.concat([this.#held, chunk]);
    const surely = Math.max(0, all.length - heldBack);
    this.#held = all.subarray(surely);
    const ready = all.subarray(0, surely);
    this.#sum.update(ready);
    this.#output.write(ready, done);
  }

  async finish(): Promise<void> {
    // The command may have ended before its last bytes were taken.
    this.stream.end();
    await finished(this.stream);
    const end = this.#end();
    const isRdb = /^REDIS\d{4}|^VALKEY\d{3}/.test(this.#head.toString('latin1'));
    if (!isRdb || end === null) {
      throw new HomeportError('The server ended its dump too early: it is not one whole RDB file.', {
        hint: 'Look at the log of the service (`docker compose logs`), then run `homeport backup` again.',
      });
    }
    await new Promise<void>((resolve, reject) => {
      this.#output.write(this.#held.subarray(0, end), (error) => (error ? reject(error) : resolve()));
    });
  }

  /** Where the RDB ends in what is held back; `null` when it does not. */
  #end(): number | null {
    const { length } = this.#held;
    return [length - markLength, length].find((end) => end > checksumLength && this.#isEnd(end)) ?? null;
  }

  #isEnd(end: number): boolean {
    const checked = this.#held.subarray(0, end - checksumLength);
    const said = this.#held.subarray(end - checksumLength, end);
    if (checked.at(-1) !== 0xff) return false;
    const sum = this.#sum.copy();
    sum.update(checked);
    // A server that was told not to count (`rdbchecksum no`) writes zeros.
    return said.equals(sum.digest()) || said.equals(Buffer.alloc(checksumLength));
  }
}
