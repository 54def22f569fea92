import { describe, expect, it } from '@jest/globals';
import { NightjarError } from '@nightjar/common';
import type { CodecConfig } from '@nightjar/rtp';
import { childBoxes, findBox } from './boxes.js';
import { encodeInitSegment } from './init-segment.js';

/** x264, 320x240, High. */
const H264: CodecConfig = {
  codec: 'h264',
  sps: Buffer.from('6764000dacd94141fa1000000300100000030320f142996000', 'hex').subarray(0, 24),
  pps: Buffer.from('68ebe3cb22c0', 'hex'),
  widthPx: 320,
  heightPx: 240,
};
const AAC: CodecConfig = {
  codec: 'aac',
  audioSpecificConfig: Buffer.from('1408', 'hex'),
  sampleRateHz: 16_000,
  channels: 1,
};
const PCMU: CodecConfig = { codec: 'pcmu', sampleRateHz: 8_000, channels: 1 };
const OPUS: CodecConfig = { codec: 'opus', sampleRateHz: 48_000, channels: 2 };

function path(
  bytes: Buffer,
  start: number,
  end: number,
  ...types: string[]
): { start: number; end: number } {
  let at = { bodyStart: start, end };
  for (const type of types) {
    const box = findBox(bytes, type, at.bodyStart, at.end);
    if (box === undefined) throw new Error(`no ${type}`);
    at = box;
  }
  return { start: at.bodyStart, end: at.end };
}

function tracksOf(bytes: Buffer): { timescale: number; entry: string }[] {
  const moov = path(bytes, 0, bytes.length, 'moov');
  return [...childBoxes(bytes, moov.start, moov.end)]
    .filter((box) => box.type === 'trak')
    .map((trak) => {
      const mdhd = path(bytes, trak.bodyStart, trak.end, 'mdia', 'mdhd');
      const stsd = path(bytes, trak.bodyStart, trak.end, 'mdia', 'minf', 'stbl', 'stsd');
      const version = bytes.readUInt8(mdhd.start);
      return {
        timescale: bytes.readUInt32BE(mdhd.start + (version === 1 ? 20 : 12)),
        entry: bytes.toString('latin1', stsd.start + 12, stsd.start + 16),
      };
    });
}

describe('init segment', () => {
  it('gives every track its sample entry and the clock of its RTP', async () => {
    const bytes = await encodeInitSegment([
      { config: H264, clockRateHz: 90_000 },
      { config: AAC, clockRateHz: 16_000 },
      { config: OPUS, clockRateHz: 48_000 },
    ]);
    expect(tracksOf(bytes)).toEqual([
      { timescale: 90_000, entry: 'avc1' },
      { timescale: 16_000, entry: 'mp4a' },
      { timescale: 48_000, entry: 'Opus' },
    ]);
    expect(bytes.toString('latin1', 8, 12)).toBe('iso5');
  });

  it('is QuickTime when a track is G.711', async () => {
    const bytes = await encodeInitSegment([
      { config: H264, clockRateHz: 90_000 },
      { config: PCMU, clockRateHz: 8_000 },
    ]);
    expect(bytes.toString('latin1', 8, 12)).toBe('qt  ');
    expect(tracksOf(bytes)[1]).toEqual({ timescale: 8_000, entry: 'ulaw' });
  });

  it('takes the RTP clock even where the codec says otherwise', async () => {
    const bytes = await encodeInitSegment([{ config: AAC, clockRateHz: 90_000 }]);
    expect(tracksOf(bytes)).toEqual([{ timescale: 90_000, entry: 'mp4a' }]);
  });

  it('refuses parameter sets that are none', async () => {
    const broken = { ...H264, sps: Buffer.alloc(2), pps: Buffer.alloc(1) } as CodecConfig;
    await expect(encodeInitSegment([{ config: broken, clockRateHz: 90_000 }])).rejects.toThrow(
      NightjarError,
    );
  });
});
