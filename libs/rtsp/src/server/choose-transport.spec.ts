import { describe, expect, it } from '@jest/globals';
import { parseTransport } from '../headers/transport.js';
import { chooseTransport, type TransportOffer } from './choose-transport.js';

const ALL: TransportOffer = { tcp: true, udp: true, multicast: true };
const UNICAST: TransportOffer = { tcp: true, udp: true };
const GROUP_ONLY: TransportOffer = { tcp: false, udp: false, multicast: true };

/** To who comes by TLS, and to who has set up a track by SRTP. */
const SECURE: TransportOffer = { ...UNICAST, srtp: true, plainUdp: false };
const SRTP_ONLY: TransportOffer = { ...SECURE, multicast: true, plain: false };

const tcp = (rtp: number) => ({ kind: 'tcp', interleaved: [rtp, rtp + 1] });
const udp = (rtp: number) => ({ kind: 'udp', clientPort: [rtp, rtp + 1] });
const multicast = { kind: 'multicast' };

describe('the choice of a transport', () => {
  it.each([
    ['RTP/AVP;unicast;client_port=5000-5001', ALL, udp(5000)],
    ['RTP/AVP/TCP;unicast;interleaved=4-5', ALL, tcp(4)],
    ['RTP/AVP/TCP;unicast', ALL, tcp(8)],
    ['RTP/AVP/TCP;unicast;interleaved=2-3', ALL, tcp(8)],
    ['RTP/AVP;multicast', ALL, multicast],
    ['RTP/AVP/UDP;multicast', ALL, multicast],
    ['RTP/AVP', ALL, multicast],
    ['RTP/AVP;multicast;client_port=5000-5001', ALL, multicast],
    ['RTP/AVP;multicast;destination=10.0.0.9;port=5000-5001;ttl=255', ALL, multicast],
    ['RTP/AVP;multicast', UNICAST, undefined],
    ['RTP/AVP;multicast;client_port=5000-5001', UNICAST, undefined],
    ['RTP/AVP;multicast,RTP/AVP/TCP;interleaved=0-1', UNICAST, tcp(0)],
    ['RTP/AVP;unicast;client_port=5000-5001,RTP/AVP;multicast', GROUP_ONLY, multicast],
    ['RTP/AVP/TCP;interleaved=0-1', GROUP_ONLY, undefined],
    ['RTP/AVP;unicast', ALL, undefined],
    [
      'RTP/AVP;unicast;dest_addr=":5000"/":6001"',
      ALL,
      { kind: 'udp', clientPort: [5000, 6001], addresses: true },
    ],
    [
      'RTP/AVP;unicast;dest_addr=":5000"',
      ALL,
      { kind: 'udp', clientPort: [5000, 5000], rtcp: 'none', addresses: true },
    ],
    [
      'RTP/AVP;unicast;RTCP-mux;dest_addr=":5000"',
      ALL,
      { kind: 'udp', clientPort: [5000, 5000], rtcp: 'mux', addresses: true },
    ],
    [
      'RTP/AVP;unicast;RTCP-mux;client_port=5000-5001',
      ALL,
      { kind: 'udp', clientPort: [5000, 5001], rtcp: 'mux' },
    ],
    ['RTP/AVP/TCP;unicast;dest_addr=":9";setup=active', ALL, undefined],
    ['RTP/SAVP;multicast', ALL, undefined],
    ['RTP/AVP;multicast;mode=record', ALL, undefined],
    ['RTP/SAVP/TCP;interleaved=0-1', ALL, undefined],
    ['RTP/SAVP/TCP;interleaved=0-1', SECURE, { ...tcp(0), srtp: true }],
    ['RTP/SAVPF;unicast;client_port=5000-5001', SECURE, { ...udp(5000), srtp: true }],
    ['RTP/AVP;unicast;client_port=5000-5001,RTP/AVP/TCP', SECURE, tcp(8)],
    ['RTP/AVP/TCP,RTP/SAVP/TCP;interleaved=0-1', SRTP_ONLY, { ...tcp(0), srtp: true }],
    ['RTP/SAVP;multicast', SRTP_ONLY, undefined],
  ])('of %s', (header, offer, chosen) => {
    expect(chooseTransport(parseTransport(header), offer, [8, 9], new Set([2, 3]))).toEqual(chosen);
  });

  it.each([
    ['RTP/AVP/TCP;unicast;interleaved=0-1;mode=record', tcp(0)],
    ['RTP/AVP/UDP;unicast;client_port=5000-5001;mode="RECORD"', udp(5000)],
    ['RTP/AVP/TCP;unicast;interleaved=0-1;mode=receive', tcp(0)],
    ['RTP/AVP/TCP;unicast;interleaved=0-1', tcp(0)],
    ['RTP/AVP/TCP;interleaved=0-1;mode=play,RTP/AVP;client_port=5000-5001', udp(5000)],
    ['RTP/AVP/TCP;unicast;interleaved=0-1;mode=play', undefined],
  ])('of a publisher, %s', (header, chosen) => {
    const specs = parseTransport(header);
    expect(chooseTransport(specs, UNICAST, [8, 9], new Set(), 'RECORD')).toEqual(chosen);
  });
});
