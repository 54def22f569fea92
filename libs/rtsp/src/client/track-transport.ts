import { parseTransport, printTransport, type TransportSpec } from '../headers/index.js';
import { NightjarError } from '@nightjar/common';

/** UDP ports of one track: RTP, RTCP. */
export type PortPair = readonly [rtp: number, rtcp: number];

/** How the packets of one track travel, as the server answered. */
export type Carriage =
  | { readonly lower: 'tcp'; readonly rtpChannel: number; readonly rtcpChannel: number }
  | {
      readonly lower: 'udp';
      readonly localPorts: PortPair;
      /** Undefined when the server does not say; then they are learned from the first datagram. */
      readonly serverPorts: PortPair | undefined;
    };

/** What we ask for in SETUP: channel numbers are a hint only, port numbers are bound sockets. */
export type TransportWish =
  | { readonly lower: 'tcp'; readonly channels: readonly [number, number] }
  | { readonly lower: 'udp'; readonly ports: PortPair };

/** Channels that no other track was asked to use; RFC 2326 s.10.12. */
export function wishChannels(index: number): TransportWish {
  return { lower: 'tcp', channels: [2 * index, 2 * index + 1] };
}

/** Transport header of a SETUP request. `mode` is left out, for it upsets some servers. */
export function printWish(wish: TransportWish, profile: 'RTP/AVP' | 'RTP/SAVP'): string {
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
 * @returns undefined when the server insists on UDP although TCP was asked, for which no port is bound.
 */
export function carriageOf(header: string | undefined, wish: TransportWish): Carriage | undefined {
  const spec = header === undefined ? undefined : firstSpec(header);
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
