import { parseTransport, printTransport, type TransportSpec } from '../headers/index.js';
import { NightjarError } from '@nightjar/common';
import type { SdpTrack } from '../sdp/index.js';

const IPV4 = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/;
/** Our reports stay in the local network unless the server says how far it reaches. */
const DEFAULT_TTL = 1;

/** UDP ports of one track: RTP, RTCP. */
export type PortPair = readonly [rtp: number, rtcp: number];

/** A multicast group that a track is sent to. */
export interface MulticastGroup {
  /** IPv4, 224.0.1.0 or above: the addresses below are not for media. */
  readonly address: string;
  readonly ports: PortPair;
  /** For what we send there. */
  readonly ttl: number;
  /** Numeric address that the packets come from, where the server names one other than its own. */
  readonly source: string | undefined;
}

/** How the packets of one track travel, as the server answered. */
export type Carriage =
  | { readonly lower: 'tcp'; readonly rtpChannel: number; readonly rtcpChannel: number }
  | {
      readonly lower: 'udp';
      readonly localPorts: PortPair;
      /** Undefined when the server does not say; then they are learned from the first datagram. */
      readonly serverPorts: PortPair | undefined;
    }
  | { readonly lower: 'multicast'; readonly group: MulticastGroup };

/** What we ask for in SETUP: channel numbers are a hint only, port numbers are bound sockets. */
export type TransportWish =
  | { readonly lower: 'tcp'; readonly channels: readonly [number, number] }
  | { readonly lower: 'udp'; readonly ports: PortPair }
  | { readonly lower: 'multicast' };

/** Channels that no other track was asked to use; RFC 2326 s.10.12. */
export function wishChannels(index: number): TransportWish {
  return { lower: 'tcp', channels: [2 * index, 2 * index + 1] };
}

/** Transport header of a SETUP request. `mode` is left out, for it upsets some servers. */
export function printWish(wish: TransportWish, profile: 'RTP/AVP' | 'RTP/SAVP'): string {
  if (wish.lower === 'multicast') return printTransport({ profile, lower: 'UDP', unicast: false });
  return wish.lower === 'tcp'
    ? printTransport({
        profile,
        lower: 'TCP',
        unicast: true,
        interleaved: [...wish.channels],
      })
    : printTransport({
        profile,
        lower: 'UDP',
        unicast: true,
        clientPort: [...wish.ports],
      });
}

/**
 * Reads the Transport header of a SETUP response. What it leaves out is taken from the request.
 *
 * @param track whose section of the SDP names the group where the answer does not
 * @returns undefined when the server insists on UDP although TCP was asked, for which no port is bound, or on unicast
 * where a group was asked for.
 */
export function carriageOf(
  header: string | undefined,
  wish: TransportWish,
  track: Pick<SdpTrack, 'group'>,
): Carriage | undefined {
  const spec = header === undefined ? undefined : firstSpec(header);
  if (wish.lower === 'multicast') {
    const group = groupOf(spec, track);
    return group === undefined ? undefined : { lower: 'multicast', group };
  }
  // field: Escam answers `RTP/AVP;unicast;interleaved=0-1`, without /TCP.
  const tcp =
    spec === undefined
      ? wish.lower === 'tcp'
      : spec.lower === 'TCP' || spec.interleaved !== undefined;
  if (tcp) {
    const [rtpChannel, rtcpChannel] =
      spec?.interleaved ?? (wish.lower === 'tcp' ? wish.channels : [0, 1]);
    return { lower: 'tcp', rtpChannel, rtcpChannel };
  }
  if (wish.lower === 'tcp') {
    // field: a bare `RTP/AVP;unicast` answers a TCP request on servers that do not echo its parameters.
    const insists = spec?.clientPort !== undefined || spec?.serverPort !== undefined;
    return insists
      ? undefined
      : { lower: 'tcp', rtpChannel: wish.channels[0], rtcpChannel: wish.channels[1] };
  }
  return { lower: 'udp', localPorts: wish.ports, serverPorts: usablePorts(spec?.serverPort) };
}

/** The group of an answer, or of the SDP; undefined where neither has one that may be joined. */
function groupOf(
  spec: TransportSpec | undefined,
  { group }: Pick<SdpTrack, 'group'>,
): MulticastGroup | undefined {
  if (spec?.unicast === true && spec.destination === undefined) return undefined;
  const address = spec?.destination ?? group?.address;
  const ports = usablePorts(spec?.port) ?? group?.ports;
  if (address === undefined || !isGroup(address) || ports === undefined) return undefined;
  const source = spec?.source !== undefined && IPV4.test(spec.source) ? spec.source : undefined;
  return { address, ports, ttl: spec?.ttl ?? group?.ttl ?? DEFAULT_TTL, source };
}

/** RFC 5771: class D without the block of the local network's own protocols. */
function isGroup(address: string): boolean {
  const match = IPV4.exec(address);
  if (match === null) return false;
  const [a = 0, b = 0, c = 0, d = 0] = match.slice(1).map(Number);
  return a >= 224 && a <= 239 && Math.max(b, c, d) <= 255 && (a > 224 || b > 0 || c > 0);
}

function firstSpec(header: string): TransportSpec | undefined {
  try {
    return parseTransport(header)[0];
  } catch (error) {
    if (error instanceof NightjarError) return undefined;
    throw error;
  }
}

/** field: `server_port=0-0` stands for "not known". */
function usablePorts(ports: PortPair | undefined): PortPair | undefined {
  return ports === undefined || ports[0] === 0 || ports[1] === 0 ? undefined : ports;
}
