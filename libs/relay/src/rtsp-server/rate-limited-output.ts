import { TokenBucket, type Clock } from '@nightjar/common';
import type { PacketBatch } from '../hub/packet-batch.js';
import type { ReaderTransport, StreamNotice, StreamOutput } from './mount.js';

/** A player may get so many seconds' worth at once: keyframes are large. */
export const RATE_BURST_SECONDS = 2;

export interface OutputAllowance {
  readonly bytesPerSecond: number;
  /** It has to wait, for the first time. */
  readonly slowedDown: () => void;
}

/** An output that says to be behind when it has sent more than its rate: for mounts that wait and lose nothing by it. */
export class RateLimitedOutput implements StreamOutput {
  readonly transport: ReaderTransport;
  readonly notify: ((notice: StreamNotice) => void) | undefined;
  private readonly bucket: TokenBucket;
  private waited = false;

  constructor(
    private readonly inner: StreamOutput,
    private readonly allowance: OutputAllowance,
    private readonly clock: Clock,
  ) {
    this.transport = inner.transport;
    this.notify = inner.notify;
    const { bytesPerSecond: rate } = allowance;
    this.bucket = new TokenBucket(rate, RATE_BURST_SECONDS * rate, clock.monotonicMs());
  }

  get queuedBytes(): number {
    return this.inner.queuedBytes;
  }

  ssrc(track: number): number {
    return this.inner.ssrc(track);
  }

  batch(batch: PacketBatch, from: number): void {
    this.bucket.spend(batch.bytes.length, this.clock.monotonicMs());
    this.inner.batch(batch, from);
  }

  send(track: number, packet: Buffer, rtcp: boolean): void {
    this.bucket.spend(packet.length, this.clock.monotonicMs());
    this.inner.send(track, packet, rtcp);
  }

  flush(): boolean {
    const taken = this.inner.flush();
    return taken && this.debtMs === 0;
  }

  async drained(): Promise<void> {
    const { debtMs } = this;
    await this.inner.drained();
    if (debtMs === 0) return;
    if (!this.waited) this.allowance.slowedDown();
    this.waited = true;
    await new Promise<void>((resolve) => this.clock.setTimer(Math.ceil(debtMs), resolve));
  }

  stopped(): void {
    this.inner.stopped();
  }

  end(): void {
    this.inner.end();
  }

  cut(reason: string): void {
    this.inner.cut(reason);
  }

  private get debtMs(): number {
    return this.bucket.debtMs(this.clock.monotonicMs());
  }
}
