import { describe, expect, it } from '@jest/globals';
import { NightjarError } from '@nightjar/common';
import fc from 'fast-check';
import { H265_SPS_WITH_SCALING_LISTS } from '../../test/elementary-streams.js';
import { hex } from '../../test/harness.js';
import { parseAudioSpecificConfig } from './audio-specific-config.js';
import { parseH264Sps } from './h264-sps.js';
import { parseH265Sps } from './h265-sps.js';
import type { PictureFormat } from './picture.js';

/** Made with x264. */
const H264 = [
  {
    name: 'High 64x48 at 25 Hz',
    sps: '6764000aac761111ec0440000003004000000c83c4896118',
    value: { widthPx: 64, heightPx: 48, frameRate: 25, profileLevelId: '64000a' },
  },
  {
    name: 'Baseline 1080p at 20 Hz, cropped',
    sps: '6742c028da01e0089f97011000000300100000030280f1832a',
    value: { widthPx: 1920, heightPx: 1080, frameRate: 20, profileLevelId: '42c028' },
  },
  {
    name: 'Baseline 2688x1520 at 20 Hz',
    sps: '6742c032da00a802fec044000003000400000300a03c60ca80',
    value: { widthPx: 2688, heightPx: 1520, frameRate: 20, profileLevelId: '42c032' },
  },
  {
    name: 'interlaced High 4:2:2 10 bit with scaling matrices',
    sps: '677a001eb6cd940b424d808800000300080000030190f8a14cb0',
    value: { widthPx: 720, heightPx: 576, frameRate: 25, profileLevelId: '7a001e' },
  },
  {
    name: 'cut in the VUI: size without rate',
    sps: '6764000aac761111ec04',
    value: { widthPx: 64, heightPx: 48, profileLevelId: '64000a' },
  },
];

/** Made with x265. */
const H265 = [
  {
    name: 'Main 64x64 at 25 Hz',
    sps: '42010101600000030090000003000003001ea020810596564924caf0168080000003008000000c84',
    value: { widthPx: 64, heightPx: 64, frameRate: 25 },
  },
  {
    name: 'Main 1080p at 15 Hz, cropped',
    sps: '420101016000000300900000030000030078a003c0801107cb965654a4c2f0168080000003008000000784',
    value: { widthPx: 1920, heightPx: 1080, frameRate: 15 },
  },
  {
    name: 'Main 2688x1520 at 15 Hz',
    sps: '420101016000000300900000030000030096a001502005f16595952930bc05a020000003002000000301e1',
    value: { widthPx: 2688, heightPx: 1520, frameRate: 15 },
  },
  {
    name: '4:4:4 at 29.97 Hz with default scaling lists',
    sps: '4201010408000003009e0800000300003f9000a0402d2cb2b349272bc05a02000007d20000ea6010',
    value: { widthPx: 640, heightPx: 360, frameRate: 30_000 / 1001 },
  },
];

const ASC = [
  { name: 'LC 48 kHz stereo', wire: '1190', value: [2, 48_000, 2, 1024] },
  { name: 'LC 8 kHz mono', wire: '1588', value: [2, 8000, 1, 1024] },
  { name: 'LC 48 kHz with 960 samples', wire: '1194', value: [2, 48_000, 2, 960] },
  { name: 'LC 48 kHz with SBR behind', wire: '119056e500', value: [2, 48_000, 2, 1024] },
  { name: 'explicit SBR, core 24 kHz', wire: '2b118800', value: [2, 24_000, 2, 1024] },
  { name: 'written-out 11468 Hz', wire: '1780166608', value: [2, 11_468, 1, 1024] },
  { name: 'channels in the stream', wire: '1180', value: [2, 48_000, 0, 1024] },
];

/** NAL unit of a profile and bits, emulation prevention included. */
function h264Sps(profileLevelId: string, bits: string): Uint8Array {
  const compact = bits.replaceAll(' ', '');
  const padded = compact.padEnd(Math.ceil(compact.length / 8) * 8, '0');
  const bytes = [...hex(profileLevelId)];
  for (let i = 0; i < padded.length; i += 8) {
    const byte = Number.parseInt(padded.slice(i, i + 8), 2);
    if (byte <= 3 && bytes.at(-1) === 0 && bytes.at(-2) === 0) bytes.push(3);
    bytes.push(byte);
  }
  return Uint8Array.from([0x67, ...bytes]);
}

function onlyNightjarErrors(parse: () => unknown): void {
  try {
    parse();
  } catch (error) {
    expect(error).toBeInstanceOf(NightjarError);
  }
}

/** What is known of the order of pictures has tests of its own. */
function withoutOrder(sps: PictureFormat & { readonly order: unknown }): object {
  const { order, ...rest } = sps;
  expect(order).toBeDefined();
  return rest;
}

