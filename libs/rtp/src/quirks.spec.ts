import { describe, expect, it } from '@jest/globals';
import { H265_SPS_WITH_SCALING_LISTS } from '../test/elementary-streams.js';
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
import { createDepacketizer } from './depacketize/create.js';
import type { TrackFormat } from './format.js';
import { startsKeyframe } from './keyframe.js';
import { parseH264Sps } from './parameter-sets/h264-sps.js';
import { parseH265Sps } from './parameter-sets/h265-sps.js';
import { configOf, formatOf } from './sdp-format.js';
import type { PayloadTolerance } from './tolerated.js';

/** What a camera sends, and what must come of it all the same. */
type Fixture = () => void;

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

const h265 = (): Bench => new Bench(bareFormat('h265'));
const H265_SETS = [H265_VPS, H265_SPS, H265_PPS].map((set) => Buffer.from(set).toString('hex'));
/** ADTS header of AAC-LC 48 kHz stereo before a frame of two bytes. */
const ADTS = 'fff14c80013ffc';

/** Three packets that a marker ends, of which the last alone holds a picture. */
function marked(bench: Bench, packets: readonly string[], nals: readonly string[]): void {
  for (const packet of packets) bench.push(packet, 100, true);
  expect(bench.units).toMatchObject([{ data: lengthPrefixed(...nals), damaged: false }]);
}

