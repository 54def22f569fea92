import { NightjarError } from '@nightjar/common';

/** `size` and `type`, ISO/IEC 14496-12 s.4.2. */
export const BOX_HEADER_BYTES = 8;
/** With the 64-bit `largesize`. */
export const LARGE_BOX_HEADER_BYTES = 16;
/** The extended type that follows the header of a `uuid` box. */
export const UUID_BYTES = 16;

/** Where a box lies; all offsets count from the start of what was walked. */
export interface Box {
  readonly type: string;
  readonly start: number;
  /** First byte behind size and type (in a `uuid` box: the extended type). */
  readonly bodyStart: number;
  /** First byte behind the box. */
  readonly end: number;
}

function malformed(what: string, byteOffset: number): NightjarError {
  return new NightjarError('protocol', 'containers/box', what, { byteOffset });
}

/**
 * Reads a box header. `bytes` holds at least the first 8 bytes of the box at `at` (16 for a large box); `origin` is the
 * position of `bytes[0]` in the file and `limit` the end of the enclosing container, both in file offsets.
 * @throws NightjarError `containers/box` when the header is short, or the box smaller than its header or larger than its container
 */
export function decodeBoxHeader(bytes: Uint8Array, at: number, origin: number, limit: number): Box {
  const start = origin + at;
  if (at + BOX_HEADER_BYTES > bytes.length) throw malformed('box header is cut off', start);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let size = view.getUint32(at);
  let headerBytes = BOX_HEADER_BYTES;
  if (size === 1) {
    if (at + LARGE_BOX_HEADER_BYTES > bytes.length) throw malformed('box header is cut off', start);
    size = view.getUint32(at + 8) * 2 ** 32 + view.getUint32(at + 12);
    headerBytes = LARGE_BOX_HEADER_BYTES;
  }
  const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
  if (size < headerBytes)
    throw malformed(`box ${JSON.stringify(type)} claims ${size} bytes`, start);
  if (size > limit - start)
    throw malformed(`box ${JSON.stringify(type)} ends outside its container`, start);
  return { type, start, bodyStart: start + headerBytes, end: start + size };
}

/**
 * The boxes that fill `bytes[start, end)`, in order.
 * @throws NightjarError `containers/box` when they do not fill it exactly
 */
export function* childBoxes(bytes: Uint8Array, start = 0, end = bytes.length): Generator<Box> {
  if (start > end || end > bytes.length) throw malformed('container is cut off', start);
  for (let at = start; at < end;) {
    const box = decodeBoxHeader(bytes.subarray(0, end), at, 0, end);
    yield box;
    at = box.end;
  }
}

/** The first child of that type, if any. Throws as {@link childBoxes}. */
export function findBox(
  bytes: Uint8Array,
  type: string,
  start = 0,
  end = bytes.length,
): Box | undefined {
  for (const box of childBoxes(bytes, start, end)) if (box.type === type) return box;
  return undefined;
}

/** One box around its parts. The result is owned by the caller. */
export function encodeBox(type: string, ...parts: readonly Uint8Array[]): Buffer {
  const size = parts.reduce((sum, part) => sum + part.length, BOX_HEADER_BYTES);
  const head = Buffer.alloc(BOX_HEADER_BYTES);
  head.writeUInt32BE(size, 0);
  head.write(type, 4, 'latin1');
  return Buffer.concat([head, ...parts], size);
}

/** A `uuid` box, ISO/IEC 14496-12 s.4.2; `extendedType` has 16 bytes. */
export function encodeUuidBox(extendedType: Uint8Array, payload: Uint8Array): Buffer {
  return encodeBox('uuid', extendedType, payload);
}

/** Random access to the bytes of a file, open for reading or still growing. */
export interface ByteSource {
  /** Bytes that may be read now. */
  readonly size: number;
  /** Exactly `length` bytes from `offset`; the caller owns them. Rejects when they are not there. */
  read(offset: number, length: number): Promise<Uint8Array>;
}

/** A {@link ByteSource} over bytes in memory; `read` gives views. */
export function memorySource(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.length,
    read: (offset, length) =>
      offset < 0 || length < 0 || offset + length > bytes.length
        ? Promise.reject(malformed('read outside the bytes', offset))
        : Promise.resolve(bytes.subarray(offset, offset + length)),
  };
}

/**
 * The top-level box at `offset`, or undefined when it is not there whole: end of file, or still being written.
 * @throws NightjarError `containers/box` when the size field cannot be right
 */
export async function readBoxAt(source: ByteSource, offset: number): Promise<Box | undefined> {
  const available = Math.min(source.size - offset, LARGE_BOX_HEADER_BYTES);
  if (available < BOX_HEADER_BYTES) return undefined;
  const bytes = await source.read(offset, available);
  const large = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).readUInt32BE(0) === 1;
  if (large && available < LARGE_BOX_HEADER_BYTES) return undefined;
  const box = decodeBoxHeader(bytes, 0, offset, Number.MAX_SAFE_INTEGER);
  return box.end > source.size ? undefined : box;
}
