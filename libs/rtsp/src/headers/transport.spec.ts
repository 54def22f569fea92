import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { outcomeOf } from '../test-support/outcome-of.js';
import { RTSP_2_0 } from '../messages/message.js';
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

  it.each([
    {
      name: 'a pair of addresses, one host left to the server',
      wire: 'RTP/AVP/UDP;unicast;dest_addr="192.0.2.5:3456"/":3457";mode="PLAY"',
      canonical: 'RTP/AVP;unicast;dest_addr="192.0.2.5:3456"/":3457";mode="PLAY"',
      value: {
        profile: 'RTP/AVP',
        lower: 'UDP',
        unicast: true,
        destAddr: [
          { host: '192.0.2.5', port: 3456 },
          { host: '', port: 3457 },
        ],
        mode: 'PLAY',
      },
    },
    {
      name: 'IPv6, and RTCP on the port of RTP',
      wire: 'RTP/AVP/UDP;unicast;RTCP-mux;dest_addr="[2001:db8::5]:3456";src_addr="[2001:db8::9]:50"',
      canonical:
        'RTP/AVP;unicast;dest_addr="[2001:db8::5]:3456";src_addr="[2001:db8::9]:50";RTCP-mux',
      value: {
        profile: 'RTP/AVP',
        lower: 'UDP',
        unicast: true,
        destAddr: [{ host: '2001:db8::5', port: 3456 }],
        srcAddr: [{ host: '2001:db8::9', port: 50 }],
        rtcpMux: true,
      },
    },
    {
      name: 'the spelling of 1.0, as GStreamer 1.22 has it',
      wire: 'RTP/AVP;unicast;client_port=5000-5001',
      canonical: 'RTP/AVP;unicast;client_port=5000-5001',
      value: { profile: 'RTP/AVP', lower: 'UDP', unicast: true, clientPort: [5000, 5001] },
    },
    {
      name: 'more than one SSRC',
      wire: 'RTP/AVP/TCP;unicast;interleaved=0-1;ssrc=0000000A/0000000B',
      canonical: 'RTP/AVP/TCP;unicast;interleaved=0-1;ssrc=0000000A',
      value: {
        profile: 'RTP/AVP',
        lower: 'TCP',
        unicast: true,
        interleaved: [0, 1],
        ssrc: 10,
      },
    },
  ] as { name: string; wire: string; canonical: string; value: TransportSpec }[])(
    'reads and prints RTSP 2.0: $name',
    ({ wire, canonical, value }) => {
      expect(parseTransport(wire, RTSP_2_0)).toEqual([value]);
      expect(printTransport(value)).toBe(canonical);
    },
  );

  it('skips in RTSP 2.0 what has an unknown parameter, or does not say whether it is unicast', () => {
    const header =
      'RTP/AVP;unicast;client_port=2-3;x-new=1,RTP/AVP;unicast;client_port=4-5;x-flag,RTP/AVP/TCP;interleaved=0-1,RTP/AVP/TCP;unicast;interleaved=2-3';
    expect(parseTransport(header, RTSP_2_0)).toEqual([
      { profile: 'RTP/AVP', lower: 'TCP', unicast: true, interleaved: [2, 3] },
    ]);
    expect(parseTransport(header)).toHaveLength(4);
  });

  it.each([
    'dest_addr=":70000"',
    'dest_addr="a"',
    'dest_addr=":1"/":2"/":3"',
    'dest_addr="[::1:5"',
    'dest_addr=',
  ])('skips the addresses of %s', (parameter) => {
    expect(outcomeOf(() => parseTransport(`RTP/AVP;unicast;${parameter}`, RTSP_2_0))).toMatchObject(
      { error: { where: { status: 461 } } },
    );
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
      fc.constantFrom('dest_addr', '":1"', '/', 'RTCP-mux', 'unicast', '[::]', ':'),
      fc.string({ maxLength: 6 }),
    );
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        outcomeOf(() => parseTransport(pieces.join('')));
        outcomeOf(() => parseTransport(pieces.join(''), RTSP_2_0));
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
