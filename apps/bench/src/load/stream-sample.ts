import {
  RTP_HEADER_BYTES,
  markerOf,
  payloadRange,
  sequenceOf,
  startsKeyframe,
} from '@nightjar/rtp';
import { readFrameStamp } from '../../../camsim/src/frame-stamp.js';

/** A stamp is the first NAL unit of a frame, alone in its packet or before others: it ends within so many bytes. */
const STAMP_WITHIN_BYTES = 128;
const MAX_GAP = 0x8000;

/** Follows one H.264 stream packet by packet: loss, latency and the first complete keyframe. */
export class StreamSample {
  packets = 0;
  /** Missing by sequence number. */
  lost = 0;
  latencyMs: number[] = [];
  private lastSequence = -1;
  private inKeyframe = false;

  /** @param onKeyframe called once, when the first complete keyframe has arrived */
  constructor(private onKeyframe: () => void = () => undefined) {}

  /** Starts counting anew, in the same stream. */
  reset(): void {
    this.packets = 0;
    this.lost = 0;
    this.latencyMs = [];
  }

  /** Takes the RTP packet of `length` bytes at `offset`. */
  packet(buf: Buffer, offset: number, length: number): void {
    if (length < RTP_HEADER_BYTES) return;
    const gap = this.countFrom(sequenceOf(buf, offset));
    if (gap > 0) this.inKeyframe = false;
    const { start, end } = payloadRange(buf, offset, length);
    this.inKeyframe ||= startsKeyframe('h264', buf, start, end);
    // Relays may end parameter sets with a marker of their own; a keyframe is more than that.
    if (this.inKeyframe && markerOf(buf, offset) && isSlice(buf, start)) {
      this.onKeyframe();
      this.onKeyframe = () => undefined;
    }
    this.bytes(buf.subarray(start, Math.min(end, start + STAMP_WITHIN_BYTES)));
  }

  /** Takes bytes of a stream whose packets are not known: only the first stamp in them, for latency. */
  bytes(chunk: Buffer): void {
    const stamp = readFrameStamp(chunk);
    if (stamp !== undefined)
      this.latencyMs.push(Number(process.hrtime.bigint() - stamp.sentNs) / 1e6);
  }

  /** Packets missing before this one; one that comes late is taken off again. */
  private countFrom(sequence: number): number {
    this.packets++;
    const gap = this.lastSequence < 0 ? 0 : (sequence - this.lastSequence - 1) & 0xffff;
    if (gap >= MAX_GAP) {
      this.lost--;
      return 0;
    }
    this.lost += gap;
    this.lastSequence = sequence;
    return gap;
  }
}

/** IDR slice, or a fragment of something large (RFC 6184 s.5.2). */
function isSlice(buf: Buffer, start: number): boolean {
  const type = (buf[start] ?? 0) & 0x1f;
  return type === 5 || type === 24 || type === 28;
}
