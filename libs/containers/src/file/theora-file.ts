import { BitReader, type SentConfig, type XiphHeaders } from '@nightjar/rtp';
import { ByteWindow } from './byte-window.js';
import { lastStamp, stampBefore, type Stamp } from './clocked-bytes.js';
import { keyframeBefore } from './keyframe-search.js';
import {
  broken,
  unsupported,
  type FileBytes,
  type MediaFile,
  type MediaFileUnit,
} from './media-file.js';
import { nextPage, readPage, type OggPage } from './ogg-pages.js';

const MAX_PACKET_BYTES = 16 * 1024 * 1024;
/** Pages at the start that begin streams. */
const MAX_STREAMS = 32;
const IDENTIFICATION = Buffer.from([0x80, 0x74, 0x68, 0x65, 0x6f, 0x72, 0x61]);
const IS_HEADER = 0x80;
const NO_KEYFRAME = 0x40;
const ROUNDING_MS = 0.01;

interface Identity {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly frameMs: number;
  /** Bits of the granule position that count from the last keyframe on. */
  readonly shift: bigint;
  /** The number of the first frame in granule positions: 1 since version 3.2.1. */
  readonly firstGranule: number;
}

/** The Theora video of an Ogg file (Theora I specification), which mediabunny does not read. */
export class TheoraFile implements MediaFile {
  readonly seekable = true;
  readonly tracks: readonly SentConfig[];

  private constructor(
    private readonly source: FileBytes,
    private readonly serial: number,
    private readonly identity: Identity,
    headers: XiphHeaders,
    readonly durationMs: number | undefined,
  ) {
    const { widthPx, heightPx } = identity;
    this.tracks = [{ codec: 'theora', headers, widthPx, heightPx }];
  }

  /** Undefined when the file holds none. @throws NightjarError 415 or `data-loss` when its headers are broken */
  static async open(source: FileBytes): Promise<TheoraFile | undefined> {
    const window = new ByteWindow(source);
    const page = await theoraPage(window);
    if (page === undefined) return undefined;
    const headers: Uint8Array[] = [];
    for await (const { data } of packetsOf(window, page.serial, page.start)) {
      if (((data[0] ?? 0) & IS_HEADER) === 0) break;
      headers.push(Uint8Array.from(data));
      if (headers.length === 3) break;
    }
    const [first, comment, setup] = headers;
    if (first === undefined || comment === undefined || setup === undefined)
      throw broken('the headers of the Theora stream are missing', page.start);
    const identity = readIdentity(first);
    const last = await lastStamp(source, (bytes, start) =>
      lastIn(bytes, start, page.serial, identity),
    );
    const durationMs = last && last.ms + identity.frameMs;
    return new TheoraFile(source, page.serial, identity, [first, comment, setup], durationMs);
  }

  async startAt(timeMs: number): Promise<number> {
    return await keyframeBefore(timeMs, (fromMs) => this.scan(fromMs));
  }

  async *units(fromMs: number): AsyncGenerator<MediaFileUnit> {
    for await (const unit of this.scan(fromMs)) if (unit.timeMs >= fromMs - ROUNDING_MS) yield unit;
  }

  close(): void {
    // Nothing is kept.
  }

  /** Frames from somewhere before a time on, the nearer the better. */
  private async *scan(fromMs: number): AsyncGenerator<MediaFileUnit> {
    const { serial, identity, source } = this;
    const { frameMs } = identity;
    const first = (bytes: Buffer, start: number): Stamp | undefined =>
      firstIn(bytes, start, serial, identity);
    const stamp = fromMs < frameMs ? undefined : await stampBefore(source, fromMs - frameMs, first);
    let number = stamp === undefined ? 0 : Math.round(stamp.ms / frameMs) + 1;
    let skipped = stamp === undefined;
    const window = new ByteWindow(source);
    for await (const { data, page } of packetsOf(window, serial, stamp?.offset ?? 0)) {
      // The page of the stamp ends with the frame of the stamp.
      if (!skipped && page.start === stamp?.offset) continue;
      skipped = true;
      if (((data[0] ?? 0) & IS_HEADER) !== 0 && data.length > 0) continue;
      const timeMs = number * frameMs;
      number += 1;
      // An empty packet shows the frame before it again.
      if (data.length === 0) continue;
      const keyframe = (data[0]! & NO_KEYFRAME) === 0;
      yield { track: 0, data, keyframe, timeMs, dueMs: timeMs };
    }
  }
}

