import type { ByteWindow } from './byte-window.js';

const MAGIC = Buffer.from('OggS');
const HEADER_BYTES = 27;
const MAX_PAGE_BYTES = HEADER_BYTES + 255 + 255 * 255;
const CONTINUED = 1;
const BEGINS_STREAM = 2;

/** A page of an Ogg file, RFC 3533 s.6. */
export interface OggPage {
  readonly start: number;
  readonly end: number;
  readonly serial: number;
  /** Undefined when no packet ends here. */
  readonly granule: bigint | undefined;
  readonly continued: boolean;
  readonly beginsStream: boolean;
  /** Sizes of its segments. */
  readonly lacing: Buffer;
  /** Offset in the file of the first segment. */
  readonly body: number;
}

/** A page whose header begins in some bytes; undefined when none does, or when it is cut off. */
export function readPage(bytes: Buffer, at: number, start: number): OggPage | undefined {
  if (at + HEADER_BYTES > bytes.length || bytes.compare(MAGIC, 0, 4, at, at + 4) !== 0)
    return undefined;
  const segments = bytes[at + 26]!;
  const lacing = Buffer.from(bytes.subarray(at + HEADER_BYTES, at + HEADER_BYTES + segments));
  if (bytes[at + 4] !== 0 || lacing.length < segments) return undefined;
  const body = start + at + HEADER_BYTES + segments;
  const granule = bytes.readBigInt64LE(at + 6);
  return {
    start: start + at,
    end: body + lacing.reduce((sum, size) => sum + size, 0),
    serial: bytes.readUInt32LE(at + 14),
    granule: granule === -1n ? undefined : granule,
    continued: (bytes[at + 5]! & CONTINUED) !== 0,
    beginsStream: (bytes[at + 5]! & BEGINS_STREAM) !== 0,
    lacing,
    body,
  };
}

/** The first page at or behind an offset; what is none is passed over. Undefined at the end of the file. */
export async function nextPage(window: ByteWindow, from: number): Promise<OggPage | undefined> {
  for (let at = from; at < window.sizeBytes; at += MAX_PAGE_BYTES) {
    const bytes = await window.view(at, MAX_PAGE_BYTES + HEADER_BYTES + 255);
    for (let found = bytes.indexOf(MAGIC); found >= 0; found = bytes.indexOf(MAGIC, found + 1)) {
      const page = readPage(bytes, found, at);
      if (page !== undefined) return page.end <= window.sizeBytes ? page : undefined;
    }
  }
  return undefined;
}
