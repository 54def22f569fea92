import type { Clock, Timer } from '@nightjar/common';
import { ReorderBuffer } from '@nightjar/rtp';

const WINDOW_PACKETS = 64;
const MAX_WAIT_MS = 100;

/** Reorder buffer of one UDP track, with the timer that ends its waiting for missing packets. */
export class OrderedDelivery {
  private buffer: ReorderBuffer;
  private timer: Timer | undefined;

  /** @param expired called after packets were delivered by the timer, not by `push` */
  constructor(
    private readonly clock: Clock,
    private readonly deliver: (packet: Buffer) => void,
    private readonly expired: () => void,
  ) {
    this.buffer = this.empty();
  }

  /** Takes one accepted packet and keeps it until it is delivered. */
  push(packet: Buffer, nowMs: number): void {
    this.buffer.push(packet, nowMs);
    this.arm(nowMs);
  }

  /** Forgets what is held: the next packet starts a new sequence. */
  reset(): void {
    this.buffer = this.empty();
  }

  close(): void {
    this.timer?.cancel();
    this.reset();
  }

  private empty(): ReorderBuffer {
    return new ReorderBuffer(WINDOW_PACKETS, MAX_WAIT_MS, this.deliver);
  }

  private arm(nowMs: number): void {
    const deadlineMs = this.buffer.nextDeadlineMs;
    if (deadlineMs === undefined || this.timer !== undefined) return;
    this.timer = this.clock.setTimer(Math.max(0, deadlineMs - nowMs), () => {
      this.timer = undefined;
      const now = this.clock.monotonicMs();
      this.buffer.expire(now);
      this.expired();
      this.arm(now);
    });
  }
}
