import type { CodecConfig, TrackFormat } from '../format.js';
import { H265 } from '../nal-types.js';
import { configOf } from '../sdp-format.js';
import { AccessUnitAssembler } from './access-unit-assembler.js';
import type { AccessUnitSink, Depacketizer } from './depacketizer.js';
import { PacketCursor } from './packet-cursor.js';
import { h265Syntax } from './video-syntax.js';

const FU_HEADERS_BYTES = 3;
const FU_START = 0x80;
const FU_END = 0x40;
const SIZE_BYTES = 2;
const DONL_BYTES = 2;
const DOND_BYTES = 1;

/**
 * RFC 7798 in transmission order: single NAL units, AP, FU; PACI is ignored. Decoding order numbers are skipped where
 * `sprop-max-don-diff` announces them; units that a sender really interleaves are not put back in order.
 */
export class H265Depacketizer implements Depacketizer {
  readonly #cursor: PacketCursor;
  readonly #assembler: AccessUnitAssembler;
  readonly #donlBytes: number;
  readonly #dondBytes: number;

  constructor(format: TrackFormat, sink: AccessUnitSink) {
    this.#cursor = new PacketCursor(format.payloadType);
    this.#assembler = new AccessUnitAssembler(h265Syntax, configOf(format), sink);
    const numbered = Number(format.fmtp['sprop-max-don-diff'] ?? 0) > 0;
    this.#donlBytes = numbered ? DONL_BYTES : 0;
    this.#dondBytes = numbered ? DOND_BYTES : 0;
  }

  get config(): CodecConfig | undefined {
    return this.#assembler.config;
  }

  push(buf: Buffer, offset: number, length: number): void {
    const cursor = this.#cursor;
    if (!cursor.read(buf, offset, length)) return;
    this.#assembler.startPacket(cursor.ticks, cursor.lossBefore);
    this.#payload(buf, cursor.payloadStart, cursor.payloadEnd);
    this.#assembler.endPacket(cursor.marker);
  }

  flush(): void {
    this.#assembler.flush();
  }

  #payload(buf: Buffer, start: number, end: number): void {
    if (end - start < H265.headerBytes) return;
    const type = ((buf[start] ?? 0) >> 1) & 0x3f;
    if (type === H265.ap) this.#aggregation(buf, start + H265.headerBytes, end);
    else if (type === H265.fu) this.#fragment(buf, start, end);
    else if (type < H265.ap) this.#single(buf, start, end);
  }

  #single(buf: Buffer, start: number, end: number): void {
    if (this.#donlBytes === 0) {
      this.#assembler.addNal(buf, start, end);
      return;
    }
    this.#assembler.openNal();
    this.#assembler.appendToNal(buf, start, start + H265.headerBytes);
    this.#appendRest(buf, start + H265.headerBytes + this.#donlBytes, end);
    this.#assembler.closeNal();
  }

  /** AP: payload header, then (order number,) size and NAL unit in turns (RFC 7798 s.4.4.2). */
  #aggregation(buf: Buffer, start: number, end: number): void {
    let position = start + this.#donlBytes;
    while (position + SIZE_BYTES <= end) {
      const nal = position + SIZE_BYTES;
      const nalEnd = nal + buf.readUInt16BE(position);
      if (nalEnd === nal || nalEnd > end) {
        this.#assembler.damage();
        return;
      }
      this.#assembler.addNal(buf, nal, nalEnd);
      position = nalEnd + this.#dondBytes;
    }
  }

  /** FU: payload header, FU header, (order number,) part of a NAL unit (RFC 7798 s.4.4.3). */
  #fragment(buf: Buffer, start: number, end: number): void {
    if (end - start < FU_HEADERS_BYTES) {
      this.#assembler.damage();
      return;
    }
    const fuHeader = buf[start + 2] ?? 0;
    let position = start + FU_HEADERS_BYTES;
    if ((fuHeader & FU_START) !== 0) {
      this.#assembler.openNal();
      this.#assembler.appendHeaderByte(((buf[start] ?? 0) & 0x81) | ((fuHeader & 0x3f) << 1));
      this.#assembler.appendHeaderByte(buf[start + 1] ?? 0);
      position += this.#donlBytes;
    }
    this.#appendRest(buf, position, end);
    if ((fuHeader & FU_END) !== 0) this.#assembler.closeNal();
  }

  #appendRest(buf: Buffer, start: number, end: number): void {
    this.#assembler.appendToNal(buf, Math.min(start, end), end);
  }
}
