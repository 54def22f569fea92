import { sequenceOf } from './rtp-packet.js';
import { sequenceDelta } from './serial.js';

const DEFAULT_WINDOW_PACKETS = 64;
const DEFAULT_MAX_WAIT_MS = 100;

/**
 * Puts the packets of one UDP source back in order: delivers at once while there is no gap, holds what follows a gap
 * for at most `maxWaitMs` or `windowPackets`, drops duplicates and what comes too late.
 */
export class ReorderBuffer {
  /** Ring: slot `head` is for the packet to deliver next. */
  readonly #slots: (Buffer | undefined)[];
  readonly #arrivalMs: Float64Array;
  readonly #maxWaitMs: number;
  readonly #deliver: (packet: Buffer) => void;
  #head = 0;
  /** Sequence number to deliver next; undefined before the first packet. */
  #next: number | undefined;
  #held = 0;
  /** Arrival of the packet held longest. */
  #waitingSinceMs = 0;

  /**
   * @param windowPackets how far a packet may be ahead of a missing one
   * @param maxWaitMs how long a missing packet is waited for
   * @param deliver takes the very buffer that was pushed
   */
  constructor(
    windowPackets: number = DEFAULT_WINDOW_PACKETS,
    maxWaitMs: number = DEFAULT_MAX_WAIT_MS,
    deliver: (packet: Buffer) => void,
  ) {
    this.#slots = Array.from({ length: windowPackets }, () => undefined);
    this.#arrivalMs = new Float64Array(windowPackets);
    this.#maxWaitMs = maxWaitMs;
    this.#deliver = deliver;
  }

  /** Monotonic time in ms at which `expire` has something to do; undefined when nothing is held. */
  get nextDeadlineMs(): number | undefined {
    return this.#held === 0 ? undefined : this.#waitingSinceMs + this.#maxWaitMs;
  }

  /** Takes one whole RTP packet that starts at byte 0 and passed `rtpDefect`; keeps it until it is delivered. */
  push(packet: Buffer, nowMs: number): void {
    const window = this.#slots.length;
    const seq = sequenceOf(packet, 0);
    let ahead = this.#next === undefined ? 0 : sequenceDelta(this.#next, seq);
    if (this.#next === undefined || ahead < -window || ahead >= 2 * window) {
      // The first packet, or one too far away for loss or reordering: the source started anew.
      this.#advance(window);
      this.#next = seq;
      ahead = 0;
    }
    if (ahead < 0) return;
    if (ahead >= window) {
      this.#advance(ahead - window + 1);
      ahead = window - 1;
    }
    const slot = (this.#head + ahead) % window;
    if (this.#slots[slot] !== undefined) return;
    this.#slots[slot] = packet;
    this.#arrivalMs[slot] = nowMs;
    if (this.#held === 0) this.#waitingSinceMs = nowMs;
    this.#held += 1;
    this.#releaseRun();
  }

  /** Gives up on missing packets that were waited for long enough. */
  expire(nowMs: number): void {
    while (this.#held > 0 && nowMs - this.#waitingSinceMs >= this.#maxWaitMs) {
      while (this.#slots[this.#head] === undefined) this.#advance(1);
      this.#releaseRun();
    }
  }

  #releaseRun(): void {
    if (this.#slots[this.#head] === undefined) return;
    while (this.#slots[this.#head] !== undefined) this.#advance(1);
    this.#waitingSinceMs = this.#longestHeld();
  }

  /** Moves on by `count` sequence numbers, delivering those that are there. */
  #advance(count: number): void {
    for (let i = 0; i < count; i += 1) {
      const packet = this.#slots[this.#head];
      this.#slots[this.#head] = undefined;
      this.#head = (this.#head + 1) % this.#slots.length;
      this.#next = ((this.#next ?? 0) + 1) & 0xffff;
      if (packet !== undefined) {
        this.#held -= 1;
        this.#deliver(packet);
      }
    }
  }

  #longestHeld(): number {
    let since = Number.POSITIVE_INFINITY;
    for (let i = 0; i < this.#slots.length; i += 1) {
      if (this.#slots[i] !== undefined) since = Math.min(since, this.#arrivalMs[i] ?? since);
    }
    return since;
  }
}
