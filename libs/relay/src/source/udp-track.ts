import type { RemoteInfo, Socket } from 'node:dgram';
import { encodeReceiverReport, encodeRtp } from '@nightjar/rtp';
import type { PortPair } from '@nightjar/rtsp';
import type { SourceCounters } from './source-counters.js';
import type { UdpPair } from './udp-pair.js';

export interface UdpTrackOptions {
  readonly pair: UdpPair;
  /** Address of the RTSP connection's far end; media from elsewhere is dropped. */
  readonly peer: string;
  readonly serverPorts: PortPair | undefined;
  readonly counters: SourceCounters;
  /** Takes one datagram, which it may keep. Returns whether it was RTP or RTCP of this track. */
  readonly receive: (packet: Buffer, rtcp: boolean) => boolean;
}

/** The UDP sockets of one track: hears the camera alone, and its port alone once that is known. */
export class UdpTrack {
  private rtpPort: number | undefined;
  private rtcpPort: number | undefined;

  constructor(private readonly options: UdpTrackOptions) {
    const { rtp, rtcp } = options.pair;
    rtp.on('message', (packet, from) => {
      if (this.fromPeer(from, this.rtpPort) && options.receive(packet, false))
        this.rtpPort = from.port;
    });
    rtcp.on('message', (packet, from) => {
      if (this.fromPeer(from, this.rtcpPort) && options.receive(packet, true))
        this.rtcpPort = from.port;
    });
    // ICMP refusals and the like; silence shows by the inactivity timeout.
    rtp.on('error', () => undefined);
    rtcp.on('error', () => undefined);
  }

  /** Opens the way through a firewall or NAT for what the camera will send (RFC 2326 has no word on it; players do it). */
  punch(ssrc: number, cname: string): void {
    const ports = this.options.serverPorts;
    if (ports === undefined) return;
    const empty = encodeRtp(
      { payloadType: 0, sequence: 0, timestamp: 0, ssrc, marker: false },
      Buffer.alloc(0),
    );
    this.send(this.options.pair.rtp, empty, ports[0]);
    this.send(this.options.pair.rtcp, encodeReceiverReport({ ssrc, cname, reports: [] }), ports[1]);
  }

  sendRtcp(packet: Buffer): void {
    const guess = this.rtpPort === undefined ? undefined : this.rtpPort + 1;
    const port = this.rtcpPort ?? this.options.serverPorts?.[1] ?? guess;
    if (port !== undefined && port <= 65_535) this.send(this.options.pair.rtcp, packet, port);
  }

  private send(socket: Socket, packet: Buffer, port: number): void {
    socket.send(packet, port, this.options.peer, () => undefined);
  }

  private fromPeer(from: RemoteInfo, port: number | undefined): boolean {
    if (from.address === this.options.peer && (port === undefined || from.port === port))
      return true;
    this.options.counters.dropped.address += 1;
    return false;
  }
}
