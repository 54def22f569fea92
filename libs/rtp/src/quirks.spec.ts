import { describe, expect, it } from '@jest/globals';
import {
  Bench,
  CONFIGS,
  H264_PPS,
  H264_SPS,
  H265_PPS,
  H265_SPS,
  H265_VPS,
  PAYLOAD_TYPE,
  bareFormat,
  hex,
  lengthPrefixed,
} from '../test/harness.js';
import type { TrackFormat } from './format.js';
import { configOf, formatOf } from './sdp-format.js';

/** One way in which cameras do not do as they should, and what must come of it all the same. */
type Quirk = readonly [seen: string, check: () => void];

const IDR = '65 88 84 11';
const P = '41 9a 33';
const AUD = '09 f0';
const SEI = '06 05 01 ff 80';
const START = '00 00 00 01';
const SPS = Buffer.from(H264_SPS).toString('hex');
const PPS = Buffer.from(H264_PPS).toString('hex');

const h264 = (): Bench => new Bench(formatOf(CONFIGS.h264, PAYLOAD_TYPE));
const bare = (): Bench => new Bench(bareFormat('h264'));

/** Packets of one timestamp, the marker on the last, and the NAL units of the one picture they must make. */
function onePicture(bench: Bench, packets: readonly string[], nals: readonly string[]): void {
  for (const [i, packet] of packets.entries()) bench.push(packet, 100, i === packets.length - 1);
  expect(bench.units).toEqual([
    { data: lengthPrefixed(...nals), ticks: 100, keyframe: true, damaged: false },
  ]);
}

const sizeOf = (bytes: string): string => hex(bytes).length.toString(16).padStart(4, '0');
const fmtp = (codec: 'h264' | 'aac', parameters: Record<string, string>): TrackFormat => ({
  ...bareFormat(codec),
  fmtp: parameters,
});
const b64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

const H264: readonly Quirk[] = [
  ['a fragment that is first and last', () => onePicture(h264(), ['7c c5 88 84 11'], [IDR])],
  [
    'fragments that are empty',
    () => onePicture(h264(), ['7c 85', '7c 05 88 84', '7c 45 11'], [IDR]),
  ],
  [
    'Tiandy: fragments that change their type',
    () => onePicture(h264(), ['7c 85 88 84', '7c 41 11'], [IDR]),
  ],
  [
    'the reserved bit of a fragment set',
    () => onePicture(h264(), ['7c a5 88 84', '7c 65 11'], [IDR]),
  ],
  [
    'V380: whole pictures as one NAL unit, with start codes between',
    () => onePicture(bare(), [`${SPS} ${START} ${PPS} ${START} ${IDR}`], [IDR]),
  ],
  ['a start code before a NAL unit', () => onePicture(h264(), [`${START} ${IDR}`], [IDR])],
  [
    'start codes inside an aggregate',
    () =>
      onePicture(h264(), [`78 ${sizeOf(`${AUD} ${START} ${IDR}`)} ${AUD} ${START} ${IDR}`], [IDR]),
  ],
  [
    'start codes inside fragments',
    () => onePicture(h264(), [`7c 89 f0 00 00`, `7c 49 00 01 ${IDR}`], [IDR]),
  ],
  [
    'Tapo TC70, Reolink Duo 2: the marker on parameter sets',
    () => {
      const bench = bare();
      bench.push(SPS, 100, true);
      bench.push(PPS, 100, true);
      bench.push(IDR, 100, true);
      expect(bench.units).toMatchObject([{ data: lengthPrefixed(IDR), damaged: false }]);
    },
  ],
  [
    'LV-IP22: the marker on SEI',
    () => {
      const bench = h264();
      bench.push(SEI, 100, true);
      bench.push(IDR, 100, true);
      expect(bench.units).toMatchObject([{ data: lengthPrefixed(SEI, IDR) }]);
    },
  ],
  [
    'parameter sets with another timestamp than their picture',
    () => {
      const bench = bare();
      bench.push(SPS, 100);
      bench.push(PPS, 100);
      bench.push(IDR, 107, true);
      expect(bench.units).toMatchObject([{ ticks: 107, keyframe: true, damaged: false }]);
    },
  ],
  [
    'no marker at all',
    () => {
      const bench = h264();
      bench.push(IDR, 100);
      bench.push(P, 3700);
      bench.push(P, 7300);
      expect(bench.units.map(({ ticks }) => ticks)).toEqual([100, 3700]);
    },
  ],
  ['a delimiter and SEI before the picture', () => onePicture(h264(), [AUD, SEI, IDR], [SEI, IDR])],
  ['a picture without parameter sets, which the SDP has', () => onePicture(h264(), [IDR], [IDR])],
  [
    'Reolink: bytes of zero behind the parameter sets',
    () => {
      const bench = bare();
      bench.push(`${SPS} 00`, 100);
      bench.push(`${PPS} 00 00`, 100);
      bench.push(IDR, 100, true);
      expect(bench.configs).toEqual([CONFIGS.h264]);
    },
  ],
  [
    'Foscam: parameter sets of the SDP behind start codes',
    () => {
      const sets = [H264_SPS, H264_PPS].map((set) => b64(Buffer.concat([hex(START), set])));
      expect(configOf(fmtp('h264', { 'sprop-parameter-sets': sets.join(',') }))).toEqual(
        CONFIGS.h264,
      );
    },
  ],
  [
    'parameter sets of the SDP with white space, and one too many',
    () =>
      expect(
        configOf(fmtp('h264', { 'sprop-parameter-sets': `${b64(H264_SPS)}, ${b64(H264_PPS)} ,` })),
      ).toEqual(CONFIGS.h264),
  ],
  [
    'parameter sets of the SDP that are none: those of the stream will do',
    () => {
      const bench = new Bench(fmtp('h264', { 'sprop-parameter-sets': '%%%,AAAA' }));
      bench.push(IDR, 0, true);
      bench.push(SPS, 100);
      bench.push(PPS, 100);
      bench.push(IDR, 100, true);
      expect(bench.units.map(({ ticks }) => ticks)).toEqual([100]);
    },
  ],
  [
    'Geovision: packets of another type with numbers that repeat',
    () => {
      const bench = h264();
      bench.push(IDR, 100, true);
      bench.nextSequence -= 1;
      bench.push('00', 100, true, 50);
      bench.push(P, 3700, true);
      expect(bench.units.map(({ damaged }) => damaged)).toEqual([false, false]);
    },
  ],
];

