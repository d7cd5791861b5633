/*
 * CRC-64 of Redis (`crc64.c`: the Jones polynomial ad93d23594c935a9, reflected, no final xor), in two halves of 32 bits:
 * BigInt would be a hundred times slower.
 */

const [polynomialHigh, polynomialLow] = [0x95ac9329, 0xac4bc9b5];
const tableHigh = new Int32Array(256);
const tableLow = new Int32Array(256);
for (let byte = 0; byte < 256; byte += 1) {
  let [high, low] = [0, byte];
  for (let bit = 0; bit < 8; bit += 1) {
    const odd = low & 1;
    low = ((low >>> 1) | (high << 31)) >>> 0;
    high >>>= 1;
    if (odd === 1) {
      high = (high ^ polynomialHigh) >>> 0;
      low = (low ^ polynomialLow) >>> 0;
    }
  }
  tableHigh[byte] = high;
  tableLow[byte] = low;
}

/** Takes bytes as they come; `digest` gives the sum of all so far, as Redis writes it (8 bytes, little end first). */
export class Crc64 {
  #high = 0;
  #low = 0;

  update(bytes: Buffer): void {
    let [high, low] = [this.#high, this.#low];
    // By index and in signed numbers: ten times as fast as an iterator over unsigned ones.
    for (let at = 0; at < bytes.length; at += 1) {
      const index = (low ^ (bytes[at] as number)) & 0xff;
      low = ((low >>> 8) | (high << 24)) ^ (tableLow[index] as number);
      high = (high >>> 8) ^ (tableHigh[index] as number);
    }
    this.#high = high;
    this.#low = low;
  }

  digest(): Buffer {
    const sum = Buffer.alloc(8);
    sum.writeInt32LE(this.#low, 0);
    sum.writeInt32LE(this.#high, 4);
    return sum;
  }

  copy(): Crc64 {
    const copy = new Crc64();
    copy.#high = this.#high;
    copy.#low = this.#low;
    return copy;
  }
}
