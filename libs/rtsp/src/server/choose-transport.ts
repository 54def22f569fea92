import type { TransportSpec } from '../headers/transport.js';

export interface TransportOffer {
  readonly tcp: boolean;
  readonly udp: boolean;
  readonly multicast?: boolean;
}

export type ChosenTransport =
  | { readonly kind: 'tcp'; readonly interleaved: readonly [number, number] }
  | { readonly kind: 'udp'; readonly clientPort: readonly [number, number] }
  | { readonly kind: 'multicast' };

/**
 * The first alternative of a SETUP that we can serve (RFC 2326 s.12.39: in order of the client's preference), or
 * undefined for 461. `destination` is never honoured: media goes to the RTSP peer, or to the group that the server chose,
 * with its ports and its ttl. A TCP request without numbers, or with numbers that are taken, gets `freeChannels`.
 */
export function chooseTransport(
  specs: readonly TransportSpec[],
  offer: TransportOffer,
  freeChannels: readonly [number, number],
  taken: ReadonlySet<number>,
): ChosenTransport | undefined {
  for (const spec of specs) {
    if (spec.mode === 'RECORD' || (spec.profile !== 'RTP/AVP' && spec.profile !== 'RTP/AVPF'))
      continue;
    if (spec.lower === 'TCP' || spec.interleaved !== undefined) {
      if (!offer.tcp) continue;
      const asked = spec.interleaved;
      const usable = asked !== undefined && !taken.has(asked[0]) && !taken.has(asked[1]);
      return { kind: 'tcp', interleaved: usable ? [asked[0], asked[1]] : freeChannels };
    }
    // Without client_port and `unicast` the default of RTSP 1.0 is multicast.
    if (!spec.unicast) {
      if (offer.multicast === true) return { kind: 'multicast' };
      continue;
    }
    if (offer.udp && spec.clientPort !== undefined) {
      return { kind: 'udp', clientPort: [spec.clientPort[0], spec.clientPort[1]] };
    }
  }
  return undefined;
}
