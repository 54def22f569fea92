import type { MonotonicMs } from '@nightjar/common';
import { encodeBye, ssrcOf } from '@nightjar/rtp';
import { FRAME_HEADER_BYTES, type PacketBatch } from '../hub/packet-batch.js';
import { Allowance, type Paced, type Pacer } from '../udp/pacer.js';
import type { UdpPeer, UdpPorts } from '../udp/udp-ports.js';
import type { OutputOptions } from './interleaved-output.js';
import type { StreamOutput, Traffic } from './mount.js';
import { SsrcTable } from './ssrc-table.js';

/** Where the packets of one track go. */
export interface UdpTrack {
  readonly rtp: UdpPeer;
  /** Undefined for a client that takes no RTCP. */
  readonly rtcp: UdpPeer | undefined;
}

export interface UdpOutputOptions extends OutputOptions {
  readonly transport: 'udp' | 'multicast';
  /** Shared by all outputs of a server. */
  readonly pacer: Pacer;
}

/** So many entries that were sent may stay in the queue before it is moved up. */
const MAX_SENT_KEPT = 64;

/** What waits, in order: a batch from packet `next` on, one packet, or the end of the stream. */
type Queued =
  | { readonly kind: 'batch'; readonly batch: PacketBatch; next: number }
  | {
      readonly kind: 'packet';
      readonly packet: Buffer;
      readonly track: number;
      readonly rtcp: boolean;
    }
  | { readonly kind: 'end'; dueMs: number | undefined };

/**
 * Time between the last packets and the goodbye. Field: ffmpeg looks for RTCP before RTP, so that a goodbye which it finds
 * beside packets hides them, and the last pictures are never shown.
 */
const GOODBYE_AFTER_MS = 250;

/**
 * RTP and RTCP in datagrams to the ports that the client named in SETUP (RFC 2326 s.12.39), or to a multicast group.
 * Never more than a burst at once: what exceeds it, the pictures that start a player or a large keyframe, waits its turn.
 */
export class UdpOutput implements StreamOutput, Paced {
  readonly transport: 'udp' | 'multicast';
  readonly notify: StreamOutput['notify'];
  private readonly table = new SsrcTable();
  private readonly traffic: Traffic;
  private readonly allowance: Allowance;
  private queue: Queued[] = [];
  /** Index of the first that waits; what is before it was sent. */
  private head = 0;
  private queued = 0;
  /** Before the answer to PLAY. */
  private holding = true;
  private closed = false;
  private sawBatch = false;
  private drainListeners: (() => void)[] = [];

  constructor(
    private readonly ports: UdpPorts,
    private readonly peers: readonly (UdpTrack | undefined)[],
    private readonly options: UdpOutputOptions,
  ) {
    this.transport = options.transport;
    this.traffic = options.traffic;
    this.notify = options.onNotice;
    this.allowance = new Allowance(options.pacer);
  }

  get queuedBytes(): number {
    return this.queued;
  }

  /** Holds packets back until the PLAY answer is queued. */
  hold(): void {
    // Behind the answer, a goodbye would be taken for that of what plays then.
    if (this.waiting && this.queue[this.head]!.kind === 'end') {
      this.sayGoodbye();
      this.head++;
      if (!this.waiting) this.settle();
    }
    this.holding = true;
  }

  release(): void {
    this.holding = false;
    this.sendOrWait();
  }

  ssrc(track: number): number {
    return this.table.of(track);
  }

  batch(plain: PacketBatch, from: number): void {
    if (this.closed) return;
    const batch = this.options.seal?.batch(plain) ?? plain;
    if (!this.waiting && !this.holding && !this.ports.stalled) {
      const bytes = tailBytes(batch, from);
      if (bytes <= this.allowance.at(this.options.pacer.clock.monotonicMs())) {
        this.sendPart(batch, from, batch.count, bytes);
        return;
      }
    }
    this.enqueue({ kind: 'batch', batch, next: from }, tailBytes(batch, from));
  }

  send(track: number, plain: Buffer, rtcp: boolean): void {
    if (this.peers[track] === undefined || this.closed) return;
    const { seal } = this.options;
    const sealed = rtcp ? seal?.rtcp(track, plain) : seal?.rtp(track, plain);
    const packet = sealed ?? Buffer.from(plain);
    this.enqueue({ kind: 'packet', packet, track, rtcp }, packet.length);
  }

  flush(): boolean {
    return this.closed || this.queued < this.options.highWaterBytes;
  }

  drained(): Promise<void> {
    if (this.closed || !this.waiting) return Promise.resolve();
    return new Promise((resolve) => {
      this.drainListeners.push(resolve);
    });
  }

  stopped(): void {
    this.options.onStopped?.();
  }

  end(): void {
    if (this.closed) return;
    this.enqueue({ kind: 'end', dueMs: undefined }, 0);
  }

  cut(reason: string): void {
    if (this.closed) return;
    this.end();
    this.options.onCut(reason);
  }

  /** The session is over: what waits is dropped, but for a goodbye. */
  dispose(): void {
    if (this.closed) return;
    if (this.waiting && this.queue.at(-1)?.kind === 'end') this.sayGoodbye();
    this.closed = true;
    this.options.pacer.forget(this);
    this.settle();
  }

