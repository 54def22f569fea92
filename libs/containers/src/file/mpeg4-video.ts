import { NightjarError } from '@nightjar/common';
import { BitReader } from '@nightjar/rtp';
import type { Part, VideoSyntax } from './elementary-video.js';
import type { ShowingOrder } from './stepped-file.js';

const DEFAULT_FRAME_MS = 40;
const START_CODE = Buffer.from([0, 0, 1]);
/** Values of start codes, ISO/IEC 14496-2 table 6-3. */
const FIRST_LAYER = 0x20;
const LAST_LAYER = 0x2f;
const SEQUENCE_END = 0xb1;
const USER_DATA = 0xb2;
const GROUP = 0xb3;
const PICTURE = 0xb6;
/** Types of VOPs, ISO/IEC 14496-2 table 6-20. */
const INTRA = 0;
const BIDIRECTIONAL = 2;
/** VOPs whose times are compared to find how long one is shown. */
const COMPARED = 12;
const MAX_REORDER = 16;
const MAX_SECONDS = 3600;
const VOP_BYTES = 32;

/** MPEG-4 visual (ISO/IEC 14496-2). Undefined when it does not begin with the headers of a layer. */
export function mpeg4Video(head: Buffer): VideoSyntax | undefined {
  const codes = startCodesOf(head);
  const layerAt = codes.find((at) => isLayer(head[at + 3] ?? 0));
  const mediaAt = codes.find((at) => [GROUP, PICTURE].includes(head[at + 3] ?? 0));
  if (layerAt === undefined || mediaAt === undefined || mediaAt < layerAt) return undefined;
  const layer = readLayer(head.subarray(layerAt + 4, mediaAt));
  if (layer === undefined) return undefined;
  const frameTicks = layer.frameTicks ?? measuredTicks(head, codes, layer.resolution);
  return {
    config: { codec: 'mpeg4-visual', headers: Uint8Array.from(head.subarray(codes[0], mediaAt)) },
    unitMs: frameTicks === undefined ? DEFAULT_FRAME_MS : (frameTicks / layer.resolution) * 1000,
    part: partOf,
    dataOf: (bytes) => bytes,
    order: (mark) => new ShownByTime(layer.resolution, frameTicks, mark?.shown),
  };
}

function partOf(bytes: Buffer): Part {
  const code = bytes[0] ?? 0;
  if (code === PICTURE) return { role: 'picture', keyframe: (bytes[1] ?? 0xff) >> 6 === INTRA };
  return { role: code === SEQUENCE_END || code === USER_DATA ? 'more' : 'head', keyframe: false };
}

function isLayer(code: number): boolean {
  return code >= FIRST_LAYER && code <= LAST_LAYER;
}

function startCodesOf(head: Buffer): number[] {
  const codes: number[] = [];
  for (let at = head.indexOf(START_CODE); at >= 0; at = head.indexOf(START_CODE, at + 3))
    codes.push(at);
  return codes;
}

/** Times of a layer, ISO/IEC 14496-2 s.6.2.3. */
function readLayer(
  bytes: Buffer,
): { resolution: number; frameTicks: number | undefined } | undefined {
  return tolerant(() => {
    const bits = new BitReader(bytes);
    bits.skip(9); // random_accessible_vol, video_object_type_indication
    if (bits.flag()) bits.skip(7); // verid, priority
    if (bits.bits(4) === 15) bits.skip(16); // extended aspect ratio
    if (bits.flag()) {
      bits.skip(3); // chroma_format, low_delay
      if (bits.flag()) bits.skip(79); // vbv_parameters
    }
    if (bits.bits(2) !== 0) return undefined; // shapes other than rectangles
    bits.skip(1);
    const resolution = bits.bits(16);
    bits.skip(1);
    if (resolution === 0) return undefined;
    const frameTicks = bits.flag() ? bits.bits(incrementBits(resolution)) : undefined;
    return { resolution, frameTicks: frameTicks === 0 ? undefined : frameTicks };
  });
}

function incrementBits(resolution: number): number {
  return Math.max(1, Math.ceil(Math.log2(resolution)));
}

/** The shortest time between two of the first pictures. */
function measuredTicks(
  head: Buffer,
  codes: readonly number[],
  resolution: number,
): number | undefined {
  const times = new VopTimes(resolution);
  const found: number[] = [];
  for (const at of codes) {
    if (found.length === COMPARED) break;
    const time = times.next(head.subarray(at, at + VOP_BYTES));
    if (time !== undefined) found.push(time);
  }
  found.sort((a, b) => a - b);
  const steps = found.slice(1).map((time, i) => time - found[i]!);
  const shortest = Math.min(...steps.filter((step) => step > 0));
  return Number.isFinite(shortest) ? shortest : undefined;
}

/** Follows the times of VOPs, in ticks of the layer. */
class VopTimes {
  private seconds = 0;
  private secondsBefore = 0;

  constructor(private readonly resolution: number) {}

  /** @param bytes from a start code on; undefined when it begins no VOP */
  next(bytes: Buffer): number | undefined {
    const bits = new BitReader(bytes.subarray(4));
    if (bytes[3] === GROUP) {
      // A time code of hours, minutes and seconds, with a marker bit (ISO/IEC 14496-2 s.6.2.4).
      const read = (): number => (bits.bits(5) * 60 + bits.bits(6)) * 60 + (bits.bits(7) % 64);
      this.seconds = tolerant(read) ?? this.seconds;
    }
    if (bytes[3] !== PICTURE) return undefined;
    return tolerant(() => {
      const bidirectional = bits.bits(2) === BIDIRECTIONAL;
      let passed = 0;
      while (bits.flag()) passed += 1;
      if (passed > MAX_SECONDS) return undefined;
      bits.skip(1);
      const ticks = bits.bits(incrementBits(this.resolution));
      // A B-VOP counts from the anchor before it in the order of showing (ISO/IEC 14496-2 s.6.3.5).
      if (bidirectional) return (this.secondsBefore + passed) * this.resolution + ticks;
      this.secondsBefore = this.seconds;
      this.seconds += passed;
      return this.seconds * this.resolution + ticks;
    });
  }
}

/** When VOPs are shown, by their times. */
class ShownByTime implements ShowingOrder {
  private readonly times: VopTimes;
  private origin: number | undefined;

  constructor(
    resolution: number,
    private readonly frameTicks: number | undefined,
    private readonly firstShown: number | undefined,
  ) {
    this.times = new VopTimes(resolution);
  }

  place(bytes: Buffer, number: number): number {
    let time: number | undefined;
    for (let at = bytes.indexOf(START_CODE); at >= 0 && time === undefined;) {
      time = this.times.next(bytes.subarray(at, at + VOP_BYTES));
      at = bytes.indexOf(START_CODE, at + 3);
    }
    if (time === undefined || this.frameTicks === undefined) return number;
    const place = Math.round(time / this.frameTicks);
    this.origin ??= (this.firstShown ?? number) - place;
    if (Math.abs(this.origin + place - number) > MAX_REORDER) this.origin = number - place;
    return this.origin + place;
  }
}

function tolerant<T>(read: () => T | undefined): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof NightjarError) return undefined;
    throw error;
  }
}
