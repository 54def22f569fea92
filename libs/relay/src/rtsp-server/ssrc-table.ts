import { randomInt } from 'node:crypto';
import { ssrcOf } from '@nightjar/rtp';
import type { PacketBatch } from '../hub/packet-batch.js';

/** RTCP packet type of a sender report. */
const SENDER_REPORT = 200;

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
  sawBatch(batch: PacketBatch): void {
    for (let i = 0; i < batch.count; i++) {
      this.sending.set(batch.tracks[i]!, ssrcOf(batch.bytes, batch.offsets[i]!));
    }
  }

  /** Reads the SSRC out of a sender report (RFC 3550 s.6.4.1); other RTCP packets tell nothing new. */
  sawReport(track: number, packet: Buffer): void {
    if (packet[1] === SENDER_REPORT) this.sending.set(track, packet.readUInt32BE(4));
  }

  active(): Iterable<[number, number]> {
    return this.sending.entries();
  }

  clear(): void {
    this.sending.clear();
  }
}
