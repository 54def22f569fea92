import { fieldPictures } from '../../test/field-pictures.js';
import { describe, expect, it } from '@jest/globals';
import { NightjarError } from '@nightjar/common';
import fc from 'fast-check';
import type { FileBytes, MediaFileUnit } from './media-file.js';
import { MEDIA_EXTENSIONS, openMediaFile } from './open.js';

/** Counts what is asked for, so that no reader takes more than it needs. */
function bytesOf(content: Uint8Array): FileBytes & { largest: number; reads: number } {
  return {
    sizeBytes: content.length,
    largest: 0,
    reads: 0,
    read(at, bytes) {
      this.largest = Math.max(this.largest, bytes);
      this.reads += 1;
      return Promise.resolve(content.slice(at, at + bytes));
    },
  };
}

async function unitsOf(
  content: Uint8Array,
  extension: string,
  fromMs = 0,
): Promise<MediaFileUnit[]> {
  const file = await openMediaFile(bytesOf(content), extension);
  const units: MediaFileUnit[] = [];
  for await (const unit of file.units(fromMs === 0 ? 0 : await file.startAt(fromMs)))
    units.push(unit);
  file.close();
  return units;
}

const joined = (...parts: readonly (readonly number[])[]): Uint8Array =>
  Uint8Array.from(parts.flat());
const times = (count: number, part: readonly number[]): number[] =>
  Array.from({ length: count }, () => part).flat();
const filled = (bytes: number): number[] => Array.from({ length: bytes }, (_, i) => i & 0x7f);

/** AMR at 12.2 kbit/s, ADTS of 100 bytes at 48 kHz, MPEG-1 layer III at 64 kbit/s and 48 kHz, AC-3 at 64 kbit/s. */
const AMR_FRAME = [0x3c, ...filled(31)];
const ADTS_FRAME = [0xff, 0xf1, 0x4c, 0x80, 0x0c, 0x9f, 0xfc, ...filled(93)];
const MP3_FRAME = [0xff, 0xfb, 0x54, 0xc4, ...filled(188)];
const AC3_FRAME = [0x0b, 0x77, 0, 0, 0x08, 0x40, 0x20, 0, ...filled(248)];
const ID3 = [...Buffer.from('ID3'), 4, 0, 0, 0, 0, 0, 20, ...filled(20)];
const ID3V1 = [...Buffer.from('TAG'), ...filled(125)];

const SOUND = [
  { extension: 'amr', content: joined([...Buffer.from('#!AMR\n')], times(100, AMR_FRAME)), ms: 20 },
  { extension: 'aac', content: joined(ID3, times(100, ADTS_FRAME)), ms: 1024 / 48 },
  { extension: 'mp3', content: joined(ID3, times(100, MP3_FRAME), ID3V1), ms: 24 },
  { extension: 'ac3', content: joined(times(100, AC3_FRAME)), ms: 32 },
];

describe('sound that is frame after frame', () => {
  it.each(SOUND)(
    '$extension: all frames, each as long as it lasts',
    async ({ extension, content, ms }) => {
      const units = await unitsOf(content, extension);
      expect(units).toHaveLength(100);
      units.forEach(({ timeMs }, index) => expect(timeMs).toBeCloseTo(index * ms));
    },
  );

  it.each(SOUND)('$extension: play begins at any frame', async ({ extension, content, ms }) => {
    const units = await unitsOf(content, extension, 50.5 * ms);
    expect(units).toHaveLength(50);
    expect(units[0]?.timeMs).toBeCloseTo(50 * ms);
  });

  it.each(SOUND)(
    '$extension: a last frame that is cut off is left out',
    async ({ extension, content }) => {
      const cut =
        extension === 'mp3' ? content.subarray(0, content.length - 130) : content.subarray(0, -5);
      expect(await unitsOf(cut, extension)).toHaveLength(99);
    },
  );

  it('goes on behind bytes that are no frame', async () => {
    const content = joined(times(10, ADTS_FRAME), filled(300), times(10, ADTS_FRAME));
    expect(await unitsOf(content, 'aac')).toHaveLength(20);
  });

  it('leaves out the frame in which an encoder tells how many there are', async () => {
    const xing = [0xff, 0xfb, 0x54, 0xc4, ...filled(17), ...Buffer.from('Xing'), ...filled(167)];
    expect(await unitsOf(joined(xing, times(5, MP3_FRAME)), 'mp3')).toHaveLength(5);
  });

  it('says at once that AMR of several channels is not served', async () => {
    const content = joined([...Buffer.from('#!AMR_MC1.0\n')], times(9, AMR_FRAME));
    await expect(openMediaFile(bytesOf(content), 'amr')).rejects.toMatchObject({
      where: { status: 415 },
    });
  });
});

