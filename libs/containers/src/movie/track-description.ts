import { NightjarError } from '@nightjar/common';
import { childBoxes, findBox, type Box } from '../boxes.js';

/** What the `moov` of a segment says about one track; whole boxes, views of what was read. */
export interface TrackDescription {
  /** Four characters: `vide`, `soun`. */
  readonly handlerType: string;
  readonly timescale: number;
  readonly trackHeader: Buffer;
  readonly handler: Buffer;
  /** `vmhd`, `smhd` or what else describes the kind of media. */
  readonly mediaHeader: Buffer;
  readonly dataInformation: Buffer;
  /** The boxes in `stsd`. */
  readonly entries: readonly Buffer[];
}

/** The `stsd` fields before its entries: version and flags, entry_count. */
const STSD_FRONT_BYTES = 8;
/** Timescale behind version, flags and two times of 4 or 8 bytes; ISO/IEC 14496-12 s.8.4.2. */
const MDHD_TIMESCALE_AT = [12, 20] as const;
/** handler_type behind version, flags and pre_defined; ISO/IEC 14496-12 s.8.4.3. */
const HDLR_TYPE_AT = 8;

function wrong(what: string): NightjarError {
  return new NightjarError('protocol', 'containers/moov', what);
}

/**
 * The tracks of an init segment (`ftyp moov`), in order.
 * @throws NightjarError `containers/box` or `containers/moov`
 */
export function describeTracks(init: Uint8Array): TrackDescription[] {
  const bytes = Buffer.from(init.buffer, init.byteOffset, init.byteLength);
  const moov = findBox(bytes, 'moov');
  if (moov === undefined) throw wrong('there is no moov');
  const tracks: TrackDescription[] = [];
  for (const box of childBoxes(bytes, moov.bodyStart, moov.end))
    if (box.type === 'trak') tracks.push(describe(bytes, box));
  return tracks;
}

/** Stands for what a decoder has to know: equal for init segments that differ in nothing but, say, their creation time. */
export function decoderKey(init: Uint8Array): string {
  return describeTracks(init)
    .map(({ handlerType, timescale, entries }) =>
      [handlerType, timescale, ...entries.map((entry) => entry.toString('base64'))].join(),
    )
    .join(';');
}

function describe(bytes: Buffer, trak: Box): TrackDescription {
  const child = (parent: Box, type: string): Box => {
    const found = findBox(bytes, type, parent.bodyStart, parent.end);
    if (found === undefined) throw wrong(`${parent.type} has no ${type}`);
    return found;
  };
  const whole = (box: Box): Buffer => bytes.subarray(box.start, box.end);
  const mdia = child(trak, 'mdia');
  const minf = child(mdia, 'minf');
  const stsd = child(child(minf, 'stbl'), 'stsd');
  const mdhd = whole(child(mdia, 'mdhd')).subarray(8);
  const hdlr = child(mdia, 'hdlr');
  const known = new Set(['dinf', 'stbl', 'hdlr']);
  const mediaHeader = [...childBoxes(bytes, minf.bodyStart, minf.end)].find(
    ({ type }) => !known.has(type),
  );
  const timescaleAt = MDHD_TIMESCALE_AT[mdhd[0] === 1 ? 1 : 0];
  const trackHeader = whole(child(trak, 'tkhd'));
  if (mediaHeader === undefined) throw wrong('minf describes no kind of media');
  if (mdhd.length < timescaleAt + 4 || hdlr.end - hdlr.bodyStart < HDLR_TYPE_AT + 4)
    throw wrong('mdhd or hdlr is cut off');
  if (trackHeader.length < 84 || stsd.end - stsd.bodyStart < STSD_FRONT_BYTES)
    throw wrong('tkhd or stsd is cut off');
  const typeAt = hdlr.bodyStart + HDLR_TYPE_AT;
  const timescale = mdhd.readUInt32BE(timescaleAt);
  if (timescale === 0) throw wrong('the timescale is zero');
  return {
    handlerType: bytes.toString('latin1', typeAt, typeAt + 4),
    timescale,
    trackHeader,
    handler: whole(hdlr),
    mediaHeader: whole(mediaHeader),
    dataInformation: whole(child(minf, 'dinf')),
    entries: [...childBoxes(bytes, stsd.bodyStart + STSD_FRONT_BYTES, stsd.end)].map(whole),
  };
}
