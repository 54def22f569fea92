import { BOX_HEADER_BYTES } from '../boxes.js';

/** Bytes in pieces, so that a table of millions of samples is never copied into one buffer. */
export interface Parts {
  readonly parts: readonly Buffer[];
  readonly bytes: number;
}

export function joinParts(...items: readonly (Buffer | Parts)[]): Parts {
  const parts: Buffer[] = [];
  let bytes = 0;
  for (const item of items) {
    if (Buffer.isBuffer(item)) parts.push(item);
    else for (const part of item.parts) parts.push(part);
    bytes += Buffer.isBuffer(item) ? item.length : item.bytes;
  }
  return { parts, bytes };
}

/** A box around its content, ISO/IEC 14496-12 s.4.2. */
export function boxOf(type: string, ...content: readonly (Buffer | Parts)[]): Parts {
  const inner = joinParts(...content);
  const head = Buffer.alloc(BOX_HEADER_BYTES);
  head.writeUInt32BE(BOX_HEADER_BYTES + inner.bytes, 0);
  head.write(type, 4, 'latin1');
  return joinParts(head, inner);
}

/** A box with version and flags. */
export function fullBoxOf(
  type: string,
  version: number,
  flags: number,
  ...content: readonly (Buffer | Parts)[]
): Parts {
  return boxOf(type, u32(version * 2 ** 24 + flags), ...content);
}

/** Fields of 32 bits; negative ones in two's complement. */
export function u32(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, index) => bytes.writeUInt32BE(value >>> 0, 4 * index));
  return bytes;
}

/** Fields of 64 bits; safe integers, not negative. */
export function u64(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(8 * values.length);
  values.forEach((value, index) => {
    bytes.writeUInt32BE(Math.floor(value / 2 ** 32), 8 * index);
    bytes.writeUInt32BE(value % 2 ** 32, 8 * index + 4);
  });
  return bytes;
}
