import { randomInt } from 'node:crypto';
import { ssrcOf } from '@nightjar/rtp';
import type { PacketBatch } from '../hub/packet-batch.js';

/** Which SSRC each track of a session uses, and which of them have sent and so owe a BYE (RFC 3550 s.6.6). */
export class SsrcTable {
  private readonly own = new Map<number, number>();
  private readonly sending = new Map<number, number>();

  /** Our SSRC for a track, chosen at random at first use. */
  of(track: number): number {
    let ssrc = this.own.get(track);
    if (ssrc === undefined) {
      ssrc = randomInt(1, 2 ** 32);
      this.own.set(track, ssrc);
    }
    return ssrc;
  }

  sent(track: number, ssrc: number): void {
    this.sending.set(track, ssrc);
  }

  /** Reads the SSRCs out of a hub's batch. */
  sawBatch(batch: PacketBatch | undefined): void {
    if (batch === undefined) return;
    for (let i = 0; i < batch.count; i++) {
      this.sending.set(batch.tracks[i]!, ssrcOf(batch.bytes, batch.offsets[i]!));
    }
  }

  active(): Iterable<[number, number]> {
    return this.sending.entries();
  }

  clear(): void {
    this.sending.clear();
  }
}
