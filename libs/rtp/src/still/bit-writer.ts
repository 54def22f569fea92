/** Writes bits, most significant first, into a buffer that grows. */
export class BitWriter {
  #bytes: Uint8Array;
  #position = 0;

  /** @param bytes about as many as will be written */
  constructor(bytes: number) {
    this.#bytes = new Uint8Array(bytes + 8);
  }

  /** Whether the next bit begins a byte. */
  get aligned(): boolean {
    return this.#position % 8 === 0;
  }

  /** The lowest `count` bits of `value`, 0-32. */
  bits(value: number, count: number): void {
    for (let bit = count - 1; bit >= 0; bit -= 1) this.bit(Math.floor(value / 2 ** bit) % 2);
  }

  bit(value: number): void {
    if (this.#position === this.#bytes.length * 8) {
      const longer = new Uint8Array(this.#bytes.length * 2);
      longer.set(this.#bytes);
      this.#bytes = longer;
    }
    if (value === 1) this.#bytes[this.#position >> 3]! |= 0x80 >> (this.#position & 7);
    this.#position += 1;
  }

  /** ue(v), ITU-T H.264 s.9.1. */
  unsignedGolomb(value: number): void {
    const length = Math.floor(Math.log2(value + 1));
    this.bits(0, length);
    this.bits(value + 1, length + 1);
  }

  /** Bits `from` up to but not including `to` of `source`. */
  copy(source: Uint8Array, from: number, to: number): void {
    for (let at = from; at < to; at += 1) this.bit(((source[at >> 3] ?? 0) >> (7 - (at & 7))) & 1);
  }

  /** What was written, filled up with zero bits to whole bytes; a view. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, Math.ceil(this.#position / 8));
  }
}
