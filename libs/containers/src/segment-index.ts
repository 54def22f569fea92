import { NightjarError } from '@nightjar/common';
import { BOX_HEADER_BYTES, encodeUuidBox, UUID_BYTES } from './boxes.js';
import type { ByteSource } from './boxes.js';
import { integer, list, object, parseJson, text } from './json-fields.js';

/** Extended type of the box that closes a segment. */
export const SEGMENT_INDEX_UUID = Buffer.from('6e696768746a6172a1b00002c0de5e67', 'hex');
/** Last bytes of a closed segment, behind the size of the index box (32 bits), so that it is found from the end. */
const TRAILER_MAGIC = 'NJIX';
const TRAILER_BYTES = 8;
/** An index larger than this is not ours: more keyframes than a day has seconds. */
export const MAX_INDEX_BYTES = 4 * 1024 * 1024;

/** A place where decoding can start. */
export interface KeyframeEntry {
  /** Presentation time of the keyframe in ticks of the first track, from the start of the segment. */
  readonly ticks: number;
  /** Position of the `moof` that holds it. */
  readonly offset: number;
}

/** What a closed segment knows of its media. */
export interface SegmentIndex {
  readonly version: 1;
  /** Wall time at which the segment after it begins, or at which the media end. */
  readonly endMs: number;
  /** Media time of the first track, in its ticks. */
  readonly durationTicks: number;
  readonly fragments: number;
  /** Of all tracks. */
  readonly samples: number;
  readonly keyframes: readonly KeyframeEntry[];
  /** SHA-256 of all bytes before this box, hexadecimal. */
  readonly hash: string;
}

/** The index as the `uuid` box that ends a segment. */
export function encodeSegmentIndex(index: SegmentIndex): Buffer {
  const wire = { ...index, keyframes: index.keyframes.map(({ ticks, offset }) => [ticks, offset]) };
  const json = Buffer.from(JSON.stringify(wire));
  const trailer = Buffer.alloc(TRAILER_BYTES);
  trailer.writeUInt32BE(BOX_HEADER_BYTES + UUID_BYTES + json.length + TRAILER_BYTES, 0);
  trailer.write(TRAILER_MAGIC, 4, 'latin1');
  return encodeUuidBox(SEGMENT_INDEX_UUID, Buffer.concat([json, trailer]));
}

/**
 * @param body the box behind size and type
 * @throws NightjarError `containers/index` or `containers/json`
 */
export function decodeSegmentIndex(body: Uint8Array): SegmentIndex {
  if (
    body.length < UUID_BYTES + TRAILER_BYTES ||
    !SEGMENT_INDEX_UUID.equals(body.subarray(0, UUID_BYTES))
  ) {
    throw new NightjarError('protocol', 'containers/index', 'not a segment index');
  }
  const value = object(
    parseJson(body.subarray(UUID_BYTES, body.length - TRAILER_BYTES)),
    'segment index',
  );
  const endMs = value['endMs'];
  if (value['version'] !== 1 || typeof endMs !== 'number' || !Number.isFinite(endMs)) {
    throw new NightjarError(
      'protocol',
      'containers/index',
      'segment index of an unknown version or without its end',
    );
  }
  return {
    version: 1,
    endMs,
    durationTicks: integer(value, 'durationTicks'),
    fragments: integer(value, 'fragments'),
    samples: integer(value, 'samples'),
    keyframes: list(value, 'keyframes').map((entry) => {
      const fields = object(
        Array.isArray(entry) ? { ticks: entry[0], offset: entry[1] } : entry,
        'keyframe',
      );
      const max = Number.MAX_SAFE_INTEGER;
      return { ticks: integer(fields, 'ticks', max, -max), offset: integer(fields, 'offset') };
    }),
    hash: text(value, 'hash'),
  };
}

/** The index at the end of a closed segment and the position of its box, or undefined: the segment is not closed. */
export async function readSegmentIndex(
  source: ByteSource,
): Promise<{ readonly index: SegmentIndex; readonly offset: number } | undefined> {
  const { size } = source;
  if (size < BOX_HEADER_BYTES + UUID_BYTES + TRAILER_BYTES) return undefined;
  const trailer = Buffer.from(await source.read(size - TRAILER_BYTES, TRAILER_BYTES));
  const bytes = trailer.readUInt32BE(0);
  if (trailer.toString('latin1', 4) !== TRAILER_MAGIC) return undefined;
  if (
    bytes < BOX_HEADER_BYTES + UUID_BYTES + TRAILER_BYTES ||
    bytes > Math.min(size, MAX_INDEX_BYTES)
  ) {
    return undefined;
  }
  const offset = size - bytes;
  const box = Buffer.from(await source.read(offset, bytes));
  if (box.readUInt32BE(0) !== bytes || box.toString('latin1', 4, 8) !== 'uuid') return undefined;
  return { index: decodeSegmentIndex(box.subarray(BOX_HEADER_BYTES)), offset };
}
