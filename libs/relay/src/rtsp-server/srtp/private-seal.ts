import type { SrtpMasterKey, SrtpSender } from '@nightjar/rtp';
import type { PacketBatch } from '../../hub/packet-batch.js';
import type { Seal } from './seal.js';
import { sealBatch, sealPacket } from './sealed-batch.js';

/** Protects for one reader alone, which has chosen the keys itself (ONVIF Streaming s.8.2.1, Axis): one per track. */
export class PrivateSeal implements Seal {
  private readonly senders = new Map<number, SrtpSender>();

  /** @param origin whose numbering goes on; it must not have protected anything for this reader under the same key */
  setUp(track: number, master: SrtpMasterKey, origin: SrtpSender): void {
    const known = this.senders.get(track);
    if (known === undefined) this.senders.set(track, origin.fork(master));
    else known.rekey(master);
  }

  senderOf(track: number): SrtpSender | undefined {
    return this.senders.get(track);
  }

  batch(batch: PacketBatch): PacketBatch {
    return sealBatch(batch, (track) => this.sender(track));
  }

  rtp(track: number, packet: Buffer): Buffer {
    return sealPacket(packet, this.sender(track));
  }

  rtcp(track: number, packet: Buffer): Buffer {
    return this.sender(track).rtcp(packet);
  }

  /** Packets of tracks that were not set up are not sent, but stand in the batch; they are not to be readable either. */
  private sender(track: number): SrtpSender {
    return this.senders.get(track) ?? this.senders.values().next().value!;
  }
}
