import { describe, expect, it } from '@jest/globals';
import { markerOf, payloadRange, rtpDefect, startsKeyframe } from '@nightjar/rtp';
import {
  FRAME_STAMP_BYTES,
  writeFrameStamp,
  readFrameStamp,
} from '../../../camsim/src/frame-stamp.js';
import { makeFootage } from './footage.js';

describe('footage', () => {
  const footage = makeFootage(4_000_000, 2);

  it('has the bit rate that was asked for, parameter sets aside', () => {
    const bytes = footage.reduce((sum, { payloadBytes }) => sum + payloadBytes, 0);
    expect(bytes / 1_000_000).toBeCloseTo(1, 2);
    expect(footage).toHaveLength(50);
  });

  it('begins with its only keyframe, which is the largest frame', () => {
    expect(footage.map(({ keyframe }) => keyframe).lastIndexOf(true)).toBe(0);
    expect(footage[0]!.bytes.length / footage[1]!.bytes.length).toBeGreaterThan(7);
  });

  it('is RTP behind interleaved headers, one marker per frame, at its end', () => {
    for (const { bytes, packets, keyframe } of footage) {
      let next = 0;
      for (const at of packets) {
        const length = bytes.readUInt16BE(at - 2);
        expect([at - 4, bytes[at - 4], bytes[at - 3]]).toEqual([next, 0x24, 0]);
        expect(rtpDefect(bytes, at, length)).toBeUndefined();
        next = at + length;
        expect(markerOf(bytes, at)).toBe(next === bytes.length);
      }
      expect(next).toBe(bytes.length);
      const starts = packets.some((at) => {
        const { start, end } = payloadRange(bytes, at, bytes.readUInt16BE(at - 2));
        return startsKeyframe('h264', bytes, start, end);
      });
      expect(starts).toBe(keyframe);
    }
  });

  it('has a stamp in every frame to be filled in', () => {
    for (const [frame, { bytes, stamp }] of footage.entries()) {
      writeFrameStamp(bytes, stamp, { frame, sentNs: 7n });
      expect(readFrameStamp(bytes.subarray(stamp, stamp + FRAME_STAMP_BYTES))).toEqual({
        frame,
        sentNs: 7n,
      });
    }
  });
});
