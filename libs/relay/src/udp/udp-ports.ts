import { NightjarError, type Clock } from '@nightjar/common';
import type { PacketBatch } from '../hub/packet-batch.js';
import { bindUdp, type BoundSocket } from './bound-socket.js';
import { dropReasonOf, type OnUdpDrop } from './drop-reason.js';
import { libc } from '../libc.js';
import { SegmentSender, type SegmentTarget } from './segment-sender.js';
import { socketAddress } from './socket-address.js';

const ATTEMPTS = 50;
const SEND_BUFFER_BYTES = 4 * 1024 * 1024;
/** A publisher's keyframe arrives as one burst. */
const RECEIVE_BUFFER_BYTES = 2 * 1024 * 1024;

/** Who takes what comes from a peer, by address and port. A packet is the listener's own. */
type Listeners = Map<string, (packet: Buffer) => void>;

export interface UdpPortsOptions {
  readonly clock: Clock;
  /** Even port for RTP, with RTCP on the next one; 0 or absent takes any free pair. */
  readonly port?: number;
  /** False keeps to one call per packet. */
  readonly offload?: boolean;
  readonly onDrop?: OnUdpDrop;
}

/** Where datagrams go. Made once per track of a session, see {@link UdpPorts.peer}. */
export interface UdpPeer {
  readonly address: string;
  readonly port: number;
  /** RTCP leaves from the RTP port and comes back to it (RFC 5761). */
  readonly muxed?: boolean;
  /** Undefined where packets are sent one by one. */
  segments: SegmentTarget | undefined;
}

/**
 * The even RTP port and the odd RTCP port above it (RFC 3550 s.11) from which every UDP session of a server is served:
 * one pair for all, told apart by the peer's address, so that a thousand viewers need two descriptors.
 */
export class UdpPorts {
  /** Undefined where the platform has no segmentation offload: then every packet is a call of its own. */
  private readonly offload: SegmentSender | undefined;
  private readonly mediaListeners: Listeners = new Map();
  private readonly reportListeners: Listeners = new Map();
  private readonly sentOne: (error: NodeJS.ErrnoException | null) => void;

  private constructor(
    private readonly rtp: BoundSocket,
    private readonly rtcp: BoundSocket,
    readonly ports: readonly [number, number],
    { clock, onDrop = () => undefined }: UdpPortsOptions,
  ) {
    this.sentOne = (error) => {
      if (error !== null) onDrop(dropReasonOf(-(error.errno ?? 0)), 1);
    };
    const { fd } = rtp;
    if (libc !== undefined && fd !== undefined && SegmentSender.supported(libc, fd))
      this.offload = new SegmentSender(libc, fd, clock, onDrop);
    for (const { socket } of [rtp, rtcp]) {
      socket.on('error', () => undefined);
      socket.unref();
    }
    rtcp.socket.on('message', (packet, { address, port }) =>
      this.reportListeners.get(key(address, port, false))?.(packet),
    );
    rtp.socket.on('message', (packet, { address, port }) => {
      const report = isRtcp(packet)
        ? this.reportListeners.get(key(address, port, true))
        : undefined;
      (report ?? this.mediaListeners.get(key(address, port, false)))?.(packet);
    });
  }

  /** @throws NightjarError 'exhausted' when no pair of neighbouring ports is free, 'conflict' when the given one is not */
  static async open(host: string, options: UdpPortsOptions): Promise<UdpPorts> {
    const { port: fixed = 0, offload = true } = options;
    for (let attempt = 0; attempt < (fixed === 0 ? ATTEMPTS : 1); attempt++) {
      const rtp = await bindUdp(host, fixed, {
        native: offload,
        sendBufferBytes: SEND_BUFFER_BYTES,
        receiveBufferBytes: RECEIVE_BUFFER_BYTES,
      });
      if (rtp === undefined) continue;
      const { port } = rtp.socket.address();
      const rtcp = port % 2 === 0 ? await bindUdp(host, port + 1, { native: false }) : undefined;
      if (rtcp !== undefined) return new UdpPorts(rtp, rtcp, [port, port + 1], options);
      rtp.socket.close();
    }
    if (fixed === 0) {
      throw new NightjarError(
        'exhausted',
        'rtsp/udp-ports',
        'no free pair of UDP ports for RTP and RTCP',
      );
    }
    throw new NightjarError(
      'conflict',
      'rtsp/udp-port-in-use',
      `UDP port ${fixed} or ${fixed + 1} is already in use`,
      { host, port: fixed },
    );
  }

