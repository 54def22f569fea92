import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Bench, CONFIGS, hex, PAYLOAD_TYPE } from '../../test/harness.js';
import type { TrackFormat } from '../format.js';
import { configOf } from '../sdp-format.js';

/** AAC-LC, 24 kHz, stereo (RFC 6416 s.7.3.2). */
const CONFIG = '400026203fc0';
const SPECIFIC = Uint8Array.of(0x13, 0x10);

const format = (fmtp: Record<string, string>, clockRateHz = 24_000): TrackFormat => ({
  kind: 'audio',
  codec: 'aac',
  payloadType: PAYLOAD_TYPE,
  clockRateHz,
  channels: 2,
  encodingName: 'MP4A-LATM',
  fmtp,
});
const outOfBand = format({ cpresent: '0', config: CONFIG });

/** Writes bits, most significant first. */
class Bits {
  private text = '';

  add(value: number, count: number): this {
    if (count > 0) this.text += value.toString(2).padStart(count, '0').slice(-count);
    return this;
  }

  bytes(bytes: Uint8Array): this {
    for (const byte of bytes) this.add(byte, 8);
    return this;
  }

  /** LatmGetValue(). */
  value(value: number): this {
    return this.add(3, 2)
      .add(Math.floor(value / 65_536), 16)
      .add(value % 65_536, 16);
  }

  get buffer(): Buffer {
    const padded = this.text.padEnd(Math.ceil(this.text.length / 8) * 8, '0');
    return Buffer.from(padded.match(/.{8}/g)?.map((byte) => Number.parseInt(byte, 2)) ?? []);
  }
}

interface Mux {
  readonly second: boolean;
  readonly frames: number;
  readonly otherBits: number;
  readonly checked: boolean;
}

function addMux(bits: Bits, { second, frames, otherBits, checked }: Mux): Bits {
  bits.add(second ? 0b10 : 0, second ? 2 : 1);
  if (second) bits.value(7);
  bits
    .add(1, 1)
    .add(frames - 1, 6)
    .add(0, 7);
  if (second) bits.value(16);
  bits.bytes(SPECIFIC).add(0, 3).add(255, 8);
  bits.add(otherBits > 0 ? 1 : 0, 1);
  if (otherBits > 0 && second) bits.value(otherBits);
  if (otherBits > 0 && !second)
    bits
      .add(1, 1)
      .add(otherBits >> 8, 8)
      .add(0, 1)
      .add(otherBits & 0xff, 8);
  return bits.add(checked ? 1 : 0, 1).add(0xa5, checked ? 8 : 0);
}

function addFrames(
  bits: Bits,
  frames: readonly Uint8Array[],
  { otherBits }: Pick<Mux, 'otherBits'>,
): Bits {
  for (const frame of frames) {
    for (let left = frame.length; left >= 0; left -= 255) bits.add(Math.min(left, 255), 8);
    bits.bytes(frame);
  }
  for (let i = 0; i < otherBits; i += 1) bits.add(i & 1, 1);
  return bits;
}

const frame = fc.uint8Array({ minLength: 1, maxLength: 600 });
const mux = fc.record({
  second: fc.boolean(),
  otherBits: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 700 })),
  checked: fc.boolean(),
});

