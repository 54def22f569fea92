import { describe, expect, it } from '@jest/globals';
import { NightjarError } from '@nightjar/common';
import fc from 'fast-check';
import {
  bareFormat,
  Bench,
  CONFIGS,
  H264_NALS,
  H265_NALS,
  lengthPrefixed,
  PAYLOAD_TYPE,
} from '../test/harness.js';
import { createPacketizer, encodeRtp, formatOf, markerOf, sequenceOf } from './index.js';
import { payloadRange, timestampOf } from './index.js';
import type { Codec, CodecConfig } from './index.js';

const SSRC = 0x1234_5678;
const FIRST_SEQUENCE = 65_533;

function packetizer(config: CodecConfig, maxPayloadBytes?: number) {
  return createPacketizer(config, {
    payloadType: PAYLOAD_TYPE,
    ssrc: SSRC,
    firstSequence: FIRST_SEQUENCE,
    ...(maxPayloadBytes === undefined ? {} : { maxPayloadBytes }),
  });
}

/** Bytes that look like NAL units to every parser: a slice header, no start code, no zero at the end. */
function nal(header: readonly number[]): fc.Arbitrary<Uint8Array> {
  return fc
    .uint8Array({ min: 1, minLength: 1, maxLength: 300 })
    .map((body) => Uint8Array.from([...header, ...body]));
}

const h264Slices = fc.oneof(nal([0x65]), nal([0x41]), nal([0x01]), nal([0x06]));
const h265Slices = fc.oneof(nal([0x28, 1]), nal([0x02, 1]), nal([0x2a, 2]), nal([0x4e, 1]));
const maxPayload = fc.integer({ min: 64, max: 200 });

function isH264Slice(bytes: Uint8Array): boolean {
  return bytes[0] !== 0x06;
}
function isH265Slice(bytes: Uint8Array): boolean {
  return bytes[0] !== 0x4e;
}

interface Unit {
  readonly data: Uint8Array;
  readonly keyframe: boolean;
}

/** Sends units through both directions and expects them back as they were. */
function roundTrip(config: CodecConfig, units: readonly Unit[], max: number): void {
  const bench = new Bench(bareFormat(config.codec));
  const sender = packetizer(config, max);
  let sequence = FIRST_SEQUENCE;
  units.forEach((unit, i) => {
    for (const packet of sender.packetize(unit, 1000 * i)) {
      expect(packet.length - 12).toBeLessThanOrEqual(max);
      expect(sequenceOf(packet, 0)).toBe(sequence);
      sequence = (sequence + 1) & 0xffff;
      bench.packet(packet);
    }
  });
  expect(sender.nextSequence).toBe(sequence);
  expect(bench.configs).toEqual(units.length === 0 ? [] : [config]);
  expect(bench.units).toEqual(
    units.map((unit, i) => ({ ...unit, ticks: 1000 * i, damaged: false })),
  );
}