async function theoraPage(window: ByteWindow): Promise<OggPage | undefined> {
  let at = 0;
  for (let streams = 0; streams < MAX_STREAMS; streams += 1) {
    const page = await nextPage(window, at);
    if (page === undefined || !page.beginsStream) return undefined;
    const start = await window.view(page.body, IDENTIFICATION.length);
    if (start.equals(IDENTIFICATION)) return page;
    at = page.end;
  }
  return undefined;
}

/** Identification header, Theora I specification s.6.2. */
function readIdentity(header: Uint8Array): Identity {
  const bits = new BitReader(header.subarray(IDENTIFICATION.length));
  const version = bits.bits(24);
  const widthPx = bits.bits(16) * 16;
  const heightPx = bits.bits(16) * 16;
  bits.skip(24 + 24 + 8 + 8); // picture region
  const numerator = bits.bits(32);
  const denominator = bits.bits(32);
  bits.skip(24 + 24 + 8 + 24 + 6); // aspect ratio, colour space, bit rate, quality
  const shift = BigInt(bits.bits(5));
  if (numerator === 0 || denominator === 0 || widthPx === 0 || heightPx === 0)
    throw unsupported('the Theora stream has no frame rate or size');
  const frameMs = (denominator / numerator) * 1000;
  return { widthPx, heightPx, frameMs, shift, firstGranule: version >= 0x030201 ? 1 : 0 };
}

/** The frame that a granule position names, as a time. */
function stampOf(page: OggPage, { shift, frameMs, firstGranule }: Identity): Stamp | undefined {
  const { granule } = page;
  if (granule === undefined || granule <= 0n) return undefined;
  const frames = Number(granule >> shift) + Number(granule & ((1n << shift) - 1n));
  return { offset: page.start, ms: Math.max(0, frames - firstGranule) * frameMs };
}

const MAGIC = Buffer.from('OggS');

function firstIn(
  bytes: Buffer,
  start: number,
  serial: number,
  identity: Identity,
): Stamp | undefined {
  for (let at = bytes.indexOf(MAGIC); at >= 0; at = bytes.indexOf(MAGIC, at + 1)) {
    const page = readPage(bytes, at, start);
    const stamp = page?.serial === serial ? stampOf(page, identity) : undefined;
    if (stamp !== undefined) return stamp;
  }
  return undefined;
}

function lastIn(
  bytes: Buffer,
  start: number,
  serial: number,
  identity: Identity,
): Stamp | undefined {
  for (let at = bytes.lastIndexOf(MAGIC); at >= 0;) {
    const page = readPage(bytes, at, start);
    const stamp = page?.serial === serial ? stampOf(page, identity) : undefined;
    if (stamp !== undefined) return stamp;
    at = at === 0 ? -1 : bytes.lastIndexOf(MAGIC, at - 1);
  }
  return undefined;
}

/** Packets of one stream that begin in pages from an offset on. */
async function* packetsOf(
  window: ByteWindow,
  serial: number,
  from: number,
): AsyncGenerator<{ readonly data: Buffer; readonly page: OggPage }> {
  let parts: Buffer[] = [];
  let bytes = 0;
  let open = false;
  for (let page = await nextPage(window, from); page !== undefined;) {
    if (page.serial === serial) {
      const body = Buffer.from(await window.view(page.body, page.end - page.body));
      let at = 0;
      let start = 0;
      // What was begun before the first page is not known.
      let unknown = page.continued && !open;
      if (!page.continued) parts = [];
      if (!page.continued) bytes = 0;
      open = false;
      for (const size of page.lacing) {
        at += size;
        open = size === 255;
        if (open) continue;
        parts.push(body.subarray(start, at));
        if (!unknown) yield { data: parts.length === 1 ? parts[0]! : Buffer.concat(parts), page };
        unknown = false;
        parts = [];
        bytes = 0;
        start = at;
      }
      if (open) parts.push(body.subarray(start, at));
      if (open && unknown) parts = [];
      if (open && unknown) open = false;
      bytes += at - start;
      if (bytes > MAX_PACKET_BYTES) throw broken('a packet is too large', page.start);
    }
    page = await nextPage(window, page.end);
  }
}