const H265: readonly Quirk[] = [
  [
    'whole pictures of H.265 as one NAL unit, with start codes between',
    () => {
      const bench = new Bench(bareFormat('h265'));
      const sets = [H265_VPS, H265_SPS, H265_PPS].map((set) => Buffer.from(set).toString('hex'));
      bench.push([...sets, '26 01 af 00'].join(START), 100, true);
      expect(bench.configs).toEqual([CONFIGS.h265]);
      expect(bench.units).toMatchObject([{ keyframe: true, damaged: false }]);
    },
  ],
  [
    'the marker on parameter sets of H.265',
    () => {
      const bench = new Bench(bareFormat('h265'));
      for (const set of [H265_VPS, H265_SPS, H265_PPS])
        bench.push(Buffer.from(set).toString('hex'), 100, true);
      bench.push('26 01 af 11', 100, true);
      expect(bench.units).toHaveLength(1);
    },
  ],
];

const AUDIO: readonly Quirk[] = [
  [
    'AAC without its headers: a bare frame',
    () => {
      const bench = new Bench(formatOf(CONFIGS.aac, PAYLOAD_TYPE));
      bench.push('21 10 4a b0', 0, true);
      expect(bench.units).toHaveLength(1);
    },
  ],
  [
    'AAC whose rtpmap has another rate than its configuration',
    () =>
      expect(
        configOf({ ...fmtp('aac', { config: '1190' }), clockRateHz: 16_000, channels: 1 }),
      ).toMatchObject({ sampleRateHz: 48_000, channels: 2 }),
  ],
  [
    'AAC whose configuration has bytes behind it',
    () =>
      expect(configOf(fmtp('aac', { config: '119056e500' }))).toMatchObject({
        sampleRateHz: 48_000,
      }),
  ],
  [
    'AAC whose fmtp names the mode alone',
    () => {
      const bench = new Bench(fmtp('aac', { mode: 'AAC-hbr', config: '1190' }));
      bench.push('0010 0010 2110', 0, true);
      expect(bench.units).toMatchObject([{ data: Uint8Array.from(hex('2110')) }]);
    },
  ],
  [
    'G.711 at another rate than 8 kHz',
    () =>
      expect(configOf({ ...bareFormat('pcma'), clockRateHz: 16_000 })).toMatchObject({
        sampleRateHz: 16_000,
      }),
  ],
  [
    'sound of no channels',
    () => expect(configOf({ ...bareFormat('pcmu'), channels: 0 })).toMatchObject({ channels: 1 }),
  ],
];

describe('media of cameras that is not as it should be', () => {
  describe.each([
    ['H.264', H264],
    ['H.265', H265],
    ['sound', AUDIO],
  ])('%s', (_, quirks) => {
    it.each(quirks)('%s', (_seen, check) => check());
  });
});
