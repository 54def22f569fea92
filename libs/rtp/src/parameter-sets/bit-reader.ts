import { NightjarError } from '@nightjar/common';

const MAX_GOLOMB_ZEROS = 31;

/** Reads bits, most significant first, from bytes that may be cut off. All methods throw NightjarError at the end. */
export class BitReader {
  readonly #bytes: Uint8Array;
  #position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Bits read so far. */
  get position(): number {
    return this.#position;
  }

  get bitsLeft(): number {
    return this.#bytes.length * 8 - this.#position;
  }

  flag(): boolean {
    return this.bits(1) === 1;
  }

  /** Unsigned number of `count` bits, 0-32. */
  bits(count: number): number {
    this.#need(count);
    let value = 0;
    for (let i = 0; i < count; i += 1) {
      const byte = this.#bytes[this.#position >> 3] ?? 0;
      value = value * 2 + ((byte >> (7 - (this.#position & 7))) & 1);
      this.#position += 1;
    }
    return value;
  }

  /** The next `count` bits, which stay. */
  peek(count: number): number {
    const at = this.#position;
    const value = this.bits(count);
    this.#position = at;
    return value;
  }

  skip(count: number): void {
    this.#need(count);
    this.#position += count;
  }

  /** ue(v), ITU-T H.264 s.9.1. */
  unsignedGolomb(): number {
    let zeros = 0;
    while (!this.flag()) {
      zeros += 1;
      if (zeros > MAX_GOLOMB_ZEROS) {
        throw new NightjarError('protocol', 'rtp/exp-golomb', 'Exp-Golomb code exceeds 32 bits');
      }
    }
    return 2 ** zeros - 1 + this.bits(zeros);
  }

  /** se(v), ITU-T H.264 s.9.1.1. */
  signedGolomb(): number {
    const code = this.unsignedGolomb();
    return code % 2 === 0 ? -code / 2 : (code + 1) / 2;
  }

  #need(count: number): void {
    if (count > this.bitsLeft) {
      throw new NightjarError('protocol', 'rtp/bits-short', 'parameter set ends early', {
        bitOffset: this.#position,
      });
    }
  }
}

/** Payload of a NAL unit without its emulation prevention bytes (ITU-T H.264 s.7.4.1, H.265 s.7.4.2). */
export function rbspOf(nal: Uint8Array, headerBytes: number): Uint8Array {
  const rbsp = new Uint8Array(Math.max(0, nal.length - headerBytes));
  let written = 0;
  let zeros = 0;
  for (let i = headerBytes; i < nal.length; i += 1) {
    const byte = nal[i] ?? 0;
    if (byte === 3 && zeros >= 2) {
      zeros = 0;
      continue;
    }
    zeros = byte === 0 ? zeros + 1 : 0;
    rbsp[written] = byte;
    written += 1;
  }
  return rbsp.subarray(0, written);
}
