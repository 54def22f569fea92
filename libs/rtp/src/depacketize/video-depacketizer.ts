import type { CodecConfig, TrackFormat } from '../format.js';
import { configOf } from '../sdp-format.js';
import { AccessUnitAssembler } from './access-unit-assembler.js';
import type { AccessUnitSink, Depacketizer } from './depacketizer.js';
import { PacketCursor } from './packet-cursor.js';
import type { UnitMemory } from './unit-memory.js';
import type { VideoSyntax } from './video-syntax.js';

const SIZE_BYTES = 2;

/** What the payload formats of H.264 and H.265 share: packets in, NAL units to an assembler, access units out. */
export abstract class VideoDepacketizer implements Depacketizer {
  readonly #cursor: PacketCursor;
  protected readonly assembler: AccessUnitAssembler;

  constructor(format: TrackFormat, syntax: VideoSyntax, sink: AccessUnitSink, memory: UnitMemory) {
    this.#cursor = new PacketCursor(format.payloadType);
    this.assembler = new AccessUnitAssembler(syntax, configOf(format), sink, memory);
  }

  get config(): CodecConfig | undefined {
    return this.assembler.config;
  }

  push(buf: Buffer, offset: number, length: number): void {
    const cursor = this.#cursor;
    if (!cursor.read(buf, offset, length)) return;
    this.assembler.startPacket(cursor.ticks, cursor.lossBefore);
    this.payload(buf, cursor.payloadStart, cursor.payloadEnd);
    this.assembler.endPacket(cursor.marker);
  }

  flush(): void {
    this.assembler.flush();
  }

  /** Gives the NAL units, or the part of one, that lie in `buf` from `start` to `end` to the assembler. */
  protected abstract payload(buf: Buffer, start: number, end: number): void;

  /**
   * NAL units, each behind its size in 2 bytes (RFC 6184 s.5.7.1, RFC 7798 s.4.4.2).
   * @param gapBytes between a NAL unit and the size of the next one
   */
  protected aggregation(buf: Buffer, start: number, end: number, gapBytes: number): void {
    let position = start;
    while (position + SIZE_BYTES <= end) {
      const nal = position + SIZE_BYTES;
      const nalEnd = nal + buf.readUInt16BE(position);
      if (nalEnd === nal || nalEnd > end) {
        this.assembler.damage();
        return;
      }
      this.assembler.addNal(buf, nal, nalEnd);
      position = nalEnd + gapBytes;
    }
  }
}
