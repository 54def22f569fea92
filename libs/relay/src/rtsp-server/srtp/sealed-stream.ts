import { randomUUID } from 'node:crypto';
import { SRTP_TAG_BYTES, SrtpSender, createMasterKey, type SrtpMasterKey } from '@nightjar/rtp';
import type { PacketBatch } from '../../hub/packet-batch.js';
import type { Seal } from './seal.js';
import { sealBatch, sealPacket, withoutIdentifiers } from './sealed-batch.js';

/** Highest sequence number with which a stream still takes on readers that count from 0: they have a while to begin. */
const LAST_JOIN = 0xc000;

interface SealedBatch {
  readonly full: PacketBatch;
  /** Made for the first reader that wants none. */
  bare: PacketBatch | undefined;
}

/** One stream under one key: its packets are encrypted once, whoever and however many read it. */
export class SealedStream {
  /** Tells it from all others of this process. */
  private readonly id = randomUUID();
  readonly sender: SrtpSender;
  private readonly batches = new WeakMap<PacketBatch, SealedBatch>();
  private readonly reports = new WeakMap<Buffer, Buffer>();
  private begun = false;
  private playing = 0;

  constructor(master: SrtpMasterKey = createMasterKey()) {
    this.sender = new SrtpSender(master);
  }

  get master(): SrtpMasterKey {
    return this.sender.master;
  }

  /** Names what goes to a group: packets with identifiers and without go to two. */
  groupId(identifiers: boolean): string {
    return `${this.id} ${identifiers ? 'with' : 'without'} identifiers`;
  }

  /**
   * Whether somebody may join who takes it that the rollover counter is 0, as GStreamer does whatever it is told: nobody
   * plays yet, or the numbers are far from their first wrap.
   */
  get joinable(): boolean {
    if (!this.begun) return true;
    return this.playing > 0 && this.sender.highestIndex <= LAST_JOIN;
  }

  /** A reader begins or ends: while none plays, the numbers go on unseen. */
  count(change: 1 | -1): void {
    this.playing += change;
  }

  /** @param identifiers whether the key identifier stands in every packet */
  seal(identifiers: boolean): Seal {
    return {
      batch: (batch) => this.batch(batch, identifiers),
      rtp: (_, packet) => this.strip(this.rtp(packet), identifiers),
      rtcp: (_, packet) => this.strip(this.rtcp(packet), identifiers),
    };
  }

  private batch(batch: PacketBatch, identifiers: boolean): PacketBatch {
    let sealed = this.batches.get(batch);
    if (sealed === undefined) {
      this.begun = true;
      sealed = { full: sealBatch(batch, () => this.sender), bare: undefined };
      this.batches.set(batch, sealed);
    }
    if (identifiers) return sealed.full;
    return (sealed.bare ??= withoutIdentifiers(sealed.full, this.master.mki.length));
  }

  private rtp(packet: Buffer): Buffer {
    this.begun = true;
    return sealPacket(packet, this.sender);
  }

  private rtcp(packet: Buffer): Buffer {
    let sealed = this.reports.get(packet);
    if (sealed === undefined) this.reports.set(packet, (sealed = this.sender.rtcp(packet)));
    return sealed;
  }

  private strip(packet: Buffer, identifiers: boolean): Buffer {
    const mkiBytes = this.master.mki.length;
    if (identifiers || mkiBytes === 0) return packet;
    const tagAt = packet.length - SRTP_TAG_BYTES;
    return Buffer.concat([packet.subarray(0, tagAt - mkiBytes), packet.subarray(tagAt)]);
  }
}
