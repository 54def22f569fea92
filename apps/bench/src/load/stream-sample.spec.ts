import { beforeEach, describe, expect, it } from '@jest/globals';
import { rewriteHeader } from '@nightjar/rtp';
import { writeFrameStamp } from '../../../camsim/src/frame-stamp.js';
import { makeFootage, type WireFrame } from '../camera/footage.js';
import { StreamSample } from './stream-sample.js';

const [keyframe, other] = makeFootage(1_000_000, 2) as [WireFrame, WireFrame];

describe('a sample of a stream', () => {
  let keyframes: number;
  let sample: StreamSample;
  let sequence: number;

  beforeEach(() => {
    keyframes = 0;
    sample = new StreamSample(() => keyframes++);
    sequence = 65_530;
  });

  /** Takes a frame whose packets with these indices are lost. */
  function take(frame: WireFrame, lost: readonly number[] = []): void {
    writeFrameStamp(frame.bytes, frame.stamp, { frame: 1, sentNs: process.hrtime.bigint() });
    frame.packets.forEach((at, i) => {
      rewriteHeader(frame.bytes, at, 1, sequence++ & 0xffff, 0);
      if (!lost.includes(i)) sample.packet(frame.bytes, at, frame.bytes.readUInt16BE(at - 2));
    });
  }

  it('sees a complete keyframe, once', () => {
    take(other);
    expect(keyframes).toBe(0);
    take(keyframe);
    take(keyframe);
    expect([keyframes, sample.lost]).toEqual([1, 0]);
  });

  it('does not take a keyframe with a hole for complete', () => {
    take(keyframe, [5]);
    expect([keyframes, sample.lost]).toEqual([0, 1]);
    take(keyframe);
    expect(keyframes).toBe(1);
  });

  it('counts what is missing across the wrap of sequence numbers, and what comes late after all', () => {
    take(keyframe, [2, 3, 10]);
    expect(sample.lost).toBe(3);
    const late = keyframe.packets[10]!;
    sample.packet(keyframe.bytes, late, keyframe.bytes.readUInt16BE(late - 2));
    expect(sample.lost).toBe(2);
  });

  it('has one latency per stamped frame', () => {
    take(keyframe);
    take(other);
    expect(sample.latencyMs).toHaveLength(2);
    expect(Math.min(...sample.latencyMs)).toBeGreaterThan(0);
    sample.reset();
    expect([sample.latencyMs, sample.packets]).toEqual([[], 0]);
  });
});