it.each(MEDIA_EXTENSIONS)(
  '.%s that holds something else is of no kind that can be sent',
  async (extension) => {
    for (const content of ['', 'not a film', 'many words '.repeat(900), '\0'.repeat(5_000)])
      await expect(openMediaFile(bytesOf(Buffer.from(content)), extension)).rejects.toMatchObject({
        where: { status: 415 },
      });
  },
);

/** A transport stream with a clock reference in every tenth packet, 40 ms apart. */
function transportStream(packets: number): Uint8Array {
  const content = Buffer.alloc(packets * 188);
  for (let i = 0; i < packets; i += 1) {
    const at = i * 188;
    content[at] = 0x47;
    content.writeUInt16BE(0x0100, at + 1);
    content[at + 3] = 0x10;
    if (i % 10 !== 0) continue;
    content.set([0x30, 7, 0x10], at + 3);
    const clock = (i / 10) * 40 * 90;
    content.writeUInt32BE(Math.floor(clock / 2), at + 6);
    content[at + 10] = (clock & 1) << 7;
  }
  return content;
}

describe('a transport stream', () => {
  it('is sent whole, in packets of seven, at the speed of its clock', async () => {
    const units = await unitsOf(transportStream(1000), 'ts');
    expect(units.reduce((sum, { data }) => sum + data.length, 0)).toBe(188_000);
    expect(units.every(({ data }) => data.length <= 7 * 188 && data.length % 188 === 0)).toBe(true);
    expect(units.find(({ timeMs }) => timeMs >= 2000)?.timeMs).toBeCloseTo(2000);
  });

  it('is played from the clock reference before a time', async () => {
    const file = await openMediaFile(bytesOf(transportStream(100_000)), 'ts');
    expect(file.durationMs).toBeCloseTo(399_960);
    const startMs = await file.startAt(200_010);
    expect(startMs).toBeLessThanOrEqual(200_010);
    expect(startMs).toBeGreaterThan(190_000);
  });

  it('finds its place in a large file without reading it', async () => {
    const source = bytesOf(transportStream(100_000));
    const file = await openMediaFile(source, 'ts');
    source.reads = 0;
    await file.startAt(123_456);
    expect(source.reads).toBeLessThan(20);
  });

  it('without a clock is refused', async () => {
    const content = transportStream(100);
    for (let at = 3; at < content.length; at += 188) content[at] = 0x10;
    await expect(openMediaFile(bytesOf(content), 'ts')).rejects.toMatchObject({
      where: { status: 415 },
    });
  });
});

/** H.264 of 64x48 at 25 Hz, made with x264: parameter sets, then pictures of two slices' start. */
const SPS = Buffer.from('000000016764000aac761111ec0440000003004000000c83c4896118', 'hex');
const PPS = Buffer.from('0000000168eee3cb22c0', 'hex');
const IDR = Buffer.from('000001658884000a', 'hex');
const P_SLICE = Buffer.from('000001419a246c43', 'hex');

