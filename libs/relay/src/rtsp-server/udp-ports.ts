import { createSocket, type Socket } from 'node:dgram';
import { NightjarError } from '@nightjar/common';

const ATTEMPTS = 50;
const BUFFER_BYTES = 4 * 1024 * 1024;

/** Host and port of one UDP peer. */
export interface UdpPeer {
  readonly address: string;
  readonly port: number;
}

/**
 * The even RTP port and the odd RTCP port above it (RFC 3550 s.11) from which every UDP session of a server is served:
 * one pair for all, told apart by the peer's address, so that a thousand viewers need two descriptors.
 */
export class UdpPorts {
  private constructor(
    private readonly rtp: Socket,
    private readonly rtcp: Socket,
    readonly ports: readonly [number, number],
  ) {
    for (const socket of [rtp, rtcp]) {
      // ICMP refusals of vanished players arrive here; their sessions end by timeout.
      socket.on('error', () => undefined);
      socket.unref();
    }
  }

  /** @throws NightjarError 'exhausted' when no pair of neighbouring ports is free. */
  static async open(host: string): Promise<UdpPorts> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const rtp = await bind(host, 0);
      if (rtp === undefined) continue;
      const port = rtp.address().port;
      const rtcp = port % 2 === 0 ? await bind(host, port + 1) : undefined;
      if (rtcp !== undefined) return new UdpPorts(rtp, rtcp, [port, port + 1]);
      rtp.close();
    }
    throw new NightjarError(
      'exhausted',
      'rtsp/udp-ports',
      'no free pair of UDP ports for RTP and RTCP',
    );
  }

  /** Called for every RTCP packet that players send back: receiver reports keep a session alive. */
  onRtcp(receive: (packet: Buffer, address: string, port: number) => void): void {
    this.rtcp.on('message', (packet, from) => receive(packet, from.address, from.port));
  }

  sendRtp(bytes: Buffer, offset: number, length: number, peer: UdpPeer): void {
    this.rtp.send(bytes, offset, length, peer.port, peer.address);
  }

  sendRtcp(packet: Buffer, peer: UdpPeer): void {
    this.rtcp.send(packet, 0, packet.length, peer.port, peer.address);
  }

  close(): void {
    this.rtp.close();
    this.rtcp.close();
  }
}

async function bind(host: string, port: number): Promise<Socket | undefined> {
  const socket = createSocket({
    type: host.includes(':') ? 'udp6' : 'udp4',
    sendBufferSize: BUFFER_BYTES,
    // Peers are numeric addresses: answering at once keeps the send in this turn of the event loop.
    lookup: (address, options, done) =>
      done(null, address, typeof options === 'object' ? (options.family as number) : 4),
  });
  return await new Promise((resolve) => {
    socket.once('error', () => {
      socket.close();
      resolve(undefined);
    });
    socket.bind(port, host, () => {
      socket.removeAllListeners('error');
      resolve(socket);
    });
  });
}
