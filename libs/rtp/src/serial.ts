/** Signed distance from `from` to `to` on the 16-bit circle, -32768..32767 (RFC 1982). */
export function sequenceDelta(from: number, to: number): number {
  return ((to - from) << 16) >> 16;
}

/** Signed distance from `from` to `to` on the 32-bit circle, -2^31..2^31-1. */
export function timestampDelta(from: number, to: number): number {
  return (to - from) | 0;
}

/**
 * 16-bit sequence numbers to extended ones, after RFC 3550 A.1: nearest to the highest seen. The first one is
 * returned as it is, so a late packet from before the first wrap is negative.
 */
export class SequenceUnwrapper {
  #highest = -1;
  #started = false;

  unwrap(seq16: number): number {
    if (!this.#started) {
      this.#started = true;
      this.#highest = seq16;
      return seq16;
    }
    const extended = this.#highest + sequenceDelta(this.#highest, seq16);
    if (extended > this.#highest) this.#highest = extended;
    return extended;
  }
}

/**
 * 32-bit RTP timestamps to ticks that do not wrap: nearest to the previous one, so they step back when the camera's
 * clock does. The first one is returned as it is. A safe integer for 2^53 ticks (3000 years at 90 kHz).
 */
export class TimestampUnwrapper {
  #last = 0;
  #started = false;

  unwrap(ts32: number): number {
    if (!this.#started) {
      this.#started = true;
      this.#last = ts32;
    } else {
      this.#last += timestampDelta(this.#last, ts32);
    }
    return this.#last;
  }
}