describe('packetize, then depacketize', () => {
  it.each([
    { codec: 'h264', slices: h264Slices, isSlice: isH264Slice, keyHeaders: [0x65] },
    { codec: 'h265', slices: h265Slices, isSlice: isH265Slice, keyHeaders: [0x28, 0x2a] },
  ] as const)('gives back $codec units', ({ codec, slices, isSlice, keyHeaders }) => {
    const isKey = (bytes: Uint8Array) => keyHeaders.some((header) => header === bytes[0]);
    const unit = fc
      .array(slices, { minLength: 1, maxLength: 6 })
      .filter((nals) => nals.some(isSlice))
      .map((nals) => ({ data: lengthPrefixed(...nals), keyframe: nals.some(isKey) }));
    // The first one brings the parameter sets.
    const first = unit.filter(({ keyframe }) => keyframe);
    fc.assert(
      fc.property(first, fc.array(unit, { maxLength: 5 }), maxPayload, (head, rest, max) => {
        roundTrip(CONFIGS[codec], [head, ...rest], max);
      }),
    );
  });

  it('gives back AAC units', () => {
    const unit = fc
      .uint8Array({ minLength: 1, maxLength: 500 })
      .filter((data) => data[0] !== 0xff)
      .map((data) => ({ data, keyframe: true }));
    fc.assert(
      fc.property(fc.array(unit, { maxLength: 6 }), maxPayload, (units, max) => {
        const bench = new Bench(formatOf(CONFIGS.aac, PAYLOAD_TYPE));
        const sender = packetizer(CONFIGS.aac, max);
        const packets = units.flatMap((u, i) => sender.packetize(u, 1024 * i));
        for (const packet of packets) bench.packet(packet);
        expect(bench.units).toEqual(
          units.map((u, i) => ({ ...u, ticks: 1024 * i, damaged: false })),
        );
      }),
    );
  });

  it('gives back Opus units', () => {
    const unit = fc
      .uint8Array({ minLength: 1, maxLength: 64 })
      .map((data) => ({ data, keyframe: true }));
    fc.assert(
      fc.property(fc.array(unit), maxPayload, (units, max) => {
        roundTrip(CONFIGS.opus, units, max);
      }),
    );
  });

  it.each(['pcmu', 'pcma'] as const)('gives back the samples of %s at their times', (codec) => {
    const { channels } = CONFIGS[codec];
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 2000 }), maxPayload, (samples, max) => {
        const data = samples.subarray(
          0,
          Math.max(channels, samples.length - (samples.length % channels)),
        );
        const bench = new Bench(bareFormat(codec));
        for (const packet of packetizer(CONFIGS[codec], max).packetize(
          { data, keyframe: true },
          7,
        )) {
          bench.packet(packet);
        }
        expect(Uint8Array.from(Buffer.concat(bench.units.map((unit) => unit.data)))).toEqual(data);
        let bytes = 0;
        for (const unit of bench.units) {
          expect(unit.ticks).toBe(7 + bytes / channels);
          bytes += unit.data.length;
        }
      }),
    );
  });
});

describe('real streams', () => {
  /** An AUD begins each picture. */
  function pictures(nals: readonly Uint8Array[], isAud: (bytes: Uint8Array) => boolean) {
    const groups: Uint8Array[][] = [];
    for (const bytes of nals) {
      if (isAud(bytes)) groups.push([]);
      else groups.at(-1)?.push(bytes);
    }
    return groups;
  }

  it.each([
    {
      codec: 'h264',
      nals: H264_NALS,
      isAud: (bytes: Uint8Array) => bytes[0] === 9,
      isSet: (bytes: Uint8Array) => [7, 8].includes((bytes[0] ?? 0) & 31),
      count: 8,
    },
    {
      codec: 'h265',
      nals: H265_NALS,
      isAud: (bytes: Uint8Array) => bytes[0] === 0x46,
      isSet: (bytes: Uint8Array) => [32, 33, 34].includes((bytes[0] ?? 0) >> 1),
      count: 6,
    },
  ] as const)('carries $codec from an encoder whole', ({ codec, nals, isAud, isSet, count }) => {
    const groups = pictures(nals, isAud);
    expect(groups).toHaveLength(count);
    const units = groups.map((group, i) => ({
      data: lengthPrefixed(...group.filter((bytes) => !isSet(bytes))),
      keyframe: i === 0,
    }));
    roundTrip(CONFIGS[codec], units, 64);
    roundTrip(CONFIGS[codec], units, 1400);
  });
});

