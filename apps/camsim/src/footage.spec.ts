import { describe, expect, it } from '@jest/globals';
import { NightjarError } from '@nightjar/common';
import { createDepacketizer, RTP_HEADER_BYTES } from '@nightjar/rtp';
import type { AccessUnit } from '@nightjar/rtp';
import { loadClip } from './clip.js';
import { Footage } from './footage.js';
import { readFrameStamp } from './frame-stamp.js';
import { syntheticVideo } from './synthetic.js';
import { DEFAULT_SYNTHETIC } from './simulator.js';

describe('loadClip', () => {
  it.each(['front-door', 'garden', 'workshop', 'gate', 'other'])(
    'reads %s as four closed GOPs',
    (name) => {
      const [video] = loadClip(name);
      expect(video!.units).toHaveLength(200);
      expect(video!.units.map(({ keyframe }) => keyframe)).toEqual(
        video!.units.map((_, index) => index % 50 === 0),
      );
    },
  );

  it('makes video and audio of one clip equally long, so that loops stay in step', () => {
    const seconds = loadClip('front-door').map(
      ({ units, ticksPerUnit, clockRateHz }) => (units.length * ticksPerUnit) / clockRateHz,
    );
    expect(seconds).toEqual([8, 8]);
  });

  it('names the clips there are when asked for another', () => {
    expect(() => loadClip('attic')).toThrow(NightjarError);
    expect(() => loadClip('attic')).toThrow(/front-door, garden, gate/);
  });
});

describe('syntheticVideo', () => {
  it.each(['h264', 'h265'] as const)(
    'fills a GOP of %s to the bit rate within two bytes',
    (codec) => {
      for (const bitsPerSecond of [1_000_000, 4_000_000, 16_000_000]) {
        const { units } = syntheticVideo({ ...DEFAULT_SYNTHETIC, codec, bitsPerSecond });
        const bytes = units.reduce((sum, { data }) => sum + data.length, 0);
        expect(Math.abs(bytes - bitsPerSecond / 4)).toBeLessThanOrEqual(2);
        expect(units.filter(({ keyframe }) => keyframe)).toHaveLength(1);
      }
    },
  );

  it('refuses a bit rate too low for its pictures and a GOP longer than its clip', () => {
    expect(() => syntheticVideo({ ...DEFAULT_SYNTHETIC, bitsPerSecond: 1000 })).toThrow(
      NightjarError,
    );
    expect(() => syntheticVideo({ ...DEFAULT_SYNTHETIC, gopFrames: 301 })).toThrow(/up to 300/);
  });
});

describe('Footage', () => {
  const footage = new Footage(DEFAULT_SYNTHETIC);

  it('gives packets from which a depacketizer makes the units of the clip again', () => {
    const { tracks } = footage.loop('front-door');
    const clip = loadClip('front-door');
    tracks.forEach(({ format, units }, track) => {
      const received: AccessUnit[] = [];
      const depacketizer = createDepacketizer(format, {
        accessUnit: (unit) => received.push(unit),
        config: () => undefined,
      });
      units.forEach(({ packets }, index) => {
        for (const packet of packets) {
          packet.writeUInt32BE(index * 1024, 4);
          depacketizer!.push(packet, 0, packet.length);
        }
      });
      depacketizer!.flush();
      expect(received.map(({ data }) => Buffer.from(data).toString('hex'))).toEqual(
        clip[track]!.units.map(({ data }) => Buffer.from(data).toString('hex')),
      );
    });
  });

  it('knows where the frame stamp of each synthetic unit is', () => {
    for (const { stamp } of footage.loop('synthetic').tracks[0]!.units) {
      expect(stamp!.offset).toBeGreaterThan(RTP_HEADER_BYTES);
      expect(readFrameStamp(stamp!.packet)).toBeDefined();
    }
  });

  it('shares one loop between cameras, and has another resolution for each', () => {
    expect(footage.loop('synthetic')).toBe(footage.loop('synthetic'));
    for (const name of ['synthetic', 'front-door', 'gate']) {
      const formats = [footage.loop(name), footage.otherLoop(name)].map(
        (loop) => loop.tracks[0]!.format,
      );
      expect(formats[0]!.codec).toBe(formats[1]!.codec);
      expect(formats[0]!.fmtp).not.toEqual(formats[1]!.fmtp);
    }
  });
});
