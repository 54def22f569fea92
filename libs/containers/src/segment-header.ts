import { NightjarError } from '@nightjar/common';
import type { Codec, MediaKind, TrackFormat } from '@nightjar/rtp';
import { encodeUuidBox, UUID_BYTES } from './boxes.js';
import { integer, list, object, parseJson, text } from './json-fields.js';

/** Extended type of the box that says what a segment is; behind `moov`. */
export const SEGMENT_HEADER_UUID = Buffer.from('6e696768746a6172a1b00001c0de5e67', 'hex');

/** What one segment file says of itself. */
export interface SegmentHeader {
  readonly version: 1;
  readonly camera: string;
  readonly stream: string;
  /** 12 lower-case hex digits. */
  readonly run: string;
  /** Place in the run, from 0. */
  readonly sequence: number;
  /** Wall time of tick 0, Unix epoch. */
  readonly startMs: number;
  /** In the order of the file's tracks; `fmtp` carries the parameter sets. */
  readonly tracks: readonly TrackFormat[];
  /** Hash of the segment before it in the run. */
  readonly previousHash: string | null;
}

const KINDS: readonly string[] = ['video', 'audio', 'application'] satisfies MediaKind[];
const CODECS: readonly string[] = [
  'h264',
  'h265',
  'aac',
  'pcmu',
  'pcma',
  'opus',
  'other',
] satisfies Codec[];

/** The header as a `uuid` box. */
export function encodeSegmentHeader(header: SegmentHeader): Buffer {
  return encodeUuidBox(SEGMENT_HEADER_UUID, Buffer.from(JSON.stringify(header)));
}

function decodeTrack(value: unknown): TrackFormat {
  const track = object(value, 'track');
  const kind = text(track, 'kind');
  const codec = text(track, 'codec');
  if (!KINDS.includes(kind) || !CODECS.includes(codec)) {
    throw new NightjarError('protocol', 'containers/header', `unknown track ${kind}/${codec}`);
  }
  const fmtp = object(track['fmtp'], 'fmtp');
  return {
    kind: kind as MediaKind,
    codec: codec as Codec,
    payloadType: integer(track, 'payloadType', 127),
    clockRateHz: integer(track, 'clockRateHz', 0xffffffff, 1),
    channels: integer(track, 'channels', 255),
    encodingName: text(track, 'encodingName'),
    fmtp: Object.fromEntries(Object.keys(fmtp).map((key) => [key, text(fmtp, key)])),
  };
}

/** True if these are the first bytes of the body of a header box. */
export function isSegmentHeader(body: Uint8Array): boolean {
  return body.length >= UUID_BYTES && SEGMENT_HEADER_UUID.equals(body.subarray(0, UUID_BYTES));
}

/**
 * @param body the box behind size and type
 * @throws NightjarError `containers/json` or `containers/header`
 */
export function decodeSegmentHeader(body: Uint8Array): SegmentHeader {
  if (!isSegmentHeader(body))
    throw new NightjarError('protocol', 'containers/header', 'not a segment header');
  const value = object(parseJson(body.subarray(UUID_BYTES)), 'segment header');
  if (value['version'] !== 1) {
    throw new NightjarError(
      'protocol',
      'containers/header',
      `segment header of version ${String(value['version'])}`,
    );
  }
  const startMs = value['startMs'];
  if (typeof startMs !== 'number' || !Number.isFinite(startMs)) {
    throw new NightjarError('protocol', 'containers/header', 'startMs is not a number');
  }
  const previousHash = value['previousHash'];
  return {
    version: 1,
    camera: text(value, 'camera'),
    stream: text(value, 'stream'),
    run: text(value, 'run'),
    sequence: integer(value, 'sequence'),
    startMs,
    tracks: list(value, 'tracks').map(decodeTrack),
    previousHash: previousHash === null ? null : text(value, 'previousHash'),
  };
}
