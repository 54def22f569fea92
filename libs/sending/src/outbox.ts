import type { Clock } from '@nightjar/common';
import { BLOCK_BYTES, BatchBuilder, FRAME_HEADER_BYTES, type BlockPool } from '@nightjar/relay';
import type { StreamOutput } from '@nightjar/relay';

/** Blocks that may be in use before they are left to the garbage collector: more than fill an output's queue. */
const MAX_BLOCKS = 16;

/**
 * Collects the RTP packets of one piece of work and hands them to the output as one batch: one copy and one system call,
 * in memory that is used again as soon as the output has passed it on.
 */
export class Outbox {
  private readonly builder: BatchBuilder;
  private bytes = 0;

  constructor(
    private readonly output: StreamOutput,
    private readonly clock: Clock,
    blocks: BlockPool,
  ) {
    this.builder = new BatchBuilder(blocks);
  }

  /** Copies one RTP packet. */
  add(track: number, packet: Buffer): void {
    const bytes = FRAME_HEADER_BYTES + packet.length;
    // A batch that outgrows its block takes memory that is not used again.
    if (this.bytes + bytes > BLOCK_BYTES) this.deliver();
    this.builder.append(track, packet, 0, packet.length);
    this.bytes += bytes;
  }

  /** Sends one RTP or RTCP packet behind what was added, by itself. */
  sendAlone(track: number, packet: Buffer, rtcp: boolean): void {
    this.deliver();
    this.output.send(track, packet, rtcp);
    this.output.flush();
  }

  /** Sends what was added. False when the client is behind: wait until the output has drained. */
  flush(): boolean {
    this.deliver();
    return this.output.flush();
  }

  /** Uses the memory of what has left again. */
  recycle(): void {
    // Over TCP nothing queued means that the kernel has taken all; datagrams may wait for the end of this turn.
    if (this.output.transport === 'tcp' && this.output.queuedBytes === 0) this.builder.releaseAll();
    else if (this.builder.filledBlocks >= MAX_BLOCKS) this.builder.forget();
  }

  private deliver(): void {
    if (this.builder.empty) return;
    this.bytes = 0;
    this.output.batch(this.builder.take(this.clock.monotonicMs()), 0);
  }
}
