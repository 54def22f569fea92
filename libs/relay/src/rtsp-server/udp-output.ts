import type { Clock, Timer } from '@nightjar/common';
import { encodeBye, ssrcOf } from '@nightjar/rtp';
import { FRAME_HEADER_BYTES, type PacketBatch } from '../hub/packet-batch.js';
import type { OutputOptions } from './interleaved-output.js';
import type { StreamOutput } from './mount.js';
import { SsrcTable } from './ssrc-table.js';
import type { UdpPeer, UdpPorts } from '../udp/udp-ports.js';

/** Where the packets of one track go. */
export interface UdpTrack {
  readonly rtp: UdpPeer;
  readonly rtcp: UdpPeer;
}

/**
 * A player's first burst, everything since the last keyframe, leaves at this pace: more at once overflows the receive
 * buffer that players have by default (212,992 bytes on Linux) and costs the picture that the burst is for.
 */
export const BURST_BYTES = 48 * 1024;
export const BURST_INTERVAL_MS = 5;

/** Something to be sent, in order. */
interface Held {
  readonly bytes: number;
  readonly send: () => void;
}

/** RTP and RTCP in datagrams to the ports that the client named in SETUP (RFC 2326 s.12.39). */
export class UdpOutput implements StreamOutput {
  readonly transport = 'udp' as const;
  readonly queuedBytes = 0;
  private readonly table = new SsrcTable();
  /** Before the answer to PLAY, and while the first burst goes out. Otherwise undefined: sent at once. */
  private held: Held[] | undefined = [];
  private pace: Timer | undefined;
  private closed = false;
  private lastBatch: PacketBatch | undefined;

  constructor(
    private readonly ports: UdpPorts,
    private readonly peers: readonly (UdpTrack | undefined)[],
    private readonly options: OutputOptions & { readonly clock: Clock },
  ) {}

  /** Holds packets back until the PLAY answer is queued. */
  hold(): void {
    this.pace?.cancel();
    this.held ??= [];
  }

  release(): void {
    this.pace?.cancel();
    this.sendHeld();
  }

  ssrc(track: number): number {
    return this.table.of(track);
  }

  batch(batch: PacketBatch, from: number): void {
    if (this.closed) return;
    if (this.held === undefined) this.sendBatch(batch, from);
    else this.held.push({ bytes: batch.bytes.length, send: () => this.sendBatch(batch, from) });
  }

  send(track: number, packet: Buffer, rtcp: boolean): void {
    const peer = this.peers[track];
    if (peer === undefined || this.closed) return;
    const copy = Buffer.from(packet);
    const send = (): void => this.sendPacket(track, copy, rtcp, peer);
    if (this.held === undefined) send();
    else this.held.push({ bytes: copy.length, send });
  }

  flush(): boolean {
    return true;
  }

  drained(): Promise<void> {
    return Promise.resolve();
  }

  end(): void {
    if (this.closed) return;
    this.pace?.cancel();
    for (const { send } of this.held ?? []) send();
    this.held = undefined;
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
    this.pace?.cancel();
    this.held = undefined;
  }

  private sendHeld(): void {
    const held = this.held ?? [];
    let bytes = 0;
    let count = 0;
    for (; count < held.length && bytes < BURST_BYTES; count++) {
      held[count]!.send();
      bytes += held[count]!.bytes;
    }
    if (count === held.length) {
      this.held = undefined;
      return;
    }
    this.held = held.slice(count);
    this.pace = this.options.clock.setTimer(BURST_INTERVAL_MS, () => this.sendHeld());
  }

  private sendBatch(batch: PacketBatch, from: number): void {
    this.lastBatch = batch;
    for (let track = 0; track < this.peers.length; track++) {
      const peer = this.peers[track];
      if (peer !== undefined) this.ports.sendBatch(batch, from, track, peer.rtp);
    }
    this.count(batch, from);
  }

  private sendPacket(track: number, packet: Buffer, rtcp: boolean, peer: UdpTrack): void {
    this.options.onSent(packet.length, rtcp ? 0 : 1);
    if (rtcp) {
      this.ports.sendRtcp(packet, peer.rtcp);
    } else {
      this.table.sent(track, ssrcOf(packet, 0));
      this.ports.sendRtp(packet, 0, packet.length, peer.rtp);
    }
  }

  private count(batch: PacketBatch, from: number): void {
    // A player of all tracks, the usual one, is counted without looking at each packet.
    if (from === 0 && !this.peers.includes(undefined)) {
      this.options.onSent(batch.bytes.length - FRAME_HEADER_BYTES * batch.count, batch.count);
      return;
    }
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
