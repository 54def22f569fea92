import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { replayFieldsOf, withReplayExtension, type ReplayFields } from './replay-extension.js';
import { encodeRtp, payloadRange, rtpDefect } from './rtp-packet.js';

const HEADER = { payloadType: 96, sequence: 7, timestamp: 9, ssrc: 1, marker: true };
const PLAIN: ReplayFields = {
  wallMs: Date.UTC(2026, 10, 20, 12, 0, 0, 250),
  cleanPoint: false,
  endOfSection: false,
  discontinuity: false,
  terminal: false,
  cseq: 0,
};

describe('the header extension of ONVIF replay', () => {
  it.each([
    ['cleanPoint', 0x80],
    ['endOfSection', 0x40],
    ['discontinuity', 0x20],
    ['terminal', 0x10],
  ] as const)('has %s at its place', (name, bit) => {
    const packet = withReplayExtension(encodeRtp(HEADER, Buffer.of(1, 2)), {
      ...PLAIN,
      [name]: true,
      cseq: 0x1234,
    });
    // 2026-11-20T12:00:00.25Z in NTP seconds.
    const seconds = (PLAIN.wallMs - 250) / 1000 + 2_208_988_800;
    const expected = Buffer.alloc(18);
    expected.writeUInt16BE(0xabac, 0);
    expected.writeUInt16BE(3, 2);
    expected.writeUInt32BE(seconds, 4);
    expected.writeUInt32BE(0x4000_0000, 8);
    expected[12] = bit;
    expected[13] = 0x34;
    expected.set([1, 2], 16);
    expect(packet.subarray(12)).toEqual(expected);
    expect(packet[0]).toBe(0x90);
  });

  it('reads back what was written, and leaves the payload as it was', () => {
    const fields = fc.record({
      wallMs: fc.integer({ min: 0, max: Date.UTC(2100, 0, 1) }),
      cleanPoint: fc.boolean(),
      endOfSection: fc.boolean(),
      discontinuity: fc.boolean(),
      terminal: fc.boolean(),
      cseq: fc.integer({ min: 0, max: 255 }),
    });
    fc.assert(
      fc.property(fields, fc.uint8Array({ maxLength: 50 }), (value, payload) => {
        const packet = withReplayExtension(encodeRtp(HEADER, payload), value);
        expect(rtpDefect(packet, 0, packet.length)).toBeUndefined();
        const { wallMs, ...flags } = replayFieldsOf(packet)!;
        const { wallMs: written, ...rest } = value;
        expect(flags).toEqual(rest);
        expect(Math.abs(wallMs - written)).toBeLessThan(0.01);
        const { start, end } = payloadRange(packet, 0, packet.length);
        expect([...packet.subarray(start, end)]).toEqual([...payload]);
      }),
    );
  });

  it('is found in no other packet, and reading never throws', () => {
    expect(replayFieldsOf(encodeRtp(HEADER, Buffer.alloc(40)))).toBeUndefined();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        replayFieldsOf(Buffer.from(bytes));
        replayFieldsOf(Buffer.from([0x90, 96, ...bytes]));
      }),
    );
  });

  it('is not put behind another extension', () => {
    const once = withReplayExtension(encodeRtp(HEADER, Buffer.of(1)), PLAIN);
    expect(() => withReplayExtension(once, PLAIN)).toThrow('extension');
  });
});
