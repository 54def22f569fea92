import type { TrackFormat } from '../format.js';
import { H265 } from '../nal-types.js';
import type { AccessUnitSink } from './depacketizer.js';
import type { UnitMemory } from './unit-memory.js';
import { VideoDepacketizer } from './video-depacketizer.js';
import { h265Syntax } from './video-syntax.js';

const FU_HEADERS_BYTES = 3;
const FU_START = 0x80;
const FU_END = 0x40;
const DONL_BYTES = 2;
const DOND_BYTES = 1;

/**
 * RFC 7798 in transmission order: single NAL units, AP, FU; PACI is ignored. Decoding order numbers are skipped where
 * `sprop-max-don-diff` announces them; units that a sender really interleaves are not put back in order.
 */
export class H265Depacketizer extends VideoDepacketizer {
  readonly #donlBytes: number;
  readonly #dondBytes: number;

  constructor(format: TrackFormat, sink: AccessUnitSink, memory: UnitMemory) {
    super(format, h265Syntax, sink, memory);
    const numbered = Number(format.fmtp['sprop-max-don-diff'] ?? 0) > 0;
    this.#donlBytes = numbered ? DONL_BYTES : 0;
    this.#dondBytes = numbered ? DOND_BYTES : 0;
  }

  protected override payload(buf: Buffer, start: number, end: number): void {
    if (end - start < H265.headerBytes) return;
    const type = ((buf[start] ?? 0) >> 1) & 0x3f;
    // AP: payload header, then (order number,) size and NAL unit in turns (RFC 7798 s.4.4.2).
    if (type === H265.ap) {
      this.aggregation(buf, start + H265.headerBytes + this.#donlBytes, end, this.#dondBytes);
    } else if (type === H265.fu) this.#fragment(buf, start, end);
    else if (type < H265.ap) this.#single(buf, start, end);
  }

  #single(buf: Buffer, start: number, end: number): void {
    if (this.#donlBytes === 0) {
      this.assembler.addNal(buf, start, end);
      return;
    }
    this.assembler.openNal();
    this.assembler.appendToNal(buf, start, start + H265.headerBytes);
    this.#appendRest(buf, start + H265.headerBytes + this.#donlBytes, end);
    this.assembler.closeNal();
  }

  /** FU: payload header, FU header, (order number,) part of a NAL unit (RFC 7798 s.4.4.3). */
  #fragment(buf: Buffer, start: number, end: number): void {
    if (end - start < FU_HEADERS_BYTES) {
      this.assembler.damage();
      return;
    }
    const fuHeader = buf[start + 2] ?? 0;
    let position = start + FU_HEADERS_BYTES;
    if ((fuHeader & FU_START) !== 0) {
      this.assembler.openNal();
      this.assembler.appendHeaderByte(((buf[start] ?? 0) & 0x81) | ((fuHeader & 0x3f) << 1));
      this.assembler.appendHeaderByte(buf[start + 1] ?? 0);
      position += this.#donlBytes;
    }
    this.#appendRest(buf, position, end);
    if ((fuHeader & FU_END) !== 0) this.assembler.closeNal();
  }

  #appendRest(buf: Buffer, start: number, end: number): void {
    this.assembler.appendToNal(buf, Math.min(start, end), end);
  }
}