describe('LATM depacketizer', () => {
  it.each([
    ['of RFC 6416', CONFIG, SPECIFIC, 24_000],
    ['of GStreamer, which ends early', '40002420adca00', hex('121056e500'), 44_100],
    ['of ffmpeg', '400023203fc0', hex('1190'), 48_000],
    ['of spectral band replication', '40005623101fe0', hex('2b118800'), 24_000],
  ])('reads the configuration %s', (_whose, config, specific, sampleRateHz) => {
    expect(configOf(format({ cpresent: '0', config }))).toEqual({
      codec: 'aac',
      audioSpecificConfig: new Uint8Array(specific),
      sampleRateHz,
      channels: expect.any(Number),
    });
  });

  it.each([
    ['several programs', '400122203fc0'],
    ['several layers', '400622203fc0'],
    ['streams of their own framing', '000026203fc0'],
    ['the reserved version', 'c00026203fc0'],
    ['another object type', '40008020'],
    ['too little', '4000'],
    ['nothing', ''],
  ])('knows none of %s', (_what, config) => {
    expect(configOf(format({ cpresent: '0', config }))).toBeUndefined();
  });

  it('joins an element that comes in fragments, and ends one without a marker when another begins', () => {
    const bench = new Bench(outOfBand);
    bench.push('05 aabb', 0);
    bench.push('ccddee', 0, true);
    bench.push('02 1122', 1024);
    bench.push('01 33', 2048, true);
    expect(bench.configs).toEqual([
      { codec: 'aac', audioSpecificConfig: SPECIFIC, sampleRateHz: 24_000, channels: 2 },
    ]);
    const whole = { keyframe: true, damaged: false };
    expect(bench.units).toEqual([
      { ...whole, data: Uint8Array.from(hex('aabbccddee')), ticks: 0 },
      { ...whole, data: Uint8Array.from(hex('1122')), ticks: 1024 },
      { ...whole, data: Uint8Array.from(hex('33')), ticks: 2048 },
    ]);
  });

  it('drops an element that lost a part, also one that began before, and marks the next', () => {
    const bench = new Bench(outOfBand);
    bench.push('ccddee', 0, true);
    bench.push('02 1122', 1024, true);
    bench.push('05 aabb', 2048);
    bench.lose();
    bench.push('ee', 2048, true);
    bench.push('01 44', 3072, true);
    expect(bench.units).toMatchObject([
      { ticks: 1024, damaged: true },
      { ticks: 3072, damaged: true },
    ]);
  });

  it('goes over to what the stream says, and tells it once', () => {
    const element = (specific: Uint8Array): Buffer =>
      new Bits()
        .add(0, 2)
        .add(1, 1)
        .add(0, 13)
        .bytes(specific)
        .add(0, 3)
        .add(255, 8)
        .add(0, 2)
        .add(1, 8)
        .bytes(hex('55')).buffer;
    const bench = new Bench(format({ cpresent: '1' }));
    bench.push(new Bits().add(1, 1).add(1, 8).add(9, 8).buffer, 0, true);
    bench.push(element(SPECIFIC), 1024, true);
    bench.push(element(SPECIFIC), 2048, true);
    bench.push(element(hex('1190')), 3072, true);
    expect(bench.calls).toEqual(['config', 'unit', 'unit', 'config', 'unit']);
    expect(bench.configs.map((config) => 'sampleRateHz' in config && config.sampleRateHz)).toEqual([
      24_000, 48_000,
    ]);
  });

  it('takes an encoder at its element that leaves cpresent out and means 0', () => {
    const bench = new Bench(format({ config: CONFIG }));
    bench.push('03 aabbcc', 0, true);
    bench.push('03 ddeeff', 1024, true);
    expect(bench.units.map(({ data }) => Buffer.from(data).toString('hex'))).toEqual([
      'aabbcc',
      'ddeeff',
    ]);
  });

  it('gives back all frames, however they are multiplexed and cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(frame, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 4 }),
        mux,
        fc.boolean(),
        fc.integer({ min: 40, max: 1400 }),
        (elements, options, inBand, packetBytes) => {
          // The number of frames of an element stands in the configuration: in the SDP it is one for all.
          const muxes = elements.map((frames) => ({ ...options, frames: frames.length }));
          const first = muxes[0]!;
          const used = inBand ? elements : elements.filter((e) => e.length === first.frames);
          const config = addMux(new Bits(), first).buffer.toString('hex');
          const bench = new Bench(inBand ? format({}) : format({ cpresent: '0', config }));
          for (const [at, frames] of used.entries()) {
            const bits = new Bits();
            if (inBand) addMux(bits.add(0, 1), muxes[at]!);
            const bytes = addFrames(bits, frames, options).buffer;
            for (let from = 0; from < bytes.length; from += packetBytes) {
              const last = from + packetBytes >= bytes.length;
              bench.push(bytes.subarray(from, from + packetBytes), at * 5120, last);
            }
          }
          expect(bench.units).toEqual(
            used.flatMap((frames, at) =>
              frames.map((data, n) => ({
                data: new Uint8Array(data),
                ticks: at * 5120 + n * 1024,
                keyframe: true,
                damaged: false,
              })),
            ),
          );
        },
      ),
    );
  });

  it('never throws, and never hands over more than came', () => {
    fc.assert(
      fc.property(
        fc.constantFrom({}, { cpresent: '0', config: CONFIG }, { cpresent: '1' }, { config: 'ff' }),
        fc.array(
          fc.tuple(
            fc.oneof(
              fc.uint8Array({ maxLength: 200 }),
              fc
                .uint8Array({ maxLength: 200 })
                .map((bytes) => Buffer.concat([hex('2000131000'), bytes])),
            ),
            fc.nat(3),
            fc.boolean(),
            fc.boolean(),
          ),
          { maxLength: 20 },
        ),
        (fmtp, packets) => {
          const bench = new Bench(format(fmtp));
          for (const [bytes, ticks, marker, lost] of packets) {
            if (lost) bench.lose();
            bench.push(bytes, ticks * 1024, marker);
          }
          bench.depacketizer.flush();
          const came = packets.reduce((sum, [bytes]) => sum + bytes.length, 0);
          const gave = bench.units.reduce((sum, { data }) => sum + data.length, 0);
          expect(gave).toBeLessThanOrEqual(came);
        },
      ),
    );
  });

  it('keeps no element beyond 128 KiB', () => {
    const bench = new Bench(outOfBand);
    const packet = Buffer.alloc(1400, 255);
    for (let i = 0; i < 200; i += 1) bench.push(packet, 0);
    bench.push(packet, 0, true);
    bench.push('01 44', 1024, true);
    expect(bench.units).toMatchObject([{ ticks: 1024, damaged: true }]);
  });
});

// The formats of plain AAC are not touched by it.
it('leaves access units of RFC 3640 to their own depacketizer', () => {
  const bench = new Bench({
    ...format({ config: '1190', sizelength: '13', indexlength: '3' }, 48_000),
    encodingName: 'mpeg4-generic',
  });
  bench.push('0010 0008 11', 0, true);
  expect(bench.configs).toEqual([CONFIGS.aac]);
});