describe('elementary video', () => {
  it('is cut into pictures of its frame rate, parameter sets with the picture behind them', async () => {
    const group = Buffer.concat([SPS, PPS, IDR, ...Array.from({ length: 9 }, () => P_SLICE)]);
    const units = await unitsOf(Buffer.concat(Array.from({ length: 5 }, () => group)), 'h264');
    expect(units.map(({ keyframe }) => keyframe)).toEqual(
      Array.from({ length: 50 }, (_, index) => index % 10 === 0),
    );
    expect(units.map(({ dueMs }) => dueMs)).toEqual(units.map((_, index) => index * 40));
  });

  it.each([false, true])(
    'has both fields of a frame in one unit, bottom field first: %s',
    async (bottomFirst) => {
      const content = fieldPictures(60, bottomFirst);
      const units = await unitsOf(content, 'h264');
      expect(units.map(({ keyframe }) => keyframe)).toEqual(
        Array.from({ length: 60 }, (_, index) => index % 25 === 0),
      );
      expect(units.map(({ timeMs }) => timeMs)).toEqual(units.map((_, index) => index * 40));
      const file = await openMediaFile(bytesOf(content), '264');
      expect([await file.startAt(1990), file.durationMs]).toEqual([1000, 2400]);
    },
  );

  it('is played from the keyframe before a time', async () => {
    const group = Buffer.concat([SPS, PPS, IDR, ...Array.from({ length: 9 }, () => P_SLICE)]);
    const file = await openMediaFile(bytesOf(Buffer.concat([group, group, group])), '264');
    expect(await file.startAt(790)).toBe(400);
    expect(file.durationMs).toBe(1200);
  });
});

/** Starts of files of each kind, for what comes behind to be believed. */
const STARTS: readonly (readonly number[])[] = [
  [],
  ...SOUND.map(({ content }) => [...content.subarray(0, 400)]),
  [...transportStream(5)],
  [...SPS, ...PPS, ...IDR],
  [
    0, 0, 1, 0xba, 0x44, 0, 4, 0, 4, 1, 0, 0, 3, 0xf8, 0, 0, 1, 0xe0, 0, 40, 0x80, 0x80, 5, 0x21, 0,
    1, 0, 1, 0, 0, 1, 0xb3,
  ],
  [...Buffer.from('OggS'), 0, 2, ...filled(20), 1, 42, 0x80, ...Buffer.from('theora'), 3, 2, 1],
  [0x1a, 0x45, 0xdf, 0xa3, 0x84, 0x42, 0x82, 0x81, 0x77],
  [0, 0, 0, 24, ...Buffer.from('ftypisom'), 0, 0, 2, 0, ...Buffer.from('isommp41')],
  [...Buffer.from('RIFF'), 0xff, 0xff, 0, 0, ...Buffer.from('WAVEfmt '), 16, 0, 0, 0, 1, 0, 1, 0],
  [0, 0, 1, 0xb0, 1, 0, 0, 1, 0xb5, 9, 0, 0, 1, 0x20, 0, 0x84, 0x40, 0xfa, 0x28, 0xa0],
];

describe('any bytes under any name', () => {
  it('give units or the error of ours, in bounded memory, and come to an end', async () => {
    const parts = fc.array(
      fc.oneof(
        fc.constantFrom(...STARTS).map((start) => Uint8Array.from(start)),
        fc.uint8Array({ maxLength: 300 }),
        fc
          .constantFrom(
            [0, 0, 1, 0],
            [0, 0, 1, 0xb3],
            [0x47, 0x41],
            [0x4f, 0x67, 0x67, 0x53],
            [0x0b, 0x77],
          )
          .map((part) => Uint8Array.from(part)),
      ),
      { maxLength: 8 },
    );
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...MEDIA_EXTENSIONS),
        parts,
        fc.nat(5_000),
        async (extension, pieces, fromMs) => {
          const content = Buffer.concat(pieces);
          const source = bytesOf(content);
          try {
            const file = await openMediaFile(source, extension);
            let bytes = 0;
            for await (const unit of file.units(await file.startAt(fromMs))) {
              bytes += unit.data.length;
              expect(Number.isFinite(unit.timeMs) && Number.isFinite(unit.dueMs)).toBe(true);
            }
            file.close();
            // Lengths before NAL units take more than the start codes that they stand for.
            expect(bytes).toBeLessThanOrEqual(4 * content.length);
          } catch (error) {
            if (!(error instanceof NightjarError)) throw error;
          }
          expect(source.largest).toBeLessThanOrEqual(64 * 1024 * 1024);
        },
      ),
      { numRuns: 300 },
    );
  });
});
