import { endWithoutZeros, splitAnnexB, START_CODE } from '../annex-b.js';
import type { CodecConfig } from '../format.js';
import { sameConfig } from '../sdp-format.js';
import type { AccessUnitSink } from './depacketizer.js';
import { ParameterSetCache } from './parameter-set-cache.js';
import { UnitBuffer } from './unit-buffer.js';
import type { UnitMemory } from './unit-memory.js';
import type { VideoSyntax } from './video-syntax.js';

const LENGTH_BYTES = 4;
const NO_NAL = -1;

/**
 * NAL units to access units, the same for H.264 and H.265. A unit ends by marker or by a new timestamp, whichever comes
 * first, but only once it holds a slice - field: Tapo TC70 and Reolink Duo 2 set the marker on parameter sets, LV-IP22 on
 * SEI, and some cameras give the parameter sets another timestamp than the IDR picture they belong to.
 */
export class AccessUnitAssembler {
  readonly #syntax: VideoSyntax;
  readonly #sink: AccessUnitSink;
  readonly #sets: ParameterSetCache;
  readonly #unit: UnitBuffer;
  #announced: CodecConfig | undefined;
  #ticks = 0;
  #damaged = false;
  /** Packets were lost before the first slice of the pending unit: it tells whether others came before it. */
  #startUnsure = false;
  #afterLoss = false;
  #hasSlice = false;
  #keyframe = false;
  /** Where the length field of the open NAL unit lies. */
  #nalAt = NO_NAL;

  constructor(
    syntax: VideoSyntax,
    config: CodecConfig | undefined,
    sink: AccessUnitSink,
    memory: UnitMemory,
  ) {
    this.#syntax = syntax;
    this.#sink = sink;
    this.#sets = new ParameterSetCache(syntax, config);
    this.#unit = new UnitBuffer(memory);
  }

  get config(): CodecConfig | undefined {
    return this.#sets.config;
  }

  /** Before the NAL units of each packet. */
  startPacket(ticks: number, lossBefore: boolean): void {
    // What was lost may be the end of the pending unit, the start of this one, or both.
    if (lossBefore && (this.#hasSlice || this.#nalAt !== NO_NAL)) this.damage();
    if (ticks !== this.#ticks) this.flush();
    if (lossBefore && !this.#hasSlice) this.#startUnsure = true;
    this.#ticks = ticks;
  }

  /** After the NAL units of each packet. */
  endPacket(marker: boolean): void {
    if (marker) this.flush();
  }

  /** A whole NAL unit; one with start codes inside is taken apart (field: V380). */
  addNal(buf: Buffer, start: number, end: number): void {
    this.openNal();
    this.#unit.append(buf, start, end);
    this.closeNal();
  }

  /** A NAL unit that comes in parts follows; the one before must be closed or is lost. */
  openNal(): void {
    if (this.#nalAt !== NO_NAL) this.damage();
    this.#nalAt = this.#unit.length;
    this.#unit.reserve(LENGTH_BYTES);
  }

  appendHeaderByte(byte: number): void {
    this.#unit.appendByte(byte);
  }

  /** A part of the open NAL unit; without one, the start of that NAL unit was lost. */
  appendToNal(buf: Buffer, start: number, end: number): void {
    if (this.#nalAt === NO_NAL) this.damage();
    else this.#unit.append(buf, start, end);
  }

  closeNal(): void {
    if (this.#nalAt === NO_NAL) return;
    const at = this.#nalAt;
    this.#nalAt = NO_NAL;
    const bytes = this.#unit.view(at + LENGTH_BYTES);
    if (bytes.indexOf(START_CODE) < 0) {
      this.#keepNal(at, bytes);
      return;
    }
    const copy = Buffer.from(bytes);
    this.#unit.truncate(at);
    for (const nal of splitAnnexB(copy)) {
      const nalAt = this.#unit.length;
      const start = nal.byteOffset - copy.byteOffset;
      this.#unit.reserve(LENGTH_BYTES);
      this.#unit.append(copy, start, start + nal.length);
      this.#keepNal(nalAt, this.#unit.view(nalAt + LENGTH_BYTES));
    }
  }

  /** Something of the pending unit is missing or wrong; the open NAL unit is given up. */
  damage(): void {
    this.#damaged = true;
    if (this.#nalAt !== NO_NAL) this.#unit.truncate(this.#nalAt);
    this.#nalAt = NO_NAL;
  }

  /** Ends the pending unit, if it holds a slice or cannot hold more. */
  flush(): void {
    if (this.#hasSlice || this.#unit.overflowed) this.#endUnit();
  }

  /** The NAL unit at the end of the buffer stays there, goes into the parameter sets, or nowhere. */
  #keepNal(at: number, bytes: Buffer): void {
    const nalBytes = endWithoutZeros(bytes, 0, bytes.length);
    const role =
      nalBytes < this.#syntax.headerBytes
        ? 'dropped'
        : this.#syntax.roleOf(this.#syntax.typeOf(bytes[0] ?? 0));
    if (role === 'parameter-set') this.#sets.offer(bytes.subarray(0, nalBytes));
    if (role === 'parameter-set' || role === 'dropped') {
      this.#unit.truncate(at);
      return;
    }
    this.#unit.writeUInt32(nalBytes, at);
    this.#unit.truncate(at + LENGTH_BYTES + nalBytes);
    if (role === 'other') return;
    if (role === 'keyframe-slice') this.#keyframe = true;
    if (this.#startUnsure) this.#judgeStart(bytes);
    this.#hasSlice = true;
  }

  /** The first slice after a loss: a keyframe that begins with it is whole, anything else lacks something. */
  #judgeStart(slice: Uint8Array): void {
    this.#startUnsure = false;
    if (!this.#hasSlice && this.#keyframe && this.#syntax.beginsPicture(slice))
      this.#afterLoss = true;
    else this.#damaged = true;
  }

  #endUnit(): void {
    if (this.#nalAt !== NO_NAL) this.damage();
    const { config } = this.#sets;
    const { overflowed } = this.#unit;
    if (config !== undefined && !overflowed) {
      this.#announce(config);
      const damaged = this.#damaged;
      const keyframe = this.#keyframe;
      const data = this.#unit.take(!keyframe);
      const unit = { data, ticks: this.#ticks, keyframe, damaged };
      this.#sink.accessUnit(this.#afterLoss && !damaged ? { ...unit, afterLoss: true } : unit);
    }
    this.#unit.clear();
    this.#hasSlice = false;
    this.#keyframe = false;
    this.#afterLoss = false;
    this.#damaged = overflowed;
  }

  #announce(config: CodecConfig): void {
    if (config === this.#announced) return;
    const changed = this.#announced === undefined || !sameConfig(config, this.#announced);
    this.#announced = config;
    if (changed) this.#sink.config(config);
  }
}
