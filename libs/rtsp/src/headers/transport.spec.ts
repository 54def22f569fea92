import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { outcomeOf } from '../test-support/outcome-of.js';
import { parseTransport, printTransport, type TransportSpec } from './transport.js';

const WIRE_TABLE: readonly {
  name: string;
  wire: string;
  canonical: string;
  value: TransportSpec;
}[] = [
  {
    name: 'UDP request',
    wire: 'RTP/AVP;unicast;client_port=5000-5001',
    canonical: 'RTP/AVP;unicast;client_port=5000-5001',
    value: { profile: 'RTP/AVP', lower: 'UDP', unicast: true, clientPort: [5000, 5001] },
  },
  {
    name: 'TCP request with mode',
    wire: 'RTP/AVP/TCP;unicast;interleaved=0-1;mode=record',
    canonical: 'RTP/AVP/TCP;unicast;interleaved=0-1;mode="RECORD"',
    value: {
      profile: 'RTP/AVP',
      lower: 'TCP',
      unicast: true,
      interleaved: [0, 1],
      mode: 'RECORD',
    },
  },
  {
    name: 'full UDP answer',
    wire: 'RTP/AVP/UDP;unicast;destination=10.0.0.2;source=10.0.0.1;client_port=5000-5001;server_port=6970-6971;ssrc=0A0B0C0D;mode="PLAY"',
    canonical:
      'RTP/AVP;unicast;destination=10.0.0.2;source=10.0.0.1;client_port=5000-5001;server_port=6970-6971;ssrc=0A0B0C0D;mode="PLAY"',
    value: {
      profile: 'RTP/AVP',
      lower: 'UDP',
      unicast: true,
      destination: '10.0.0.2',
      source: '10.0.0.1',
      clientPort: [5000, 5001],
      serverPort: [6970, 6971],
      ssrc: 0x0a0b0c0d,
      mode: 'PLAY',
    },
  },
  {
    name: 'multicast',
    wire: 'RTP/AVP;multicast;destination=239.1.2.3;port=3456-3457;ttl=16',
    canonical: 'RTP/AVP;multicast;destination=239.1.2.3;port=3456-3457;ttl=16',
    value: {
      profile: 'RTP/AVP',
      lower: 'UDP',
      unicast: false,
      destination: '239.1.2.3',
      port: [3456, 3457],
      ttl: 16,
    },
  },
  {
    name: 'ssrc before the protocol',
    wire: 'ssrc=1;RTP/AVP/TCP;interleaved=2-3',
    canonical: 'RTP/AVP/TCP;unicast;interleaved=2-3;ssrc=00000001',
    value: { profile: 'RTP/AVP', lower: 'TCP', unicast: true, interleaved: [2, 3], ssrc: 1 },
  },
  {
    name: 'Hikvision: seven digits behind a space',
    wire: 'RTP/AVP/TCP;unicast;interleaved=0-1;ssrc= d6d6627;mode="play"',
    canonical: 'RTP/AVP/TCP;unicast;interleaved=0-1;ssrc=0D6D6627;mode="PLAY"',
    value: {
      profile: 'RTP/AVP',
      lower: 'TCP',
      unicast: true,
      interleaved: [0, 1],
      ssrc: 0x0d6d6627,
      mode: 'PLAY',
    },
  },
  {
    name: 'Escam: interleaved without TCP, single channel',
    wire: 'RTP/AVP;interleaved=4',
    canonical: 'RTP/AVP/TCP;unicast;interleaved=4-5',
    value: { profile: 'RTP/AVP', lower: 'TCP', unicast: true, interleaved: [4, 5] },
  },
  {
    name: 'live555 as a publisher, lower-case names, unknown parameters',
    wire: 'rtp/savpf/udp;UNICAST;Client_Port = 7000;mode=receive;append;x-dynamic=1;layers=2',
    canonical: 'RTP/SAVPF;unicast;client_port=7000-7001;mode="RECORD"',
    value: {
      profile: 'RTP/SAVPF',
      lower: 'UDP',
      unicast: true,
      clientPort: [7000, 7001],
      mode: 'RECORD',
    },
  },
  {
    name: 'nothing but the protocol is multicast, as RFC 2326 says',
    wire: 'RTP/AVP',
    canonical: 'RTP/AVP;multicast',
    value: { profile: 'RTP/AVP', lower: 'UDP', unicast: false },
  },
];

describe('Transport', () => {
  it.each(WIRE_TABLE)('reads and prints: $name', ({ wire, canonical, value }) => {
    expect(parseTransport(wire)).toEqual([value]);
    expect(printTransport(value)).toBe(canonical);
  });

  it('keeps the order of alternatives and skips the ones it cannot use', () => {
    const specs = parseTransport(
      'RAW/RAW/UDP;unicast, RTP/AVP;unicast;client_port=x-y,RTP/AVP/TCP;unicast;interleaved=0-256, RTP/AVP/TCP;unicast;interleaved=0-1,RTP/AVP;unicast;client_port=2-3',
    );
    expect(specs.map((spec) => spec.lower)).toEqual(['TCP', 'UDP']);
  });

  it.each(['', 'unicast', 'MP2T/H2221/UDP;unicast', 'RTP/AVP;client_port=65535', ',;,;'])(
    'answers 461 to %j',
    (wire) => {
      expect(outcomeOf(() => parseTransport(wire))).toMatchObject({
        error: { code: 'rtsp/transport', where: { status: 461 } },
      });
    },
  );

  it('throws nothing but NightjarError', () => {
    const piece = fc.oneof(
      fc.constantFrom('RTP/AVP', '/TCP', ';', ',', '=', '-', '"', 'interleaved', 'ssrc', 'mode'),
      fc.string({ maxLength: 6 }),
    );
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        outcomeOf(() => parseTransport(pieces.join('')));
      }),
    );
  });

  it('reads back what was printed', () => {
    const pair = (max: number): fc.Arbitrary<[number, number]> =>
      fc.tuple(fc.nat({ max }), fc.nat({ max }));
    const host = fc.oneof(fc.ipV4(), fc.ipV6());
    const spec: fc.Arbitrary<TransportSpec> = fc.record(
      {
        profile: fc.constantFrom('RTP/AVP', 'RTP/AVPF', 'RTP/SAVP', 'RTP/SAVPF'),
        lower: fc.constant('UDP' as const),
        unicast: fc.boolean(),
        clientPort: pair(65535),
        serverPort: pair(65535),
        port: pair(65535),
        ttl: fc.nat({ max: 255 }),
        ssrc: fc.nat({ max: 0xffffffff }),
        source: host,
        destination: host,
        mode: fc.constantFrom('PLAY', 'RECORD'),
      },
      { requiredKeys: ['profile', 'lower', 'unicast'] },
    );
    fc.assert(
      fc.property(spec, fc.option(pair(255), { nil: undefined }), (udp, channels) => {
        const value: TransportSpec =
          channels === undefined ? udp : { ...udp, lower: 'TCP', interleaved: channels };
        expect(parseTransport(printTransport(value))).toEqual([value]);
      }),
    );
  });
});
