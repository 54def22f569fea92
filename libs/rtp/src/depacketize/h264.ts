import type { TrackFormat } from '../format.js';
import { H264 } from '../nal-types.js';
import type { AccessUnitSink } from './depacketizer.js';
import type { UnitMemory } from './unit-memory.js';
import { VideoDepacketizer } from './video-depacketizer.js';
import { h264Syntax } from './video-syntax.js';

const FU_HEADERS_BYTES = 2;
const FU_START = 0x80;
const FU_END = 0x40;

/** RFC 6184, packetization modes 0 and 1: single NAL units, STAP-A, FU-A. */
export class H264Depacketizer extends VideoDepacketizer {
  constructor(format: TrackFormat, sink: AccessUnitSink, memory: UnitMemory) {
    super(format, h264Syntax, sink, memory);
  }

  protected override payload(buf: Buffer, start: number, end: number): void {
    if (start >= end) return;
    const type = (buf[start] ?? 0) & 0x1f;
    if (type <= H264.lastCoded) this.assembler.addNal(buf, start, end);
    // STAP-A: header, then size and NAL unit in turns (RFC 6184 s.5.7.1).
    else if (type === H264.stapA) this.aggregation(buf, start + 1, end, 0);
    else if (type === H264.fuA) this.#fragment(buf, start, end);
    else this.assembler.damage(); // STAP-B, MTAP, FU-B: mode 2 is not offered
  }

  /**
   * FU-A: indicator, FU header, part of a NAL unit (RFC 6184 s.5.8). The first fragment alone says the type (field:
   * Tiandy changes it later); start and end may be set both, the reserved bit may be set, a part may be empty.
   */
  #fragment(buf: Buffer, start: number, end: number): void {
    if (end - start < FU_HEADERS_BYTES) {
      this.assembler.damage();
      return;
    }
    const indicator = buf[start] ?? 0;
    const fuHeader = buf[start + 1] ?? 0;
    if ((fuHeader & FU_START) !== 0) {
      this.assembler.openNal();
      this.assembler.appendHeaderByte((indicator & 0xe0) | (fuHeader & 0x1f));
    }
    this.assembler.appendToNal(buf, start + FU_HEADERS_BYTES, end);
    if ((fuHeader & FU_END) !== 0) this.assembler.closeNal();
  }
}
