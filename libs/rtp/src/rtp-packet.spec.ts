import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { hex } from '../test/harness.js';
import {
  encodeRtp,
  markerOf,
  payloadRange,
  payloadTypeOf,
  rewriteHeader,
  rtpDefect,
  sequenceOf,
  ssrcOf,
  timestampOf,
} from './rtp-packet.js';

const VALID = [
  { name: 'header only', wire: '80 60 0001 00000002 00000003', payload: '' },
  { name: 'marker and payload', wire: '80 e0 ffff fffffffe ffffffff aabb', payload: 'aabb' },
  { name: 'two CSRCs', wire: '82 60 0001 00000002 00000003 11111111 22222222 aa', payload: 'aa' },
  { name: 'extension', wire: '90 60 0001 00000002 00000003 abac0001 01020304 aa', payload: 'aa' },
  { name: 'empty extension', wire: '90 60 0001 00000002 00000003 abac0000 aa', payload: 'aa' },
  { name: 'padding', wire: 'a0 60 0001 00000002 00000003 aa 000003', payload: 'aa' },
  { name: 'nothing but padding', wire: 'a0 60 0001 00000002 00000003 0002', payload: '' },
];

const INVALID = [
  { name: 'short', wire: '80 60 0001 00000002 000000', defect: 'short' },
  { name: 'version 1', wire: '40 60 0001 00000002 00000003', defect: 'version' },
  { name: 'CSRCs missing', wire: '81 60 0001 00000002 00000003 aabb', defect: 'csrc' },
  { name: 'extension cut', wire: '90 60 0001 00000002 00000003 abac', defect: 'extension' },
  { name: 'extension long', wire: '90 60 0001 00000002 00000003 abac0001', defect: 'extension' },
  { name: 'padding of zero', wire: 'a0 60 0001 00000002 00000003 aa00', defect: 'padding' },
  { name: 'padding too long', wire: 'a0 60 0001 00000002 00000003 aa03', defect: 'padding' },
];

/** The packet in the middle of a buffer, where reading out of range would show. */
function embedded(packet: Uint8Array): { buf: Buffer; offset: number; length: number } {
  const buf = Buffer.concat([Buffer.alloc(3, 0xff), packet, Buffer.alloc(64, 0xff)]);
  return { buf, offset: 3, length: packet.length };
}

describe('rtp packet', () => {
  it.each(VALID)('finds the payload: $name', ({ wire, payload }) => {
    const { buf, offset, length } = embedded(hex(wire));
    expect(rtpDefect(buf, offset, length)).toBeUndefined();
    const { start, end } = payloadRange(buf, offset, length);
    expect(buf.subarray(start, end).toString('hex')).toBe(payload);
  });

  it.each(INVALID)('names the defect: $name', ({ wire, defect }) => {
    const { buf, offset, length } = embedded(hex(wire));
    expect(rtpDefect(buf, offset, length)).toBe(defect);
  });

  it('reads the fields of the header', () => {
    const { buf, offset } = embedded(hex('80 e0 fffe fffffffd fffffffc'));
    expect(payloadTypeOf(buf, offset)).toBe(96);
    expect(markerOf(buf, offset)).toBe(true);
    expect(sequenceOf(buf, offset)).toBe(0xfffe);
    expect(timestampOf(buf, offset)).toBe(0xffff_fffd);
    expect(ssrcOf(buf, offset)).toBe(0xffff_fffc);
  });

  it('rewrites in place, numbers modulo their width', () => {
    const buf = hex('80 e0 fffe fffffffd fffffffc aa');
    rewriteHeader(buf, 0, -1, 65_537, 2 ** 32 + 5);
    expect(buf.toString('hex')).toBe('80e0000100000005ffffffffaa');
  });

  it('prints what it parses', () => {
    const fields = fc.record({
      payloadType: fc.integer({ min: 0, max: 127 }),
      sequence: fc.integer({ min: 0, max: 0xffff }),
      timestamp: fc.integer({ min: 0, max: 0xffff_ffff }),
      ssrc: fc.integer({ min: 0, max: 0xffff_ffff }),
      marker: fc.boolean(),
    });
    fc.assert(
      fc.property(fields, fc.uint8Array({ maxLength: 40 }), (header, payload) => {
        const { buf, offset, length } = embedded(encodeRtp(header, payload));
        expect(rtpDefect(buf, offset, length)).toBeUndefined();
        expect({
          payloadType: payloadTypeOf(buf, offset),
          sequence: sequenceOf(buf, offset),
          timestamp: timestampOf(buf, offset),
          ssrc: ssrcOf(buf, offset),
          marker: markerOf(buf, offset),
        }).toEqual(header);
        const { start, end } = payloadRange(buf, offset, length);
        expect(Uint8Array.from(buf.subarray(start, end))).toEqual(payload);
      }),
    );
  });

  it('never throws on random bytes, and keeps the payload inside the packet', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 64 }),
        fc.nat(70),
        fc.nat(70),
        (bytes, offset, length) => {
          const buf = Buffer.from(bytes);
          if (buf.length > offset) buf[offset] = 0x80 | ((buf[offset] ?? 0) & 0x3f);
          if (rtpDefect(buf, offset, length) !== undefined) return;
          const { start, end } = payloadRange(buf, offset, length);
          expect(start).toBeGreaterThanOrEqual(offset + 12);
          expect(end).toBeGreaterThanOrEqual(start);
          expect(end).toBeLessThanOrEqual(offset + length);
        },
      ),
    );
  });
});