/** An SPS of H.264 (ITU-T H.264 s.7.3.2.1.1) whose sides are given in macroblocks. */
function spsThatClaims({ width = 1_055, height = 1, cycle = 0 }): Uint8Array {
  const ue = (value: number): string => {
    const binary = (value + 1).toString(2);
    return '0'.repeat(binary.length - 1) + binary;
  };
  const order = cycle === 0 ? ue(2) : `${ue(1)}0${ue(0)}${ue(0)}${ue(cycle)}`;
  const rest = `${ue(0)}${ue(0)}${order}${ue(1)}0${ue(width - 1)}${ue(height - 1)}11001`;
  const bytes = rest.padEnd(Math.ceil(rest.length / 8) * 8, '0').match(/.{8}/g) ?? [];
  return Uint8Array.from([0x67, 66, 0, 40, ...bytes.map((bits) => Number.parseInt(bits, 2))]);
}

describe('parameter sets', () => {
  it.each(H264)('reads H.264: $name', ({ sps, value }) => {
    expect(withoutOrder(parseH264Sps(hex(sps)))).toEqual(value);
  });

  it.each(H265)('reads H.265: $name', ({ sps, value }) => {
    expect(withoutOrder(parseH265Sps(hex(sps)))).toEqual(value);
  });

  it('reads the frame rate behind scaling lists', () => {
    const value = { widthPx: 352, heightPx: 288, frameRate: 12 };
    expect(withoutOrder(parseH265Sps(H265_SPS_WITH_SCALING_LISTS))).toEqual(value);
    const lists = [
      `1 ${'1'.repeat(16)}`, // sixteen deltas of zero
      '1 000010001', // first delta -8: default list
      '1 010 1 000010011', // 9, 9, then a delta of -9 ends the list
      '0 0 0 0',
      `1 ${'1'.repeat(64)}`,
    ];
    const bits = [
      '1 010 1 1 0 1', // id 0, 4:2:0, 8 bits, scaling matrix present
      ...lists,
      '1 011 010 0', // frame_num bits, POC type 2, one reference frame, no gaps
      '00101 00100 1 1 0', // 5 by 4 macroblocks, frames only, direct inference, no cropping
      '1 0 0 0 0', // VUI without the fields before the timing
      `1 ${'0'.repeat(31)}1 ${(30).toString(2).padStart(32, '0')}`,
      '1',
    ];
    expect(withoutOrder(parseH264Sps(h264Sps('64000a', bits.join(''))))).toEqual({
      widthPx: 80,
      heightPx: 64,
      frameRate: 15,
      profileLevelId: '64000a',
    });
  });

  it.each(ASC)('reads AudioSpecificConfig: $name', ({ wire, value }) => {
    const { objectType, sampleRateHz, channels, frameSamples } = parseAudioSpecificConfig(
      hex(wire),
    );
    expect([objectType, sampleRateHz, channels, frameSamples]).toEqual(value);
  });

  it('refuses another NAL unit, a cut one and an impossible size', () => {
    expect(() => parseH264Sps(hex('68ce3c80'))).toThrow(NightjarError);
    expect(() => parseH264Sps(hex('6742c0'))).toThrow(NightjarError);
    expect(() => parseH265Sps(hex('4401c0'))).toThrow(NightjarError);
    expect(() => parseH265Sps(new Uint8Array(0))).toThrow(NightjarError);
    expect(() => parseAudioSpecificConfig(hex('16'))).toThrow(NightjarError);
    expect(() => parseAudioSpecificConfig(hex('1690'))).toThrow(NightjarError);
  });

  it.each([
    ['too wide', { width: 1_056 }, 'rtp/picture-size'],
    ['too high', { height: 1_056 }, 'rtp/picture-size'],
    ['as wide as can be told', { width: 2 ** 31 }, 'rtp/picture-size'],
    ['of a cycle without end', { cycle: 2 ** 31 }, 'rtp/sps-poc'],
  ])('refuses one that is %s', (_what, claims, code) => {
    expect(parseH264Sps(spsThatClaims({}))).toMatchObject({ widthPx: 16_880, heightPx: 16 });
    expect(() => parseH264Sps(spsThatClaims(claims))).toThrow(expect.objectContaining({ code }));
  });

  it('throws only NightjarError on damaged bytes', () => {
    const samples = [...H264, ...H265].map(({ sps }) => hex(sps));
    const damaged = fc
      .tuple(fc.constantFrom(...samples), fc.nat(60), fc.nat(255), fc.nat(60))
      .map(([sps, at, value, keep]) => {
        const copy = Uint8Array.from(sps);
        copy[2 + (at % (copy.length - 2))] = value;
        return copy.subarray(0, Math.max(2, keep));
      });
    const random = fc
      .tuple(fc.constantFrom(0x67, 0x42), fc.uint8Array({ maxLength: 60 }))
      .map(([first, rest]) => Uint8Array.from([first, ...rest]));
    fc.assert(
      fc.property(fc.oneof(damaged, random), (bytes) => {
        onlyNightjarErrors(() => parseH264Sps(bytes));
        onlyNightjarErrors(() => parseH265Sps(bytes));
        onlyNightjarErrors(() => parseAudioSpecificConfig(bytes));
      }),
      { numRuns: 2000 },
    );
  });
});
