import type { CodecConfig, TrackFormat } from '../format.js';
import { H264 } from '../nal-types.js';
import { configOf } from '../sdp-format.js';
import { AccessUnitAssembler } from './access-unit-assembler.js';
import type { AccessUnitSink, Depacketizer } from './depacketizer.js';
import { PacketCursor } from './packet-cursor.js';
import { h264Syntax } from './video-syntax.js';

const FU_HEADERS_BYTES = 2;
const FU_START = 0x80;
const FU_END = 0x40;
const SIZE_BYTES = 2;

/** RFC 6184, packetization modes 0 and 1: single NAL units, STAP-A, FU-A. */
export class H264Depacketizer implements Depacketizer {
  readonly #cursor: PacketCursor;
  readonly #assembler: AccessUnitAssembler;

  constructor(format: TrackFormat, sink: AccessUnitSink) {
    this.#cursor = new PacketCursor(format.payloadType);
    this.#assembler = new AccessUnitAssembler(h264Syntax, configOf(format), sink);
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
    if (start >= end) return;
    const type = (buf[start] ?? 0) & 0x1f;
    if (type <= H264.lastCoded) this.#assembler.addNal(buf, start, end);
    else if (type === H264.stapA) this.#aggregation(buf, start + 1, end);
    else if (type === H264.fuA) this.#fragment(buf, start, end);
    else this.#assembler.damage(); // STAP-B, MTAP, FU-B: mode 2 is not offered
  }

  /** STAP-A: header, then size and NAL unit in turns (RFC 6184 s.5.7.1). */
  #aggregation(buf: Buffer, start: number, end: number): void {
    let position = start;
    while (position + SIZE_BYTES <= end) {
      const nal = position + SIZE_BYTES;
      const nalEnd = nal + buf.readUInt16BE(position);
      if (nalEnd === nal || nalEnd > end) {
        this.#assembler.damage();
        return;
      }
      this.#assembler.addNal(buf, nal, nalEnd);
      position = nalEnd;
    }
  }

  /**
   * FU-A: indicator, FU header, part of a NAL unit (RFC 6184 s.5.8). The first fragment alone says the type (field:
   * Tiandy changes it later); start and end may be set both, the reserved bit may be set, a part may be empty.
   */
  #fragment(buf: Buffer, start: number, end: number): void {
    if (end - start < FU_HEADERS_BYTES) {
      this.#assembler.damage();
      return;
    }
    const indicator = buf[start] ?? 0;
    const fuHeader = buf[start + 1] ?? 0;
    if ((fuHeader & FU_START) !== 0) {
      this.#assembler.openNal();
      this.#assembler.appendHeaderByte((indicator & 0xe0) | (fuHeader & 0x1f));
    }
    this.#assembler.appendToNal(buf, start + FU_HEADERS_BYTES, end);
    if ((fuHeader & FU_END) !== 0) this.#assembler.closeNal();
  }
}