describe('packetizers', () => {
  const payloadsOf = (packets: readonly Buffer[]) =>
    packets.map((packet) => {
      const { start, end } = payloadRange(packet, 0, packet.length);
      return packet.subarray(start, end).toString('hex');
    });

  it('sends parameter sets in one packet before a keyframe, and the marker on the last packet', () => {
    const data = lengthPrefixed('0605ff80', '658884');
    const packets = packetizer(CONFIGS.h264).packetize({ data, keyframe: true }, 0);
    const [sets, ...rest] = payloadsOf(packets);
    expect(sets?.startsWith('7800186764000a')).toBe(true);
    expect(rest).toEqual(['0605ff80', '658884']);
    expect(packets.map((packet) => markerOf(packet, 0))).toEqual([false, false, true]);
  });

  it('sends parameter sets alone when they do not fit one packet', () => {
    const data = lengthPrefixed('2801af06');
    const payloads = payloadsOf(
      packetizer(CONFIGS.h265, 64).packetize({ data, keyframe: true }, 0),
    );
    expect(payloads.map((payload) => payload.slice(0, 4))).toEqual([
      '4001',
      '4201',
      '4401',
      '2801',
    ]);
  });

  it('splits G.711 at 40 ms with the timestamps of the samples', () => {
    const data = new Uint8Array(1000);
    const packets = packetizer(CONFIGS.pcmu).packetize({ data, keyframe: true }, 2 ** 32 - 100);
    expect(packets.map((packet) => packet.length - 12)).toEqual([320, 320, 320, 40]);
    expect(packets.map((packet) => timestampOf(packet, 0))).toEqual([2 ** 32 - 100, 220, 540, 860]);
  });

  it('makes nothing of an empty unit', () => {
    for (const config of Object.values(CONFIGS)) {
      const unit = { data: new Uint8Array(0), keyframe: true };
      expect(packetizer(config).packetize(unit, 0)).toEqual([]);
    }
  });

  it('refuses what does not fit the payload format', () => {
    const send = (config: CodecConfig, data: Uint8Array) => () =>
      packetizer(config).packetize({ data, keyframe: false }, 0);
    expect(send(CONFIGS.h264, Uint8Array.of(0, 0, 0, 9, 1))).toThrow(NightjarError);
    expect(send(CONFIGS.h264, Uint8Array.of(0, 0, 0, 0))).toThrow(NightjarError);
    expect(send(CONFIGS.h265, Uint8Array.of(0, 0))).toThrow(NightjarError);
    expect(send(CONFIGS.aac, new Uint8Array(8192))).toThrow(NightjarError);
    expect(() => packetizer(CONFIGS.h264, 63)).toThrow(NightjarError);
  });

  it('throws only NightjarError on random units', () => {
    fc.assert(
      fc.property(fc.uint8Array({ max: 5, maxLength: 40 }), fc.boolean(), (data, keyframe) => {
        for (const config of Object.values(CONFIGS)) {
          try {
            packetizer(config).packetize({ data, keyframe }, 0);
          } catch (error) {
            expect(error).toBeInstanceOf(NightjarError);
          }
        }
      }),
    );
  });
});

describe('depacketizers on random input', () => {
  const heads = fc.constantFrom(0x78, 0x7c, 0x60, 0x62, 0x67, 0x42, 0x65, 0x28, 0x00, 0xff);
  const payload = fc
    .tuple(heads, fc.uint8Array({ maxLength: 60 }))
    .map(([first, rest]) => Uint8Array.from([first, ...rest]));
  const packet = fc
    .record({
      payload: fc.oneof(payload, fc.uint8Array({ maxLength: 60 })),
      sequence: fc.nat(5),
      timestamp: fc.nat(3),
      marker: fc.boolean(),
    })
    .map((p) => encodeRtp({ ...p, payloadType: PAYLOAD_TYPE, ssrc: SSRC }, p.payload));

  it.each(Object.keys(CONFIGS) as Exclude<Codec, 'other'>[])(
    'never throw, and stay in form: %s',
    (codec) => {
      fc.assert(
        fc.property(
          fc.array(fc.oneof(packet, fc.uint8Array({ maxLength: 30 })), { maxLength: 30 }),
          (input) => {
            const bench = new Bench(formatOf(CONFIGS[codec], PAYLOAD_TYPE));
            for (const bytes of input) bench.packet(Buffer.from(bytes));
            bench.depacketizer.flush();
            // Whatever came out can be sent again: lengths and fields are right.
            for (const unit of bench.units) packetizer(CONFIGS[codec]).packetize(unit, unit.ticks);
          },
        ),
        { numRuns: 300 },
      );
    },
  );
});
