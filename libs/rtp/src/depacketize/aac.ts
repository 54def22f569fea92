import type { CodecConfig, TrackFormat } from '../format.js';
import { configOf } from '../sdp-format.js';
import { adtsConfig, adtsFrameBytes, adtsHeaderBytes, isAdts } from './adts.js';
import { aacFrameTicks, AudioFrames } from './audio-frames.js';
import type { AccessUnitSink, Depacketizer } from './depacketizer.js';
import { PacketCursor } from './packet-cursor.js';
import type { UnitMemory } from './unit-memory.js';

const LENGTH_FIELD_BYTES = 2;
const MAX_FIELD_BITS = 16;
/** AAC-hbr and AAC-lbr, for an fmtp that names the mode only (RFC 3640 s.3.3.5, s.3.3.6). */
const HBR_BITS = { size: 13, index: 3 } as const;
const LBR_BITS = { size: 6, index: 2 } as const;

/**
 * RFC 3640 without interleaving: AU headers of size and index, several access units per packet or one over several.
 *
 * ```
 * | AU-headers-length (bits, 16) | AU-header (size, index) ... | padding | AU ... |
 * ```
 * Without fields the header section is absent (s.3.2.1). Field: no-name cameras leave it out all the same and send ADTS
 * frames or one raw frame; others have ADTS frames behind it.
 */
export class AacDepacketizer implements Depacketizer {
  readonly #cursor: PacketCursor;
  readonly #frames: AudioFrames;
  readonly #hasHeaders: boolean;
  readonly #sizeBits: number;
  readonly #indexBits: number;
  readonly #indexDeltaBits: number;
  readonly #clockRateHz: number;
  readonly #fallbackChannels: number;
  #frameTicks: number;
  /** Access unit that comes in fragments, `#filled` bytes of it so far, in the room claimed last. */
  #partial: Uint8Array | undefined;
  #filled = 0;
  #partialTicks = 0;

  constructor(format: TrackFormat, sink: AccessUnitSink, memory: UnitMemory) {
    this.#cursor = new PacketCursor(format.payloadType);
    this.#frames = new AudioFrames(configOf(format), sink, memory);
    const mode = /lbr/i.test(format.fmtp['mode'] ?? '') ? LBR_BITS : HBR_BITS;
    this.#hasHeaders = format.fmtp['sizelength'] !== '0';
    this.#sizeBits = Math.max(1, fieldBits(format.fmtp['sizelength'], mode.size));
    this.#indexBits = fieldBits(format.fmtp['indexlength'], mode.index);
    this.#indexDeltaBits = fieldBits(format.fmtp['indexdeltalength'], mode.index);
    this.#clockRateHz = format.clockRateHz;
    this.#fallbackChannels = format.channels;
    this.#frameTicks = aacFrameTicks(this.config, this.#clockRateHz);
  }

  get config(): CodecConfig | undefined {
    return this.#frames.config;
  }

  push(buf: Buffer, offset: number, length: number): void {
    const cursor = this.#cursor;
    if (!cursor.read(buf, offset, length)) return;
    if (cursor.lossBefore) {
      this.#partial = undefined;
      this.#frames.damage();
    }
    const { payloadStart: start, payloadEnd: end, ticks } = cursor;
    if (isAdts(buf, start, end)) this.#adts(buf, start, end, ticks);
    else if (!this.#hasHeaders || !this.#accessUnits(buf, start, end, ticks))
      this.#keep(buf, start, end, ticks);
  }

  /** An access unit whose last fragment did not come is lost. */
  flush(): void {
    this.#partial = undefined;
  }

  /** False when the payload has no AU header section. */
  #accessUnits(buf: Buffer, start: number, end: number, ticks: number): boolean {
    const headers = start + LENGTH_FIELD_BYTES;
    if (headers > end) return false;
    const headerBits = buf.readUInt16BE(start);
    const firstBits = this.#sizeBits + this.#indexBits;
    const data = headers + Math.ceil(headerBits / 8);
    if (headerBits < firstBits || data > end) return false;
    const count =
      1 + Math.floor((headerBits - firstBits) / (this.#sizeBits + this.#indexDeltaBits));
    let position = data;
    for (let unit = 0, bit = headers * 8; unit < count; unit += 1) {
      const bytes = bitsAt(buf, bit, this.#sizeBits);
      bit += this.#sizeBits + (unit === 0 ? this.#indexBits : this.#indexDeltaBits);
      if (position + bytes > end) {
        if (count === 1) this.#fragment(buf, position, end, bytes, ticks);
        else this.#frames.damage();
        return true;
      }
      this.#deliver(buf, position, position + bytes, ticks + unit * this.#frameTicks);
      position += bytes;
    }
    return true;
  }

  /** Every fragment says the size of the whole unit and has its timestamp (RFC 3640 s.3.2.3.1). */
  #fragment(buf: Buffer, start: number, end: number, unitBytes: number, ticks: number): void {
    if (this.#partial?.length !== unitBytes || this.#partialTicks !== ticks) {
      this.#giveUpPartial();
      this.#partial = this.#frames.claim(unitBytes);
      this.#partialTicks = ticks;
      this.#filled = 0;
    }
    const bytes = Math.min(end - start, unitBytes - this.#filled);
    buf.copy(this.#partial, this.#filled, start, start + bytes);
    this.#filled += bytes;
    if (this.#filled === unitBytes) {
      const whole = this.#partial;
      this.#partial = undefined;
      this.#frames.deliver(whole, ticks);
    }
  }

  #giveUpPartial(): void {
    if (this.#partial === undefined) return;
    this.#partial = undefined;
    this.#frames.damage();
  }

  #adts(buf: Buffer, start: number, end: number, ticks: number): void {
    const learned = this.config === undefined && adtsConfig(buf, start, this.#fallbackChannels);
    if (learned) {
      this.#frames.learn(learned);
      this.#frameTicks = aacFrameTicks(this.config, this.#clockRateHz);
    }
    let position = start;
    for (let frame = 0; isAdts(buf, position, end); frame += 1) {
      const frameEnd = position + adtsFrameBytes(buf, position);
      const raw = position + adtsHeaderBytes(buf, position);
      if (raw > frameEnd || frameEnd > end) {
        this.#frames.damage();
        return;
      }
      this.#keep(buf, raw, frameEnd, ticks + frame * this.#frameTicks);
      position = frameEnd;
    }
  }

  #deliver(buf: Buffer, start: number, end: number, ticks: number): void {
    if (isAdts(buf, start, end)) this.#adts(buf, start, end, ticks);
    else this.#keep(buf, start, end, ticks);
  }

  #keep(buf: Buffer, start: number, end: number, ticks: number): void {
    this.#giveUpPartial();
    if (start === end) return;
    this.#frames.copy(buf, start, end, ticks);
  }
}

function fieldBits(value: string | undefined, fallback: number): number {
  const bits = Number.parseInt(value ?? '', 10);
  return bits >= 0 && bits <= MAX_FIELD_BITS ? bits : fallback;
}

/** Up to 16 bits from an absolute bit position; the caller has checked the range. */
function bitsAt(buf: Buffer, position: number, count: number): number {
  const byte = position >> 3;
  const word = ((buf[byte] ?? 0) << 16) | ((buf[byte + 1] ?? 0) << 8) | (buf[byte + 2] ?? 0);
  return (word >> (24 - (position & 7) - count)) & ((1 << count) - 1);
}
