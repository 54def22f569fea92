import { beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock, type MonotonicMs } from '@nightjar/common';
import { encodeRtp } from '@nightjar/rtp';
import type { SdpTrack } from '@nightjar/rtsp';
import { BatchBuilder } from '../hub/batch-builder.js';
import type { PacketBatch } from '../hub/packet-batch.js';
import type { StreamOutput } from '../rtsp-server/mount.js';
import { CUT_AFTER_MS, LiveReader } from './live-reader.js';

const VIDEO = {
  format: { codec: 'h264', encodingName: 'H264', payloadType: 96, clockRateHz: 90_000 },
} as SdpTrack;
const LIMIT = 10_000;

function batchOf(keyframe: boolean): PacketBatch {
  const builder = new BatchBuilder();
  const packet = encodeRtp(
    { payloadType: 96, sequence: 1, timestamp: 0, ssrc: 1, marker: true },
    Buffer.alloc(988),
  );
  builder.append(0, packet, 0, packet.length);
  if (keyframe) builder.markKeyframe();
  return builder.take(0 as MonotonicMs);
}

describe('a live reader', () => {
  let queued: number;
  let sent: boolean[];
  let cuts: string[];
  let skips: number;
  let notices: string[];
  let stay: number | undefined;
  let clock: ManualClock;
  let output: StreamOutput;
  let reader: LiveReader;

  beforeEach(() => {
    queued = 0;
    skips = 0;
    sent = [];
    cuts = [];
    notices = [];
    clock = new ManualClock();
    output = {
      transport: 'tcp',
      ssrc: () => 1,
      get queuedBytes() {
        return queued;
      },
      batch: (batch) => sent.push(batch.keyframeAt >= 0),
      send: () => undefined,
      flush: () => true,
      drained: () => Promise.resolve(),
      stopped: () => undefined,
      end: () => undefined,
      cut: (reason) => cuts.push(reason),
      notify: ({ kind }) => void notices.push(kind),
    };
    stay = undefined;
    reader = new LiveReader(output, {
      clock,
      described: [VIDEO],
      maxQueueBytes: LIMIT,
      onSkip: () => skips++,
      stayMs: () => stay,
    });
    reader.tracks([VIDEO]);
  });

  it('skips to a keyframe once the client has caught up', () => {
    reader.joined();
    reader.batch(batchOf(true), 0);
    queued = LIMIT;
    reader.batch(batchOf(false), 0);
    reader.batch(batchOf(true), 0);
    queued = 0;
    reader.batch(batchOf(false), 0);
    reader.batch(batchOf(true), 0);
    reader.batch(batchOf(false), 0);
    expect(sent).toEqual([true, true, false]);
    expect([skips, cuts]).toEqual([1, []]);
  });

  it('is given a batch above the bound while nothing waits', () => {
    const small = new LiveReader(output, {
      clock,
      described: [VIDEO],
      maxQueueBytes: 500,
      onSkip: () => skips++,
      stayMs: () => undefined,
    });
    small.joined();
    small.batch(batchOf(false), 0);
    queued = 1;
    small.batch(batchOf(false), 0);
    expect([sent.length, skips]).toEqual([1, 1]);
  });

  it('is cut when it stays behind', () => {
    reader.joined();
    queued = LIMIT;
    reader.batch(batchOf(false), 0);
    clock.advance(CUT_AFTER_MS);
    reader.batch(batchOf(true), 0);
    expect(cuts).toEqual([]);
    clock.advance(1);
    reader.batch(batchOf(true), 0);
    expect(cuts).toEqual(['slow']);
  });

  it('does not hold the first burst against a client', () => {
    queued = 100 * LIMIT;
    reader.batch(batchOf(true), 0);
    expect([sent, skips]).toEqual([[true], 0]);
  });

  it('bounds what comes on top of the first burst', () => {
    queued = 5 * LIMIT;
    reader.batch(batchOf(true), 0);
    reader.joined();
    reader.batch(batchOf(false), 0);
    expect(skips).toBe(0);
    queued = 6 * LIMIT;
    reader.batch(batchOf(false), 0);
    expect(skips).toBe(1);
  });

  it('is bounded as ever once the first burst went out', () => {
    queued = 5 * LIMIT;
    reader.batch(batchOf(true), 0);
    reader.joined();
    queued = 0;
    reader.batch(batchOf(false), 0);
    queued = LIMIT;
    reader.batch(batchOf(false), 0);
    expect([sent.length, skips]).toEqual([2, 1]);
  });

  it('gets no more than its rate on average, in whole groups of pictures', () => {
    const { length } = batchOf(true).bytes;
    const metered = new LiveReader(output, {
      clock,
      described: [VIDEO],
      maxQueueBytes: LIMIT,
      maxBytesPerSecond: length,
      onSkip: () => skips++,
      stayMs: () => undefined,
    });
    metered.tracks([VIDEO]);
    metered.joined();
    for (let i = 0; i < 4; i++) metered.batch(batchOf(i === 0), 0);
    expect([sent.length, skips, cuts]).toEqual([2, 1, []]);
    clock.advance(1_000);
    metered.batch(batchOf(false), 0);
    expect(sent).toHaveLength(2);
    metered.batch(batchOf(true), 0);
    expect(sent).toEqual([true, false, true]);
  });

  it('tells that nothing comes, and that it does again, once each', () => {
    reader.joined();
    reader.interrupted();
    reader.unavailable();
    expect(notices).toEqual(['media-properties-update']);
    reader.batch(batchOf(true), 0);
    reader.batch(batchOf(false), 0);
    expect(notices).toEqual(['media-properties-update', 'media-properties-update']);
  });

  it('tells nobody who is only about to play', () => {
    reader.unavailable();
    expect(notices).toEqual([]);
  });

  it('stays while the camera is away, unless it is to leave', () => {
    reader.joined();
    reader.interrupted();
    clock.advance(3_600_000);
    expect(cuts).toEqual([]);
    stay = 2_000;
    reader.interrupted();
    clock.advance(1_000);
    reader.unavailable();
    clock.advance(999);
    expect(cuts).toEqual([]);
    clock.advance(1);
    expect(cuts).toEqual(['camera-offline']);
  });

  it('stays when the camera is back in time, and is not cut once it left by itself', () => {
    stay = 2_000;
    reader.joined();
    reader.interrupted();
    clock.advance(1_999);
    reader.batch(batchOf(true), 0);
    clock.advance(60_000);
    reader.interrupted();
    reader.left();
    clock.advance(60_000);
    expect(cuts).toEqual([]);
  });

  it('is sent away when the camera comes back with other tracks', () => {
    reader.joined();
    reader.tracks([VIDEO, VIDEO]);
    expect(cuts).toEqual(['tracks-changed']);
  });
});
