import { middleNtpBits } from './rtcp/ntp.js';
import type { ReportBlock } from './rtcp/report.js';
import { sequenceDelta, timestampDelta } from './serial.js';

/** A jump this long forward, or this far back, is no loss but a new start (RFC 3550 A.1). */
const MAX_DROPOUT = 3000;
const MAX_MISORDER = 100;
const JITTER_GAIN = 1 / 16;
const MAX_CUMULATIVE_LOST = 0x7f_ffff;
const MIN_CUMULATIVE_LOST = -0x80_0000;

/** Loss and jitter of one RTP source as its receiver sees them (RFC 3550 s.6.4.1, A.3, A.8). Allocates only in `report`. */
export class ReceiverStats {
  /** SSRC written into reports; set by the owner once it has latched the source. */
  ssrc = 0;

  readonly #clockRateHz: number;
  #received = 0;
  /** Expected packets of sequences before the last restart. */
  #expectedBefore = 0;
  #base = 0;
  #highest = -1;
  #started = false;
  /** Sequence number that confirms a restart; -1 when none is suspected. */
  #restartAt = -1;
  #lastTimestamp = 0;
  #lastArrivalMs = 0;
  #jitterTicks = 0;
  #senderReportNtp = 0;
  #senderReportArrivalMs = 0;
  #reportedExpected = 0;
  #reportedReceived = 0;

  constructor(clockRateHz: number) {
    this.#clockRateHz = clockRateHz;
  }

  /** Packets received since the start, duplicates included. */
  get received(): number {
    return this.#received;
  }

  /** Packets lost since the start, never negative. Falls again when a packet comes late. */
  get lost(): number {
    return Math.max(0, this.#expected - this.#received);
  }

  /** Mean deviation of the packet spacing. Unit: seconds. */
  get jitterSeconds(): number {
    return this.#jitterTicks / this.#clockRateHz;
  }

  get #expected(): number {
    return this.#expectedBefore + (this.#started ? this.#highest - this.#base + 1 : 0);
  }

  /** Counts one packet: 16-bit sequence number, 32-bit timestamp, arrival on the monotonic clock in ms. */
  packet(seq: number, rtpTimestamp: number, arrivalMs: number): void {
    if (!this.#countSequence(seq)) return;
    this.#received += 1;
    this.#countJitter(rtpTimestamp, arrivalMs);
  }

  /** Remembers a sender report of the source: its NTP time as Unix ms (NaN if zero), its arrival on the monotonic clock. */
  senderReport(ntpMs: number, arrivalMs: number): void {
    this.#senderReportNtp = middleNtpBits(ntpMs);
    this.#senderReportArrivalMs = arrivalMs;
  }

  /** The block for a receiver report sent now; `fractionLost` covers the time since the call before. */
  report(nowMs: number): ReportBlock {
    const expected = this.#expected;
    const expectedInterval = expected - this.#reportedExpected;
    const lostInterval = expectedInterval - (this.#received - this.#reportedReceived);
    this.#reportedExpected = expected;
    this.#reportedReceived = this.#received;
    const delayMs =
      this.#senderReportNtp === 0 ? 0 : Math.max(0, nowMs - this.#senderReportArrivalMs);
    return {
      ssrc: this.ssrc,
      fractionLost:
        expectedInterval > 0 && lostInterval > 0
          ? Math.min(255, Math.floor((lostInterval * 256) / expectedInterval))
          : 0,
      cumulativeLost: Math.min(
        MAX_CUMULATIVE_LOST,
        Math.max(MIN_CUMULATIVE_LOST, expected - this.#received),
      ),
      highestSequence: this.#started ? this.#highest >>> 0 : 0,
      jitterTicks: Math.floor(this.#jitterTicks) >>> 0,
      lastSenderReport: this.#senderReportNtp,
      delaySinceLastSenderReport: Math.floor((delayMs * 65_536) / 1000) >>> 0,
    };
  }

  /** False for a packet whose number makes no sense yet: counted only if the next one confirms a restart. */
  #countSequence(seq: number): boolean {
    if (!this.#started) {
      this.#restart(seq);
      return true;
    }
    const delta = sequenceDelta(this.#highest, seq);
    if (delta < MAX_DROPOUT && delta > -MAX_MISORDER) {
      this.#restartAt = -1;
      if (delta > 0) this.#highest += delta;
      return true;
    }
    if (seq === this.#restartAt) {
      this.#expectedBefore = this.#expected;
      this.#restart(seq);
      return true;
    }
    this.#restartAt = (seq + 1) & 0xffff;
    return false;
  }

  #restart(seq: number): void {
    this.#started = true;
    this.#base = seq;
    this.#highest = seq;
    this.#restartAt = -1;
  }

  #countJitter(rtpTimestamp: number, arrivalMs: number): void {
    if (this.#received > 1) {
      const arrivalTicks = ((arrivalMs - this.#lastArrivalMs) * this.#clockRateHz) / 1000;
      const deviation = Math.abs(arrivalTicks - timestampDelta(this.#lastTimestamp, rtpTimestamp));
      this.#jitterTicks += (deviation - this.#jitterTicks) * JITTER_GAIN;
    }
    this.#lastTimestamp = rtpTimestamp;
    this.#lastArrivalMs = arrivalMs;
  }
}
