/** Beyond what level 6.2 allows a camera's picture to have; a larger unit is garbage or an attack. */
export const MAX_UNIT_BYTES = 8 * 1024 * 1024;

const MIN_CAPACITY_BYTES = 1024;
/** Room over the size of the unit before, so that most units are copied once and never grow. */
const HEADROOM = 1.25;

/** Collects the bytes of one access unit and hands them over; then starts the next one in a buffer of its own. */
export class UnitBuffer {
  #bytes: Buffer<ArrayBuffer> | undefined;
  #length = 0;
  #nextCapacity = MIN_CAPACITY_BYTES;
  #overflowed = false;

  get length(): number {
    return this.#length;
  }

  /** Bytes were left out because the unit outgrew `MAX_UNIT_BYTES`. */
  get overflowed(): boolean {
    return this.#overflowed;
  }

  append(source: Buffer, start: number, end: number): void {
    const bytes = this.#room(end - start);
    if (bytes === undefined) return;
    source.copy(bytes, this.#length, start, end);
    this.#length += end - start;
  }

  appendByte(byte: number): void {
    const bytes = this.#room(1);
    if (bytes === undefined) return;
    bytes[this.#length] = byte;
    this.#length += 1;
  }

  /** Leaves `count` bytes to be written later. */
  reserve(count: number): void {
    if (this.#room(count) !== undefined) this.#length += count;
  }

  writeUInt32(value: number, at: number): void {
    this.#bytes?.writeUInt32BE(value, at);
  }

  /** Forgets what lies behind `length`. */
  truncate(length: number): void {
    this.#length = Math.min(this.#length, length);
  }

  /** View until the next call that changes the buffer. */
  view(start: number): Buffer {
    return (this.#bytes ?? Buffer.alloc(0)).subarray(start, this.#length);
  }

  /** Gives the bytes away, in memory of their own. `typical` units shape how much room the next one gets. */
  take(typical: boolean): Uint8Array {
    const taken = this.#bytes
      ? new Uint8Array(this.#bytes.buffer, this.#bytes.byteOffset, this.#length)
      : new Uint8Array(0);
    if (typical) this.#nextCapacity = Math.ceil(this.#length * HEADROOM);
    this.#bytes = undefined;
    this.clear();
    return taken;
  }

  clear(): void {
    this.#length = 0;
    this.#overflowed = false;
  }

  #room(count: number): Buffer | undefined {
    const needed = this.#length + count;
    if (this.#overflowed || needed > MAX_UNIT_BYTES) {
      this.#overflowed = true;
      return undefined;
    }
    if (this.#bytes === undefined || this.#bytes.length < needed) {
      const current = this.#bytes?.length ?? 0;
      const capacity = Math.max(needed, MIN_CAPACITY_BYTES, current * 2, this.#nextCapacity);
      // Not from the shared pool: the receiver owns the memory and may transfer it.
      const grown = Buffer.allocUnsafeSlow(capacity);
      this.#bytes?.copy(grown, 0, 0, this.#length);
      this.#bytes = grown;
    }
    return this.#bytes;
  }
}
