import type { RemoteInfo, Socket } from 'node:dgram';
import { datagramDrain } from '../udp/datagram-drain.js';
import { isSamePeer, socketAddress } from '../udp/socket-address.js';
import { encodeReceiverReport, encodeRtp } from '@nightjar/rtp';
import type { MulticastGroup, PortPair } from '@nightjar/rtsp';
import type { SourceCounters } from './source-counters.js';
import type { UdpPair } from './udp-pair.js';

export interface UdpTrackOptions {
  readonly pair: UdpPair;
  /** Address of the RTSP connection's far end; media from elsewhere is dropped. */
  readonly peer: string;
  readonly serverPorts: PortPair | undefined;
  /** Where reports go instead: the group that the track is sent to. */
  readonly group?: MulticastGroup;
  readonly counters: SourceCounters;
  /** Takes one datagram, which it may keep. Returns whether it was RTP or RTCP of this track. */
  readonly receive: (packet: Buffer, rtcp: boolean) => boolean;
}

/** The UDP sockets of one track: hears the camera alone, and its port alone once that is known. */
export class UdpTrack {
  private rtpPort: number | undefined;
  private rtcpPort: number | undefined;

  /** Address and RTP port of the camera as the kernel writes them. */
  private peerName: Buffer | undefined;

  constructor(private readonly options: UdpTrackOptions) {
    const { rtp, rtcp } = { rtp: options.pair.rtp.socket, rtcp: options.pair.rtcp.socket };
    rtp.on('message', (packet, from) => {
      this.rtpArrived(packet, from);
      this.drain(from);
    });
    rtcp.on('message', (packet, from) => {
      if (this.fromPeer(from, this.rtcpPort) && options.receive(packet, true))
        this.rtcpPort = from.port;
    });
    // ICMP refusals and the like; silence shows by the inactivity timeout.
    rtp.on('error', () => undefined);
    rtcp.on('error', () => undefined);
  }

  private rtpArrived(packet: Buffer, from: RemoteInfo): void {
    if (this.fromPeer(from, this.rtpPort) && this.options.receive(packet, false))
      this.rtpPort = from.port;
  }

  /** Takes what else has come of the burst that began with a datagram from `from`. */
  private drain(from: RemoteInfo): void {
    const { peer, pair, receive, counters } = this.options;
    const { socket, fd, family } = pair.rtp;
    const known = from.address === peer && from.port === this.rtpPort;
    if (!known || datagramDrain === undefined || fd === undefined || family === undefined) return;
    const name = (this.peerName ??= socketAddress(peer, from.port, family));
    if (name === undefined) return;
    datagramDrain.drain(socket, fd, (packet, sender) => {
      if (isSamePeer(sender, name)) receive(packet, false);
      else counters.dropped.address += 1;
    });
  }

  /** Opens the way through a firewall or NAT for what the camera will send (RFC 2326 has no word on it; players do it). */
  punch(ssrc: number, cname: string): void {
    const ports = this.options.serverPorts;
    if (ports === undefined) return;
    const empty = encodeRtp(
      { payloadType: 0, sequence: 0, timestamp: 0, ssrc, marker: false },
      Buffer.alloc(0),
    );
    this.send(this.options.pair.rtp.socket, empty, ports[0]);
    this.send(
      this.options.pair.rtcp.socket,
      encodeReceiverReport({ ssrc, cname, reports: [] }),
      ports[1],
    );
  }

  sendRtp(packet: Buffer): void {
    const port = this.rtpPort ?? this.options.serverPorts?.[0];
    if (port !== undefined) this.send(this.options.pair.rtp.socket, packet, port);
  }

  sendRtcp(packet: Buffer): void {
    const { group, pair } = this.options;
    if (group !== undefined) {
      pair.rtcp.socket.send(packet, group.ports[1], group.address, () => undefined);
      return;
    }
    const guess = this.rtpPort === undefined ? undefined : this.rtpPort + 1;
    const port = this.rtcpPort ?? this.options.serverPorts?.[1] ?? guess;
    if (port !== undefined && port <= 65_535)
      this.send(this.options.pair.rtcp.socket, packet, port);
  }

  private send(socket: Socket, packet: Buffer, port: number): void {
    socket.send(packet, port, this.options.peer, () => undefined);
  }

  private fromPeer(from: RemoteInfo, port: number | undefined): boolean {
    const known = from.address === this.options.peer || from.address === this.options.group?.source;
    if (known && (port === undefined || from.port === port)) return true;
    this.options.counters.dropped.address += 1;
    return false;
  }
}
