import type { Parts } from './parts.js';

/** Fields per block: 64 KiB. */
const BLOCK_FIELDS = 16_384;
const FIELD_BYTES = 4;

/** A table of 32-bit big-endian fields that grows block by block: 4 bytes per field and no copy while it grows. */
export class U32Table {
  private readonly blocks: Buffer[] = [];
  private used = BLOCK_FIELDS;

  get length(): number {
    return this.blocks.length === 0 ? 0 : (this.blocks.length - 1) * BLOCK_FIELDS + this.used;
  }

  /** @param value as unsigned; a negative one in two's complement */
  push(value: number): void {
    if (this.used === BLOCK_FIELDS) {
      this.blocks.push(Buffer.allocUnsafeSlow(BLOCK_FIELDS * FIELD_BYTES));
      this.used = 0;
    }
    this.blocks.at(-1)?.writeUInt32BE(value >>> 0, this.used * FIELD_BYTES);
    this.used += 1;
  }

  at(index: number): number {
    const block = this.blocks[Math.floor(index / BLOCK_FIELDS)];
    return block?.readUInt32BE((index % BLOCK_FIELDS) * FIELD_BYTES) ?? 0;
  }

  set(index: number, value: number): void {
    const block = this.blocks[Math.floor(index / BLOCK_FIELDS)];
    block?.writeUInt32BE(value >>> 0, (index % BLOCK_FIELDS) * FIELD_BYTES);
  }

  /** Views of the table; valid until it grows. */
  parts(): Parts {
    const last = this.blocks.length - 1;
    const parts = this.blocks.map((block, index) =>
      index === last ? block.subarray(0, this.used * FIELD_BYTES) : block,
    );
    return { parts, bytes: this.length * FIELD_BYTES };
  }
}

/** Values in order, stored as (count, value): `stts` and `ctts`, ISO/IEC 14496-12 s.8.6.1. */
export class RunTable {
  readonly table = new U32Table();
  private current: number | undefined;

  get runs(): number {
    return this.table.length / 2;
  }

  /** All values are zero, or there are none. */
  get isZero(): boolean {
    return this.runs === 0 || (this.runs === 1 && this.current === 0);
  }

  push(value: number): void {
    if (value === this.current) {
      const index = this.table.length - 2;
      this.table.set(index, this.table.at(index) + 1);
      return;
    }
    this.current = value;
    this.table.push(1);
    this.table.push(value);
  }
}
