import type { PacketBatch } from '../../hub/packet-batch.js';

/** What turns packets into protected ones on their way to a reader. None of its results may be changed. */
export interface Seal {
  /** The batch protected, with the same packets at the same indexes; made once and shared by all who ask with one key. */
  batch(batch: PacketBatch): PacketBatch;
  /** One RTP packet of a track, protected. */
  rtp(track: number, packet: Buffer): Buffer;
  /** One compound RTCP packet of a track, protected; a packet that several readers get is protected once. */
  rtcp(track: number, packet: Buffer): Buffer;
}