  /** Whether packets leave in segments. */
  get offloads(): boolean {
    return this.offload !== undefined;
  }

  /** The kernel takes no more for the moment: hold back what can wait. */
  get stalled(): boolean {
    return this.offload?.stalled ?? false;
  }

  /** @param muxed RTCP shares the port with RTP */
  peer(address: string, port: number, muxed = false): UdpPeer {
    const peer: UdpPeer = { address, port, muxed, segments: undefined };
    const { offload } = this;
    const name =
      offload === undefined || this.rtp.family === undefined
        ? undefined
        : socketAddress(address, port, this.rtp.family);
    if (offload !== undefined && name !== undefined) {
      peer.segments = offload.target(name, (packet) => {
        // The whole path is like this: from here on packets go one by one, and IP cuts them where it must.
        peer.segments = undefined;
        this.sendRtp(Buffer.from(packet), 0, packet.length, peer);
      });
    }
    return peer;
  }

  /**
   * Calls `listener` with every RTP packet from the peer, which it may change; the listener that was set last counts.
   * @returns ends it
   */
  onMedia(peer: UdpPeer, listener: (packet: Buffer) => void): () => void {
    return listen(this.mediaListeners, key(peer.address, peer.port, false), listener);
  }

  /** {@link onMedia} for RTCP. */
  onReport(
    { address, port, muxed = false }: UdpPeer,
    listener: (packet: Buffer) => void,
  ): () => void {
    return listen(this.reportListeners, key(address, port, muxed), listener);
  }

  /** Sends one track's packets from packet `from` up to but not including `to`, before the next event is handled. */
  sendBatch(batch: PacketBatch, from: number, to: number, track: number, peer: UdpPeer): void {
    const { segments } = peer;
    if (this.offload !== undefined && segments !== undefined) {
      const oversized = this.offload.send(batch, from, to, track, segments);
      for (let i = 0; i < oversized.length; i++) this.sendOne(batch, oversized[i]!, peer);
      return;
    }
    for (let i = from; i < to; i++) if (batch.tracks[i] === track) this.sendOne(batch, i, peer);
  }

  /** `bytes` must not change until they are sent. */
  sendRtp(bytes: Buffer, offset: number, length: number, peer: UdpPeer): void {
    this.rtp.socket.send(bytes, offset, length, peer.port, peer.address, this.sentOne);
  }

  sendRtcp(packet: Buffer, peer: UdpPeer): void {
    const { socket } = peer.muxed === true ? this.rtp : this.rtcp;
    socket.send(packet, 0, packet.length, peer.port, peer.address, () => undefined);
  }

  /** Sends what waits for the end of this turn. */
  flush(): void {
    this.offload?.flush();
  }

  /** Lets multicast leave with this TTL, from this local address where one is given. */
  configureMulticast(ttl: number, interfaceAddress: string | undefined): void {
    for (const { socket } of [this.rtp, this.rtcp]) {
      socket.setMulticastTTL(ttl);
      if (interfaceAddress !== undefined) socket.setMulticastInterface(interfaceAddress);
    }
  }

  close(): void {
    this.offload?.flush();
    this.offload?.close();
    this.rtp.socket.close();
    this.rtcp.socket.close();
  }

  private sendOne(batch: PacketBatch, packet: number, peer: UdpPeer): void {
    const offset = batch.offsets[packet]!;
    const length = batch.lengths[packet]!;
    // A full socket makes the packet wait, for longer than the batch may be kept.
    this.sendRtp(Buffer.from(batch.bytes.subarray(offset, offset + length)), 0, length, peer);
  }
}

function listen(
  listeners: Listeners,
  peer: string,
  listener: (packet: Buffer) => void,
): () => void {
  listeners.set(peer, listener);
  return () => {
    if (listeners.get(peer) === listener) listeners.delete(peer);
  };
}

function key(address: string, port: number, muxed: boolean): string {
  return `${address} ${port}${muxed ? ' mux' : ''}`;
}

/** RFC 5761 s.4: what RTCP packet types look like where RTP is expected. */
function isRtcp(packet: Buffer): boolean {
  const type = packet[1] ?? 0;
  return type >= 192 && type <= 223;
}
