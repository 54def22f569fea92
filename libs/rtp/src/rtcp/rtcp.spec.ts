import { describe, expect, it } from '@jest/globals';
import { NightjarError } from '@nightjar/common';
import fc from 'fast-check';
import { hex } from '../../test/harness.js';
import { decodeRtcp } from './decode.js';
import { encodeBye, encodeNote, encodeReceiverReport, encodeSenderReport } from './encode.js';
import type { ReportBlock } from './report.js';

const uint32 = fc.integer({ min: 0, max: 0xffff_ffff });
const reportBlock: fc.Arbitrary<ReportBlock> = fc.record({
  ssrc: uint32,
  fractionLost: fc.integer({ min: 0, max: 255 }),
  cumulativeLost: fc.integer({ min: -0x80_0000, max: 0x7f_ffff }),
  highestSequence: uint32,
  jitterTicks: uint32,
  lastSenderReport: uint32,
  delaySinceLastSenderReport: uint32,
});

const DECODED = [
  {
    name: 'SR of 2026-11-20T00:00:00.5Z',
    wire: '80c80006 0000002a eeaa0c00 80000000 00000003 00000004 00000005',
    items: [
      {
        type: 'sr',
        ssrc: 42,
        ntpMs: Date.UTC(2026, 11 - 1, 20) + 500,
        rtpTimestamp: 3,
        packets: 4,
        octets: 5,
        reports: [],
      },
    ],
  },
  {
    name: 'SR without a clock',
    wire: '80c80006 0000002a 00000000 00000000 00000003 00000004 00000005',
    items: [
      {
        type: 'sr',
        ssrc: 42,
        ntpMs: Number.NaN,
        rtpTimestamp: 3,
        packets: 4,
        octets: 5,
        reports: [],
      },
    ],
  },
  {
    name: 'RR with a profile extension, then an unknown type',
    wire: '80c90002 0000002a deadbeef 80ce0001 0000002a',
    items: [
      { type: 'rr', ssrc: 42, reports: [] },
      { type: 'other', payloadType: 206 },
    ],
  },
  {
    name: 'SDES of two chunks, other items skipped',
    wire: '82ca0006 00000001 01026162 00000000 00000002 06017401 01630000',
    items: [
      { type: 'sdes', ssrc: 1, cname: 'ab' },
      { type: 'sdes', ssrc: 2, cname: 'c' },
    ],
  },
  {
    name: 'BYE with a reason and padding',
    wire: 'a1cb0003 0000002a 02627900 00000004',
    items: [{ type: 'bye', ssrcs: [42] }],
  },
  { name: 'nothing', wire: '', items: [] },
];

const REFUSED = [
  { name: 'half a header', wire: '80c9', code: 'rtp/rtcp-short' },
  { name: 'version 1', wire: '40c90001 0000002a', code: 'rtp/rtcp-version' },
  { name: 'length over the end', wire: '80c90002 0000002a', code: 'rtp/rtcp-length' },
  { name: 'SR without its numbers', wire: '80c80001 0000002a', code: 'rtp/rtcp-truncated' },
  { name: 'RR without its report', wire: '81c90001 0000002a', code: 'rtp/rtcp-truncated' },
  {
    name: 'SDES text over the end',
    wire: '81ca0002 0000002a 01096162',
    code: 'rtp/rtcp-truncated',
  },
  { name: 'padding over the start', wire: 'a0c90001 00000009', code: 'rtp/rtcp-padding' },
];

function decode(bytes: Uint8Array) {
  const buf = Buffer.concat([Buffer.alloc(5, 0xff), bytes, Buffer.alloc(8, 0xff)]);
  return decodeRtcp(buf, 5, bytes.length);
}

describe('rtcp', () => {
  it.each(DECODED)('decodes: $name', ({ wire, items }) => {
    expect(decode(hex(wire))).toEqual(items);
  });

  it.each(REFUSED)('refuses: $name', ({ wire, code }) => {
    expect(() => decode(hex(wire))).toThrow(expect.objectContaining({ kind: 'protocol', code }));
  });

  it('refuses a range outside its buffer', () => {
    expect(() => decodeRtcp(Buffer.alloc(8), 4, 8)).toThrow(NightjarError);
  });

  it('reads its own sender report, the NTP time to a microsecond', () => {
    const wallMs = Date.UTC(2026, 10, 20, 12, 30) + 123.456;
    const bytes = encodeSenderReport({
      ssrc: 7,
      wallMs,
      rtpTimestamp: 2 ** 32 + 9,
      packets: 3,
      octets: 4,
      cname: 'night',
    });
    const [sr, sdes] = decode(bytes);
    expect(sr).toMatchObject({ type: 'sr', ssrc: 7, rtpTimestamp: 9, packets: 3, octets: 4 });
    expect(sr?.type === 'sr' && sr.ntpMs).toBeCloseTo(wallMs, 3);
    expect(sdes).toEqual({ type: 'sdes', ssrc: 7, cname: 'night' });
  });

  it('writes NTP times of the era after 2036 so that it reads them back', () => {
    const wallMs = Date.UTC(2040, 0, 1);
    const bytes = encodeSenderReport({
      ssrc: 7,
      wallMs,
      rtpTimestamp: 0,
      packets: 0,
      octets: 0,
      cname: '',
    });
    expect(decode(bytes)[0]).toMatchObject({ ntpMs: wallMs });
  });

  it('reads its own receiver reports', () => {
    fc.assert(
      fc.property(
        uint32,
        fc.string({ maxLength: 60 }),
        fc.array(reportBlock, { maxLength: 31 }),
        (ssrc, cname, reports) => {
          const bytes = encodeReceiverReport({ ssrc, cname, reports });
          expect(bytes.length % 4).toBe(0);
          expect(decode(bytes)).toEqual([
            { type: 'rr', ssrc, reports },
            { type: 'sdes', ssrc, cname },
          ]);
        },
      ),
    );
  });

  it('says goodbye with the report that fits the role', () => {
    const sender = { wallMs: 0, rtpTimestamp: 1, packets: 2, octets: 3 };
    const types = (bytes: Buffer) => decode(bytes).map((item) => item.type);
    const note = `camera is away: ${'é'.repeat(200)}`;
    const told = decode(encodeNote({ ssrc: 9, cname: 'night', note })).at(-1);
    expect(told).toMatchObject({ type: 'sdes', ssrc: 9, cname: 'night' });
    expect(note.startsWith((told as { note: string }).note.slice(0, 100))).toBe(true);
    expect(types(encodeNote({ ssrc: 9, cname: 'x', note: '' }))).toEqual(['rr', 'sdes']);
    expect(types(encodeBye({ ssrc: 9, cname: 'x' }))).toEqual(['rr', 'sdes', 'bye']);
    expect(types(encodeBye({ ssrc: 9, cname: 'x', sender }))).toEqual(['sr', 'sdes', 'bye']);
  });

  it('refuses to print what has no room', () => {
    const long = { ssrc: 1, cname: 'x'.repeat(256), reports: [] };
    expect(() => encodeReceiverReport(long)).toThrow(NightjarError);
  });

  it('throws only NightjarError on random bytes', () => {
    const plausible = fc
      .tuple(
        fc.constantFrom(200, 201, 202, 203, 206),
        fc.nat(31),
        fc.uint8Array({ maxLength: 120 }),
      )
      .map(([type, count, body]) => {
        const words = Math.floor(body.length / 4);
        return Uint8Array.from([0x80 | count, type, words >> 8, words & 0xff, ...body]);
      });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 64 }), plausible), (bytes) => {
        try {
          decode(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(NightjarError);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