  sendQueued(now: MonotonicMs): boolean {
    while (this.waiting && !this.holding && !this.closed) {
      if (this.ports.stalled) return true;
      if (!this.sendFirst(this.queue[this.head]!, now)) return true;
    }
    if (!this.waiting) this.settle();
    return this.waiting && !this.holding;
  }

  private get waiting(): boolean {
    return this.head < this.queue.length;
  }

  private enqueue(item: Queued, bytes: number): void {
    this.queue.push(item);
    this.queued += bytes;
    if (!this.holding && this.queue.length - this.head === 1) this.sendOrWait();
  }

  private sendOrWait(): void {
    const { pacer } = this.options;
    if (this.sendQueued(pacer.clock.monotonicMs())) pacer.wake(this);
  }

  /** Sends what is due of the first that waits. Returns whether all of it went. */
  private sendFirst(item: Queued, now: MonotonicMs): boolean {
    const allowed = this.allowance.at(now);
    if (item.kind === 'batch') {
      const to = this.partOf(item.batch, item.next, allowed);
      if (to === item.next) return false;
      const bytes = tailBytes(item.batch, item.next) - tailBytes(item.batch, to);
      this.queued -= bytes;
      this.sendPart(item.batch, item.next, to, bytes);
      item.next = to;
      if (to < item.batch.count) return false;
    } else if (item.kind === 'packet') {
      if (!item.rtcp && !this.fits(item.packet.length, allowed)) return false;
      this.queued -= item.packet.length;
      this.sendPacket(item.track, item.packet, item.rtcp);
    } else {
      item.dueMs ??= now + GOODBYE_AFTER_MS;
      if (now < item.dueMs) return false;
      this.sayGoodbye();
    }
    this.head++;
    if (this.head === MAX_SENT_KEPT) {
      this.queue.splice(0, this.head);
      this.head = 0;
    }
    return true;
  }

  /** End of the packets from `from` on that may go now. */
  private partOf(batch: PacketBatch, from: number, allowed: number): number {
    const rest = tailBytes(batch, from);
    if (rest <= allowed) return batch.count;
    let to = from;
    while (to < batch.count && rest - tailBytes(batch, to + 1) <= allowed) to++;
    const first = rest - tailBytes(batch, from + 1);
    return to === from && this.fits(first, allowed) ? from + 1 : to;
  }

  /** A packet that is larger than any burst goes when a whole burst is due. */
  private fits(bytes: number, allowed: number): boolean {
    return bytes <= allowed || allowed >= this.options.pacer.burstBytes;
  }

  private sendPart(batch: PacketBatch, from: number, to: number, bytes: number): void {
    this.allowance.spend(bytes);
    if (!this.sawBatch) {
      this.sawBatch = true;
      this.table.sawBatch(batch);
    }
    for (let track = 0; track < this.peers.length; track++) {
      const peer = this.peers[track];
      if (peer !== undefined) this.ports.sendBatch(batch, from, to, track, peer.rtp);
    }
    this.count(batch, from, to, bytes);
  }

  private sendPacket(track: number, packet: Buffer, rtcp: boolean): void {
    // A track may be torn down while its packets wait.
    const peer = this.peers[track];
    if (peer === undefined) return;
    if (rtcp) {
      this.table.sawReport(track, packet);
      this.sendRtcp(packet, peer);
      return;
    }
    this.sent(packet.length, 1);
    this.allowance.spend(packet.length);
    this.table.sent(track, ssrcOf(packet, 0));
    this.ports.sendRtp(packet, 0, packet.length, peer.rtp);
  }

  private sendRtcp(packet: Buffer, { rtcp }: UdpTrack): void {
    if (rtcp === undefined) return;
    this.sent(packet.length, 0);
    this.ports.sendRtcp(packet, rtcp);
  }

  private sayGoodbye(): void {
    // Media of this turn goes first.
    this.ports.flush();
    for (const [track, ssrc] of this.table.active()) {
      const peer = this.peers[track];
      if (peer === undefined) continue;
      const bye = encodeBye({ ssrc, cname: this.options.cname });
      this.sendRtcp(this.options.seal?.rtcp(track, bye) ?? bye, peer);
    }
    this.table.clear();
    this.sawBatch = false;
  }

  private settle(): void {
    if (this.queue.length > 0) this.queue = [];
    this.head = 0;
    this.queued = 0;
    if (this.drainListeners.length === 0) return;
    const listeners = this.drainListeners;
    this.drainListeners = [];
    for (const listener of listeners) listener();
  }

  private count(batch: PacketBatch, from: number, to: number, framedBytes: number): void {
    // A player of all tracks, the usual one, is counted without looking at each packet.
    if (!this.peers.includes(undefined)) {
      this.sent(framedBytes - FRAME_HEADER_BYTES * (to - from), to - from);
      return;
    }
    let bytes = 0;
    let packets = 0;
    for (let i = from; i < to; i++) {
      if (this.peers[batch.tracks[i]!] === undefined) continue;
      bytes += batch.lengths[i]!;
      packets++;
    }
    this.sent(bytes, packets);
  }

  private sent(bytes: number, packets: number): void {
    const { traffic } = this;
    traffic.bytes += bytes;
    traffic.packets += packets;
  }
}

/** Bytes of a batch from packet `from` on, with framing. */
function tailBytes(batch: PacketBatch, from: number): number {
  if (from === 0) return batch.bytes.length;
  if (from >= batch.count) return 0;
  return batch.bytes.length - batch.offsets[from]! + FRAME_HEADER_BYTES;
}
