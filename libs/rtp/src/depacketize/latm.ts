import { NightjarError } from '@nightjar/common';
import type { CodecConfig, TrackFormat } from '../format.js';
import { BitReader } from '../parameter-sets/bit-reader.js';
import { aacConfig } from '../parameter-sets/codec-config.js';
import {
  copyBits,
  readStreamMuxConfig,
  type StreamMuxConfig,
} from '../parameter-sets/stream-mux-config.js';
import { configOf, muxConfigOf } from '../sdp-format.js';
import { aacFrameTicks, AudioFrames } from './audio-frames.js';
import type { AccessUnitSink, Depacketizer } from './depacketizer.js';
import { PacketCursor } from './packet-cursor.js';
import type { UnitMemory } from './unit-memory.js';

/** 64 frames of the largest size that AAC knows for two channels, and what is around them. */
const MAX_ELEMENT_BYTES = 128 * 1024;
const FIRST_ELEMENT_BYTES = 2048;
/** 6 bits count them. */
const MAX_FRAMES = 64;

/**
 * AAC in LATM (RFC 6416 s.6; RFC 3016): one AudioMuxElement per packet or over several, whose last has the marker. Its
 * configuration stands in the SDP (`cpresent=0`), or in the stream.
 *
 * ```
 * AudioMuxElement: [ 1 | 0 StreamMuxConfig ] { length (255 ... < 255) | frame } ... | other data | padding
 *                    only with cpresent=1      so that frames need not begin at a byte
 * ```
 */
export class LatmDepacketizer implements Depacketizer {
  readonly #cursor: PacketCursor;
  readonly #frames: AudioFrames;
  readonly #clockRateHz: number;
  readonly #channels: number;
  /** Whether the configuration stands in the stream; undefined until an element shows it. */
  #inBand: boolean | undefined;
  #mux: StreamMuxConfig | undefined;
  #frameTicks: number;
  /** The element so far, and the timestamp of its packets. */
  #element = Buffer.alloc(FIRST_ELEMENT_BYTES);
  #filled = 0;
  #elementTicks = 0;
  /** Packets before it were lost, or not seen: it may be the rest of an element. */
  #mayBeRest = true;
  #tooLong = false;
  /** Where the frames of an element lie: bit of the begin, bits. */
  readonly #places = new Uint32Array(2 * MAX_FRAMES);

  constructor(format: TrackFormat, sink: AccessUnitSink, memory: UnitMemory) {
    this.#cursor = new PacketCursor(format.payloadType);
    this.#frames = new AudioFrames(configOf(format), sink, memory);
    this.#clockRateHz = format.clockRateHz;
    this.#channels = format.channels;
    // 1 is what is meant without it; field: encoders that mean 0 leave it out, too.
    const present = format.fmtp['cpresent']?.trim();
    this.#inBand = present === undefined ? undefined : present !== '0';
    this.#mux = muxConfigOf(format);
    this.#frameTicks = aacFrameTicks(this.config, this.#clockRateHz);
  }

  get config(): CodecConfig | undefined {
    return this.#frames.config;
  }

  push(buf: Buffer, offset: number, length: number): void {
    const cursor = this.#cursor;
    if (!cursor.read(buf, offset, length)) return;
    if (cursor.lossBefore) {
      this.#frames.damage();
      this.#filled = 0;
      this.#tooLong = false;
      this.#mayBeRest = true;
    } else if (cursor.ticks !== this.#elementTicks) {
      // field: a sender that never sets the marker; what has another time is another element.
      this.flush();
    }
    this.#elementTicks = cursor.ticks;
    this.#append(buf, cursor.payloadStart, cursor.payloadEnd);
    if (cursor.marker) this.flush();
  }

  /** What has no marker yet is taken as it is: it may be whole. */
  flush(): void {
    const element = this.#element.subarray(0, this.#filled);
    const [mayBeRest, tooLong] = [this.#mayBeRest, this.#tooLong];
    this.#filled = 0;
    this.#mayBeRest = false;
    this.#tooLong = false;
    if (tooLong || (element.length > 0 && !this.#takes(element, mayBeRest))) this.#frames.damage();
  }

  #append(buf: Buffer, start: number, end: number): void {
    const needed = this.#filled + end - start;
    this.#tooLong ||= needed > MAX_ELEMENT_BYTES;
    if (this.#tooLong) return;
    if (needed > this.#element.length) {
      const larger = Buffer.alloc(Math.min(2 * needed, MAX_ELEMENT_BYTES));
      this.#element.copy(larger, 0, 0, this.#filled);
      this.#element = larger;
    }
    buf.copy(this.#element, this.#filled, start, end);
    this.#filled = needed;
  }

  /** Reads an element in the form that fits; false for one that cannot be read. */
  #takes(element: Buffer, mayBeRest: boolean): boolean {
    if (this.#inBand !== undefined) return this.#reads(element, this.#inBand, mayBeRest);
    for (const inBand of [true, false]) {
      if (!this.#reads(element, inBand, true)) continue;
      this.#inBand = inBand;
      return true;
    }
    return false;
  }

  /** @param exactly only when it ends where its frames end: whatever is no element hardly ever does */
  #reads(element: Buffer, inBand: boolean, exactly: boolean): boolean {
    try {
      const bits = new BitReader(element);
      const said = inBand && !bits.flag() ? readStreamMuxConfig(bits, element) : undefined;
      const mux = said ?? this.#mux;
      // What tells the configuration comes again.
      if (mux === undefined) return inBand;
      for (let frame = 0; frame < mux.frames; frame += 1) {
        const length = mux.frameBits ?? 8 * readSlotBytes(bits);
        this.#places[2 * frame] = bits.position;
        this.#places[2 * frame + 1] = length;
        bits.skip(length);
      }
      bits.skip(mux.otherDataBits);
      if (exactly && bits.bitsLeft >= 8) return false;
      if (said !== undefined) this.#learn(said);
      this.#deliver(element, mux.frames);
      return true;
    } catch (error) {
      if (error instanceof NightjarError) return false;
      throw error;
    }
  }

  #deliver(element: Buffer, frames: number): void {
    for (let frame = 0; frame < frames; frame += 1) {
      const [from, length] = [this.#places[2 * frame]!, this.#places[2 * frame + 1]!];
      if (length === 0) continue;
      const room = this.#frames.claim((length + 7) >> 3);
      copyBits(element, from, from + length, room);
      this.#frames.deliver(room, this.#elementTicks + frame * this.#frameTicks);
    }
  }

  /** @throws NightjarError for a configuration of AAC that cannot be */
  #learn(mux: StreamMuxConfig): void {
    this.#frames.change(aacConfig(mux.audioSpecificConfig, this.#channels));
    this.#mux = mux;
    this.#frameTicks = aacFrameTicks(this.config, this.#clockRateHz);
  }
}

/** PayloadLengthInfo(): MuxSlotLengthBytes (ISO/IEC 14496-3 table 1.44). */
function readSlotBytes(bits: BitReader): number {
  let bytes = 0;
  for (;;) {
    const part = bits.bits(8);
    bytes += part;
    if (part < 255) return bytes;
  }
}