const FIXTURES: Readonly<Record<PayloadTolerance, Fixture>> = {
  'fragment-first-and-last': () => onePicture(h264(), ['7c c5 88 84 11'], [IDR]),
  'empty-fragments': () => onePicture(h264(), ['7c 85', '7c 05 88 84', '7c 45 11'], [IDR]),
  'fragment-changes-type': () => onePicture(h264(), ['7c 85 88 84', '7c 41 11'], [IDR]),
  'fragment-reserved-bit': () => onePicture(h264(), ['7c a5 88 84', '7c 65 11'], [IDR]),
  'start-codes-in-nal': () => {
    onePicture(h264(), [`${START} ${IDR}`], [IDR]);
    const picture = `${SPS} ${START} ${PPS} ${START} ${IDR}`;
    onePicture(bare(), [picture], [IDR]);
    const bytes = hex(`${START} ${picture}`);
    expect(startsKeyframe('h264', bytes, 0, bytes.length)).toBe(true);
    const bench = h265();
    bench.push([...H265_SETS, '26 01 af 00'].join(START), 100, true);
    expect(bench.configs).toEqual([CONFIGS.h265]);
    expect(bench.units).toMatchObject([{ keyframe: true, damaged: false }]);
  },
  'start-codes-in-aggregate': () =>
    onePicture(h264(), [`78 ${sizeOf(`${AUD} ${START} ${IDR}`)} ${AUD} ${START} ${IDR}`], [IDR]),
  'start-codes-in-fragments': () =>
    onePicture(h264(), [`7c 89 f0 00 00`, `7c 49 00 01 ${IDR}`], [IDR]),
  'marker-on-parameter-sets': () => {
    marked(bare(), [SPS, PPS, IDR], [IDR]);
    marked(h265(), [...H265_SETS, '26 01 af 11'], ['26 01 af 11']);
  },
  'marker-on-sei': () => marked(h264(), [SEI, IDR], [SEI, IDR]),
  'parameter-sets-of-another-time': () => {
    const bench = bare();
    bench.push(SPS, 100);
    bench.push(PPS, 100);
    bench.push(IDR, 107, true);
    bench.push(SPS, 107);
    bench.push(PPS, 107);
    bench.push(IDR, 3707, true);
    const whole = { keyframe: true, damaged: false };
    expect(bench.units).toMatchObject([
      { ticks: 107, ...whole },
      { ticks: 3707, ...whole },
    ]);
  },
  'no-marker': () => {
    const bench = h264();
    bench.push(IDR, 100);
    bench.push(P, 3700);
    bench.push(P, 7300);
    expect(bench.units.map(({ ticks }) => ticks)).toEqual([100, 3700]);
  },
  'delimiter-first': () => onePicture(h264(), [AUD, SEI, IDR], [SEI, IDR]),
  'keyframe-without-sets': () => onePicture(h264(), [IDR], [IDR]),
  'zeros-behind-sets': () => {
    const bench = bare();
    bench.push(`${SPS} 00`, 100);
    bench.push(`${PPS} 00 00`, 100);
    bench.push(IDR, 100, true);
    expect(bench.configs).toEqual([CONFIGS.h264]);
  },
  // One that the camera told in its description, and one that it sent.
  'bytes-behind-sps': () =>
    expect(
      ['67640033ac1514a0a03d90', '67640033ac1514a0a03da1000004f6000063380404'].map((sps) => {
        const { widthPx, heightPx } = parseH264Sps(hex(sps));
        return [widthPx, heightPx];
      }),
    ).toEqual([
      [640, 480],
      [640, 480],
    ]),
  'scaling-lists': () => expect(parseH265Sps(H265_SPS_WITH_SCALING_LISTS).frameRate).toBe(12),
  'start-codes-in-sdp': () => {
    const sets = [H264_SPS, H264_PPS].map((set) => b64(Buffer.concat([hex(START), set])));
    expect(configOf(fmtp('h264', { 'sprop-parameter-sets': sets.join(',') }))).toEqual(
      CONFIGS.h264,
    );
  },
  'untidy-sets-in-sdp': () =>
    expect(
      configOf(fmtp('h264', { 'sprop-parameter-sets': `${b64(H264_SPS)}, ${b64(H264_PPS)} ,` })),
    ).toEqual(CONFIGS.h264),
  'broken-sets-in-sdp': () => {
    for (const sets of ['%%%,AAAA', `${b64(H264_SPS)},`, '']) {
      const bench = new Bench(fmtp('h264', { 'sprop-parameter-sets': sets }));
      bench.push(IDR, 0, true);
      bench.push(SPS, 100);
      bench.push(PPS, 100);
      bench.push(IDR, 100, true);
      expect(bench.units.map(({ ticks }) => ticks)).toEqual([100]);
    }
  },
  'repeated-numbers': () => {
    const bench = h264();
    bench.push(IDR, 100, true);
    bench.nextSequence -= 1;
    bench.push('00', 100, true, 50);
    bench.push(P, 3700, true);
    expect(bench.units.map(({ damaged }) => damaged)).toEqual([false, false]);
  },
  'aac-bare': () => {
    const bench = new Bench(formatOf(CONFIGS.aac, PAYLOAD_TYPE));
    bench.push('21 10 4a b0', 0, true);
    expect(bench.units).toMatchObject([{ data: Uint8Array.from(hex('21104ab0')) }]);
  },
  'aac-in-adts': () => {
    for (const payload of [`${ADTS} 2110`, `0010 0048 ${ADTS} 2110`]) {
      const bench = new Bench(fmtp('aac', {}));
      bench.push(payload, 0, true);
      expect(bench.configs).toMatchObject([{ sampleRateHz: 48_000, channels: 2 }]);
      expect(bench.units).toMatchObject([{ data: Uint8Array.from(hex('2110')) }]);
    }
  },
  'aac-two-rates': () =>
    expect(
      configOf({ ...fmtp('aac', { config: '1190' }), clockRateHz: 16_000, channels: 1 }),
    ).toMatchObject({ sampleRateHz: 48_000, channels: 2 }),
  'aac-config-tail': () =>
    expect(configOf(fmtp('aac', { config: '119056e500' }))).toMatchObject({
      sampleRateHz: 48_000,
    }),
  'aac-mode-alone': () => {
    const bench = new Bench(fmtp('aac', { mode: 'AAC-hbr', config: '1190' }));
    bench.push('0010 0010 2110', 0, true);
    expect(bench.units).toMatchObject([{ data: Uint8Array.from(hex('2110')) }]);
  },
  'g711-rate': () =>
    expect(configOf({ ...bareFormat('pcma'), clockRateHz: 16_000 })).toMatchObject({
      sampleRateHz: 16_000,
    }),
  'no-channels': () =>
    expect(configOf({ ...bareFormat('pcmu'), channels: 0 })).toMatchObject({ channels: 1 }),
  'g723-sizes': () => {
    const format: TrackFormat = { ...bareFormat('pcmu'), codec: 'other', encodingName: 'G723' };
    const sink = { accessUnit: () => undefined, config: () => undefined };
    expect([configOf(format), createDepacketizer(format, sink)]).toEqual([undefined, undefined]);
  },
};

describe('media of cameras that are not as they should be, which is borne', () => {
  it.each(Object.entries(FIXTURES))('%s', (_name, check) => check());
});
