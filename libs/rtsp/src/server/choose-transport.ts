import type { TransportSpec } from '../headers/transport.js';

export interface TransportOffer {
  readonly tcp: boolean;
  readonly udp: boolean;
  readonly multicast?: boolean;
  /** Whether packets may go unprotected (RTP/AVP), and so over UDP. Absent: they may. */
  readonly plain?: boolean;
  readonly plainUdp?: boolean;
  /** Whether SRTP (RTP/SAVP) is offered. Its keys travel in RTSP, which must be inside TLS then. */
  readonly srtp?: boolean;
  /** Whether SRTP may go to a group. */
  readonly srtpMulticast?: boolean;
  /** Whether media can only go inside the connection: then UDP is answered with TCP (ONVIF Streaming s.5.1.1.5). */
  readonly interleavedOnly?: boolean;
}

export type ChosenTransport =
  | {
      readonly kind: 'tcp';
      readonly interleaved: readonly [number, number];
      readonly srtp?: true;
    }
  | {
      readonly kind: 'udp';
      readonly srtp?: true;
      readonly clientPort: readonly [number, number];
      /** `mux`: RTCP shares the port of RTP. `none`: the client takes no RTCP. Absent: it goes to the second port. */
      readonly rtcp?: 'mux' | 'none';
      /** The answer is to be given in addresses, as RTSP 2.0 spells it. */
      readonly addresses?: true;
    }
  | { readonly kind: 'multicast'; readonly srtp?: true };

/**
 * The first alternative of a SETUP that we can serve (RFC 2326 s.12.39: in order of the client's preference), or
 * undefined for 461. `destination` is never honoured: media goes to the RTSP peer, or to the group that the server chose,
 * with its ports and its ttl. A TCP request without numbers, or with numbers that are taken, gets `freeChannels`.
 * @param mode alternatives that name another are passed over
 */
export function chooseTransport(
  specs: readonly TransportSpec[],
  offer: TransportOffer,
  freeChannels: readonly [number, number],
  taken: ReadonlySet<number>,
  mode: 'PLAY' | 'RECORD' = 'PLAY',
): ChosenTransport | undefined {
  for (const spec of specs) {
    if ((spec.mode ?? mode) !== mode) continue;
    const secure = spec.profile === 'RTP/SAVP' || spec.profile === 'RTP/SAVPF';
    if (secure ? offer.srtp !== true : offer.plain === false) continue;
    const srtp = secure ? { srtp: true as const } : {};
    // Media on a TCP connection of its own (RFC 7826 s.18.54) is not offered.
    if (spec.lower === 'TCP' && spec.destAddr !== undefined) continue;
    if (spec.lower === 'TCP' || spec.interleaved !== undefined || offer.interleavedOnly === true) {
      if (!offer.tcp) continue;
      const asked = spec.interleaved;
      const usable = asked !== undefined && !taken.has(asked[0]) && !taken.has(asked[1]);
      return { kind: 'tcp', interleaved: usable ? [asked[0], asked[1]] : freeChannels, ...srtp };
    }
    // Without client_port and `unicast` the default of RTSP 1.0 is multicast.
    if (!spec.unicast) {
      if ((secure ? offer.srtpMulticast : offer.multicast) === true)
        return { kind: 'multicast', ...srtp };
      continue;
    }
    const mayUdp = offer.udp && (secure || offer.plainUdp !== false);
    const chosen = mayUdp ? chooseUdp(spec) : undefined;
    // To port 0 nothing can be sent.
    if (chosen !== undefined && chosen.clientPort.every((port) => port > 0))
      return { ...chosen, ...srtp };
  }
  return undefined;
}

function chooseUdp({
  clientPort,
  destAddr,
  rtcpMux,
}: TransportSpec): Extract<ChosenTransport, { kind: 'udp' }> | undefined {
  const mux = rtcpMux === true ? { rtcp: 'mux' as const } : {};
  const [rtp, rtcp] = destAddr ?? [];
  if (rtp !== undefined) {
    const { port } = rtp;
    const carried = rtcp === undefined && rtcpMux !== true ? { rtcp: 'none' as const } : mux;
    return { kind: 'udp', clientPort: [port, rtcp?.port ?? port], ...carried, addresses: true };
  }
  if (clientPort === undefined) return undefined;
  return { kind: 'udp', clientPort: [clientPort[0], clientPort[1]], ...mux };
}
