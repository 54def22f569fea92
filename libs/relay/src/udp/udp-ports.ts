import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { NightjarError } from '@nightjar/common';
import type { PacketBatch } from '../hub/packet-batch.js';
import {
  AF_INET,
  SOCK_CLOEXEC,
  SOCK_DGRAM,
  SOCK_NONBLOCK,
  SOL_SOCKET,
  SO_SNDBUF,
  libc,
  type Libc,
} from './libc.js';
import { SegmentSender } from './segment-sender.js';
import { socketAddress } from './socket-address.js';

const ATTEMPTS = 50;
const SEND_BUFFER_BYTES = 4 * 1024 * 1024;

/** Where datagrams go. Made once per track of a session, see {@link UdpPorts.peer}. */
export interface UdpPeer {
  readonly address: string;
  readonly port: number;
  /** `struct sockaddr_in` and its address in memory, where batches are sent by segmentation offload. */
  readonly native: { readonly bytes: Buffer; readonly address: number } | undefined;
}

interface BoundSocket {
  readonly socket: Socket;
  /** Undefined where the descriptor is not ours to know. */
  readonly fd: number | undefined;
}

/**
 * The even RTP port and the odd RTCP port above it (RFC 3550 s.11) from which every UDP session of a server is served:
 * one pair for all, told apart by the peer's address, so that a thousand viewers need two descriptors.
 */
export class UdpPorts {
  /** Undefined where the platform has no segmentation offload: then every packet is a call of its own. */
  readonly offload: SegmentSender | undefined;

  private constructor(
    private readonly rtp: BoundSocket,
    private readonly rtcp: BoundSocket,
    readonly ports: readonly [number, number],
  ) {
    const { fd } = rtp;
    const usable = libc !== undefined && fd !== undefined && SegmentSender.supported(libc, fd);
    this.offload = usable ? new SegmentSender(libc!, fd) : undefined;
    for (const { socket } of [rtp, rtcp]) {
      // ICMP refusals of vanished players arrive here; their sessions end by timeout.
      socket.on('error', () => undefined);
      socket.unref();
    }
  }

  /**
   * @param options.offload false keeps to one call per packet
   * @throws NightjarError 'exhausted' when no pair of neighbouring ports is free
   */
  static async open(
    host: string,
    options: { readonly offload: boolean } = { offload: true },
  ): Promise<UdpPorts> {
    const native = options.offload ? libc : undefined;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const rtp = await bind(host, 0, native);
      if (rtp === undefined) continue;
      const { port } = rtp.socket.address();
      const rtcp = port % 2 === 0 ? await bind(host, port + 1, undefined) : undefined;
      if (rtcp !== undefined) return new UdpPorts(rtp, rtcp, [port, port + 1]);
      rtp.socket.close();
    }
    throw new NightjarError(
      'exhausted',
      'rtsp/udp-ports',
      'no free pair of UDP ports for RTP and RTCP',
    );
  }

  peer(address: string, port: number): UdpPeer {
    const bytes = this.offload === undefined ? undefined : socketAddress(address, port);
    return {
      address,
      port,
      native: bytes === undefined ? undefined : { bytes, address: libc!.addressOf(bytes) },
    };
  }

  /** Called for every RTCP packet that players send back: receiver reports keep a session alive. */
  onRtcp(receive: (packet: Buffer, address: string, port: number) => void): void {
    this.rtcp.socket.on('message', (packet, from) => receive(packet, from.address, from.port));
  }

  /** Sends one track's packets of a batch, from packet `from` on. */
  sendBatch(batch: PacketBatch, from: number, track: number, peer: UdpPeer): void {
    if (this.offload !== undefined && peer.native !== undefined) {
      const oversized = this.offload.send(batch, from, track, peer.native.address);
      for (const packet of oversized)
        this.sendRtp(batch.bytes, batch.offsets[packet]!, batch.lengths[packet]!, peer);
      return;
    }
    for (let i = from; i < batch.count; i++) {
      if (batch.tracks[i] === track)
        this.sendRtp(batch.bytes, batch.offsets[i]!, batch.lengths[i]!, peer);
    }
  }

  sendRtp(bytes: Buffer, offset: number, length: number, peer: UdpPeer): void {
    this.rtp.socket.send(bytes, offset, length, peer.port, peer.address);
  }

  sendRtcp(packet: Buffer, peer: UdpPeer): void {
    this.rtcp.socket.send(packet, 0, packet.length, peer.port, peer.address);
  }

  close(): void {
    this.rtp.socket.close();
    this.rtcp.socket.close();
  }
}

/** Undefined when the port is taken. With `native` the descriptor is made by us, so that it is known. */
async function bind(
  host: string,
  port: number,
  native: Libc | undefined,
): Promise<BoundSocket | undefined> {
  const socket = createSocket({
    type: host.includes(':') ? 'udp6' : 'udp4',
    // Peers are numeric addresses: answering at once keeps the send in this turn of the event loop.
    lookup: (address, options, done) =>
      done(null, address, typeof options === 'object' ? (options.family as number) : 4),
  });
  const fd = native === undefined ? undefined : openDescriptor(native, host, port);
  try {
    const listening = once(socket, 'listening');
    if (fd === undefined) socket.bind(port, host);
    else socket.bind({ fd });
    await listening;
    if (fd === undefined) socket.setSendBufferSize(SEND_BUFFER_BYTES);
    return { socket, fd };
  } catch {
    socket.close();
    return undefined;
  }
}

/** A bound UDP socket, or undefined where Node has to make it: IPv6, or a host name. */
function openDescriptor(native: Libc, host: string, port: number): number | undefined {
  const address = socketAddress(host, port);
  if (address === undefined) return undefined;
  const fd = native.socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return undefined;
  const size = Buffer.alloc(4);
  size.writeInt32LE(SEND_BUFFER_BYTES);
  native.setsockopt(fd, SOL_SOCKET, SO_SNDBUF, size, size.length);
  if (native.bind(fd, address, address.length) === 0) return fd;
  native.close(fd);
  return undefined;
}
