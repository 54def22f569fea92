import type { UnitMemory } from './unit-memory.js';

/** Beyond what level 6.2 allows a camera's picture to have; a larger unit is garbage or an attack. */
export const MAX_UNIT_BYTES = 8 * 1024 * 1024;

const MIN_CAPACITY_BYTES = 1024;
/** Room over the size of the unit before, so that most units are copied once and never grow. */
const HEADROOM = 1.25;

/** Collects the bytes of one access unit in the memory it was given and hands them over; then starts the next one. */
export class UnitBuffer {
  readonly #memory: UnitMemory;
  #room: Buffer | undefined;
  #length = 0;
  #nextCapacity = MIN_CAPACITY_BYTES;
  #overflowed = false;

  constructor(memory: UnitMemory) {
    this.#memory = memory;
  }

  get length(): number {
    return this.#length;
  }

  /** Bytes were left out because the unit outgrew `MAX_UNIT_BYTES`. */
  get overflowed(): boolean {
    return this.#overflowed;
  }

  append(source: Buffer, start: number, end: number): void {
    const room = this.#roomFor(end - start);
    if (room === undefined) return;
    source.copy(room, this.#length, start, end);
    this.#length += end - start;
  }

  appendByte(byte: number): void {
    const room = this.#roomFor(1);
    if (room === undefined) return;
    room[this.#length] = byte;
    this.#length += 1;
  }

  /** Leaves `count` bytes to be written later. */
  reserve(count: number): void {
    if (this.#roomFor(count) !== undefined) this.#length += count;
  }

  writeUInt32(value: number, at: number): void {
    this.#room?.writeUInt32BE(value, at);
  }

  /** Forgets what lies behind `length`. */
  truncate(length: number): void {
    this.#length = Math.min(this.#length, length);
  }

  /** View until the next call that changes the buffer. */
  view(start: number): Buffer {
    return (this.#room ?? Buffer.alloc(0)).subarray(start, this.#length);
  }

  /** Gives the bytes away, where they lie. `typical` units shape how much room the next one gets. */
  take(typical: boolean): Uint8Array {
    const room = this.#room;
    const taken = room
      ? new Uint8Array(room.buffer, room.byteOffset, this.#length)
      : new Uint8Array(0);
    if (typical) this.#nextCapacity = Math.ceil(this.#length * HEADROOM);
    this.#room = undefined;
    this.clear();
    return taken;
  }

  clear(): void {
    this.#length = 0;
    this.#overflowed = false;
  }

  #roomFor(count: number): Buffer | undefined {
    const needed = this.#length + count;
    if (this.#overflowed || needed > MAX_UNIT_BYTES) {
      this.#overflowed = true;
      return undefined;
    }
    const room = this.#room;
    if (room !== undefined && needed <= room.length) return room;
    const doubled = Math.min(2 * this.#length, MAX_UNIT_BYTES);
    const next = this.#memory.claim(
      Math.max(needed, MIN_CAPACITY_BYTES, doubled, this.#nextCapacity),
    );
    room?.copy(next, 0, 0, this.#length);
    this.#room = next;
    return next;
  }
}
