import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { RTSP_2_0 } from '../messages/message.js';
import { parseRtpInfo, printRtpInfo, type RtpInfoEntry } from './rtp-info.js';

const WIRE_TABLE: readonly {
  name: string;
  wire: string;
  canonical: string;
  value: RtpInfoEntry[];
}[] = [
  {
    name: 'two tracks',
    wire: 'url=rtsp://h/p/t=0;seq=1;rtptime=2, url=rtsp://h/p/t=1;seq=65535;rtptime=4294967295',
    canonical: 'url=rtsp://h/p/t=0;seq=1;rtptime=2,url=rtsp://h/p/t=1;seq=65535;rtptime=4294967295',
    value: [
      { url: 'rtsp://h/p/t=0', seq: 1, rtptime: 2 },
      { url: 'rtsp://h/p/t=1', seq: 65535, rtptime: 4294967295 },
    ],
  },
  {
    name: 'relative URL, ssrc, semicolon at the end',
    wire: 'url=trackID=1;seq=5;rtptime=6;ssrc=ABCD;',
    canonical: 'url=trackID=1;seq=5;rtptime=6',
    value: [{ url: 'trackID=1', ssrc: 0xabcd, seq: 5, rtptime: 6 }],
  },
  {
    name: 'URL with commas, semicolons and a query',
    wire: 'url=rtsp://h/a;b=1,c?x=1;y=2/track1;rtptime=9;seq=8',
    canonical: 'url=rtsp://h/a;b=1,c?x=1;y=2/track1;seq=8;rtptime=9',
    value: [{ url: 'rtsp://h/a;b=1,c?x=1;y=2/track1', seq: 8, rtptime: 9 }],
  },
  {
    name: 'RTSP 2.0',
    wire: 'url="rtsp://h/a;b" ssrc=0A13C760:seq=45102;rtptime=12345678,url="rtsp://h/c" ssrc=9A9DE123:seq=30211',
    canonical: 'url=rtsp://h/a;b;seq=45102;rtptime=12345678,url=rtsp://h/c;seq=30211',
    value: [
      { url: 'rtsp://h/a;b', ssrc: 0x0a13c760, seq: 45102, rtptime: 12345678 },
      { url: 'rtsp://h/c', ssrc: 0x9a9de123, seq: 30211 },
    ],
  },
  {
    name: 'numbers out of range',
    wire: 'URL = rtsp://h/a;seq=65536;rtptime=4294967296',
    canonical: 'url=rtsp://h/a',
    value: [{ url: 'rtsp://h/a' }],
  },
  { name: 'garbage', wire: ';,seq=1;url', canonical: '', value: [] },
];

describe('RTP-Info', () => {
  it.each(WIRE_TABLE)('reads and prints: $name', ({ wire, canonical, value }) => {
    expect(parseRtpInfo(wire)).toEqual(value);
    expect(printRtpInfo(value)).toBe(canonical);
  });

  it('prints RTSP 2.0 quoted and by source, without those that have none', () => {
    const entries = [
      { url: 'rtsp://h/a', ssrc: 0x0a13c760, seq: 1, rtptime: 2 },
      { url: 'rtsp://h/b', ssrc: 7, seq: 3 },
    ];
    const printed = printRtpInfo([...entries, { url: 'rtsp://h/c', seq: 4 }], RTSP_2_0);
    expect(printed).toBe(
      'url="rtsp://h/a" ssrc=0A13C760:seq=1;rtptime=2, url="rtsp://h/b" ssrc=00000007:seq=3',
    );
    expect(parseRtpInfo(printed)).toEqual(entries);
  });

  it('never throws', () => {
    const piece = fc.oneof(
      fc.constantFrom('url=', ',', ';', 'seq=', 'rtptime=', '"', '1', ':', ' '),
      fc.string({ maxLength: 5 }),
    );
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        parseRtpInfo(pieces.join(''));
      }),
    );
  });

  it('reads back what was printed', () => {
    const entry: fc.Arbitrary<RtpInfoEntry> = fc.record(
      {
        url: fc.webUrl(),
        seq: fc.nat({ max: 0xffff }),
        rtptime: fc.nat({ max: 0xffffffff }),
      },
      { requiredKeys: ['url'] },
    );
    // Without any parameter behind it, a URL cannot be told from its trailing separators.
    const entries = fc.array(entry.filter(({ url }) => !/[;, ]$/.test(url)));
    fc.assert(
      fc.property(entries, (value) => {
        expect(parseRtpInfo(printRtpInfo(value))).toEqual(value);
      }),
    );
  });
});
