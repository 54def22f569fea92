import type { MonotonicMs } from '@nightjar/common';
import { RTP_HEADER_BYTES, rewriteHeader, sequenceOf, timestampOf } from '@nightjar/rtp';

/** A camera that steps its clock ahead of the arrival time by more than this has jumped (protocols: 13.1). */
const MAX_LEAD_SECONDS = 2;
/** Going back further than this is a jump; less is the reordering of B-frames. */
const MAX_STEP_BACK_SECONDS = 1;

/** More from one frame to the next is a pause. */
const MAX_INTERVAL_SECONDS = 1;

const randomBits = (bits: number): number => Math.floor(Math.random() * 2 ** bits);

/**
 * Makes one unbroken RTP stream of a track out of the camera's sessions: a constant SSRC, sequence numbers that go on
 * where they ended, and timestamps that advance by the time that really passed when the camera's clock starts anew or
 * jumps. Sequence gaps inside a session are kept, for they are losses that receivers must see (RFC 3550 s.6.4.1).
 */
export class TrackContinuity {
  readonly ssrc = randomBits(32);
  private nextSequence = randomBits(15);
  private sequenceOffset = 0;
  private timestampOffset = 0;
  private lastIn = 0;
  private lastOut = randomBits(31);
  private lastArrivalMs = Number.NaN;
  /** From one frame to the next, in ticks. */
  private interval = 0;
  private fresh = true;
  packets = 0;
  octets = 0;
  /** Timestamp jumps smoothed over since the start. */
  jumps = 0;

  constructor(readonly clockRateHz: number) {}

  /** The next packet belongs to a new session of the camera. */
  restart(): void {
    this.fresh = true;
  }

  /** Whether a packet was seen since the last {@link restart}. */
  get anchored(): boolean {
    return !this.fresh;
  }

  /** Rewrites SSRC, sequence number and timestamp of the packet at `offset` in place. */
  rewrite(buf: Buffer, offset: number, length: number, arrivalMs: MonotonicMs): void {
    const sequence = sequenceOf(buf, offset);
    const timestamp = timestampOf(buf, offset);
    if (this.fresh) {
      this.fresh = false;
      this.sequenceOffset = (this.nextSequence - sequence) & 0xffff;
      this.anchor(timestamp, arrivalMs);
    } else {
      const step = (timestamp - this.lastIn) | 0;
      const elapsed = ((arrivalMs - this.lastArrivalMs) / 1000) * this.clockRateHz;
      const ahead = step - Math.max(elapsed, 0) > MAX_LEAD_SECONDS * this.clockRateHz;
      if (ahead || step < -MAX_STEP_BACK_SECONDS * this.clockRateHz) {
        this.jumps++;
        // Frames that arrived in one burst are a frame apart all the same.
        this.anchor(timestamp, arrivalMs, this.interval);
      } else if (step > 0 && step <= MAX_INTERVAL_SECONDS * this.clockRateHz) {
        this.interval = step;
      }
    }
    const outSequence = (sequence + this.sequenceOffset) & 0xffff;
    const out = (timestamp + this.timestampOffset) >>> 0;
    rewriteHeader(buf, offset, this.ssrc, outSequence, out);
    this.lastIn = timestamp;
    this.lastOut = out;
    this.lastArrivalMs = arrivalMs;
    this.nextSequence = (outSequence + 1) & 0xffff;
    this.packets = (this.packets + 1) >>> 0;
    this.octets = (this.octets + length - RTP_HEADER_BYTES) >>> 0;
  }

  /** Our timestamp for a timestamp of the camera's present session. */
  translate(timestamp: number): number {
    return (timestamp + this.timestampOffset) >>> 0;
  }

  /** Timestamp of the packet rewritten last. */
  get last(): number {
    return this.lastOut;
  }

  private anchor(timestamp: number, arrivalMs: MonotonicMs, leastTicks = 0): void {
    const passed = Number.isNaN(this.lastArrivalMs)
      ? 0
      : Math.max(arrivalMs - this.lastArrivalMs, 1);
    const passedTicks = Math.round((passed / 1000) * this.clockRateHz);
    const out = this.lastOut + Math.max(passedTicks, leastTicks);
    this.timestampOffset = (out - timestamp) >>> 0;
  }
}
