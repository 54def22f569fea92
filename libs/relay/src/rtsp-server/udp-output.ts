import { encodeBye, ssrcOf } from '@nightjar/rtp';
import type { PacketBatch } from '../hub/packet-batch.js';
import type { OutputOptions } from './interleaved-output.js';
import type { StreamOutput } from './mount.js';
import { SsrcTable } from './ssrc-table.js';
import type { UdpPeer, UdpPorts } from '../udp/udp-ports.js';

/** Where the packets of one track go. */
export interface UdpTrack {
  readonly rtp: UdpPeer;
  readonly rtcp: UdpPeer;
}

/** RTP and RTCP in datagrams to the ports that the client named in SETUP (RFC 2326 s.12.39). */
export class UdpOutput implements StreamOutput {
  readonly transport = 'udp' as const;
  readonly queuedBytes = 0;
  private readonly table = new SsrcTable();
  private held: (() => void)[] | undefined = [];
  private closed = false;
  private lastBatch: PacketBatch | undefined;

  constructor(
    private readonly ports: UdpPorts,
    private readonly peers: readonly (UdpTrack | undefined)[],
    private readonly options: OutputOptions,
  ) {}

  /** Holds packets back until the PLAY answer is queued. */
  hold(): void {
    this.held ??= [];
  }

  release(): void {
    const held = this.held;
    this.held = undefined;
    if (held !== undefined) for (const send of held) send();
  }

  ssrc(track: number): number {
    return this.table.of(track);
  }

  batch(batch: PacketBatch, from: number): void {
    if (this.closed) return;
    if (this.held !== undefined) {
      this.held.push(() => this.batch(batch, from));
      return;
    }
    this.lastBatch = batch;
    for (let track = 0; track < this.peers.length; track++) {
      const peer = this.peers[track];
      if (peer !== undefined) this.ports.sendBatch(batch, from, track, peer.rtp);
    }
    this.count(batch, from);
  }

  send(track: number, packet: Buffer, rtcp: boolean): void {
    const peer = this.peers[track];
    if (peer === undefined || this.closed) return;
    const copy = Buffer.from(packet);
    if (this.held !== undefined) {
      this.held.push(() => this.send(track, copy, rtcp));
      return;
    }
    this.options.onSent(packet.length, rtcp ? 0 : 1);
    if (rtcp) {
      this.ports.sendRtcp(copy, peer.rtcp);
    } else {
      this.table.sent(track, ssrcOf(copy, 0));
      this.ports.sendRtp(copy, 0, copy.length, peer.rtp);
    }
  }

  flush(): boolean {
    return true;
  }

  drained(): Promise<void> {
    return Promise.resolve();
  }

  end(): void {
    if (this.closed) return;
    this.table.sawBatch(this.lastBatch);
    for (const [track, ssrc] of this.table.active()) {
      this.send(track, encodeBye({ ssrc, cname: this.options.cname }), true);
    }
    this.table.clear();
    this.lastBatch = undefined;
  }

  cut(reason: string): void {
    if (this.closed) return;
    this.end();
    this.options.onCut(reason);
  }

  dispose(): void {
    this.closed = true;
    this.held = undefined;
  }

  private count(batch: PacketBatch, from: number): void {
    let bytes = 0;
    let packets = 0;
    for (let i = from; i < batch.count; i++) {
      if (this.peers[batch.tracks[i]!] === undefined) continue;
      bytes += batch.lengths[i]!;
      packets++;
    }
    this.options.onSent(bytes, packets);
  }
}
