import { describe, expect, it } from '@jest/globals';
import { NightjarError } from '@nightjar/common';
import fc from 'fast-check';
import { memorySource } from './boxes.js';
import { encodeFragment } from './fragment.js';
import type { FragmentTrack } from './fragment.js';
import { decodeMoof, readFragmentAt, readFragments } from './fragment-reader.js';

const sample = fc.record({
  data: fc.uint8Array({ maxLength: 40 }),
  durationTicks: fc.nat({ max: 0xffffffff }),
  compositionTicks: fc.integer({ min: -0x80000000, max: 0x7fffffff }),
  keyframe: fc.boolean(),
});
const tracks: fc.Arbitrary<FragmentTrack[]> = fc.uniqueArray(
  fc.record({
    track: fc.nat({ max: 7 }),
    baseDecodeTicks: fc.nat({ max: 2 ** 50 }),
    samples: fc.array(sample, { maxLength: 8 }),
  }),
  { selector: ({ track }) => track, maxLength: 3 },
);

function bytesOf(sequence: number, given: readonly FragmentTrack[]): Buffer {
  const { head, data, bytes } = encodeFragment(sequence, given);
  const all = Buffer.concat([head, ...data]);
  expect(all.length).toBe(bytes);
  return all;
}

describe('fragments', () => {
  it('are read back as they were written, wherever they lie in the file', async () => {
    await fc.assert(
      fc.asyncProperty(tracks, fc.nat({ max: 50 }), async (given, before) => {
        const file = Buffer.concat([Buffer.alloc(before), bytesOf(1, given)]);
        const fragment = await readFragmentAt(memorySource(file), before);
        expect(fragment?.end).toBe(file.length);
        const expected = given.flatMap(({ track, baseDecodeTicks, samples }) => {
          let decodeTicks = baseDecodeTicks;
          return samples.map((one) => {
            const at = decodeTicks;
            decodeTicks += one.durationTicks;
            return {
              track,
              decodeTicks: at,
              ticks: at + one.compositionTicks,
              data: [...one.data],
              keyframe: one.keyframe,
            };
          });
        });
        expect(
          fragment?.samples.map(({ track, decodeTicks, ticks, offset, bytes, keyframe }) => {
            return {
              track,
              decodeTicks,
              ticks,
              data: [...file.subarray(offset, offset + bytes)],
              keyframe,
            };
          }),
        ).toEqual(expected);
      }),
    );
  });

  it('are written with one buffer where samples touch in memory', () => {
    const memory = Uint8Array.from({ length: 40 }, (_, at) => at);
    const unit = (start: number, end: number) => ({
      data: memory.subarray(start, end),
      durationTicks: 1,
      compositionTicks: 0,
      keyframe: true,
    });
    const video = [unit(0, 10), unit(10, 10), unit(10, 20), unit(25, 30)];
    const { data } = encodeFragment(1, [
      { track: 0, baseDecodeTicks: 0, samples: video },
      { track: 1, baseDecodeTicks: 0, samples: [unit(30, 40)] },
    ]);
    expect(data).toEqual([memory.slice(0, 20), memory.slice(25, 40)]);
  });

  it('are not there until their last byte is', async () => {
    const units = [
      { data: Buffer.from('picture'), durationTicks: 3600, compositionTicks: 0, keyframe: true },
    ];
    const one = bytesOf(1, [{ track: 0, baseDecodeTicks: 0, samples: units }]);
    const two = bytesOf(2, [{ track: 0, baseDecodeTicks: 3600, samples: units }]);
    const file = Buffer.concat([one, two]);
    for (let length = one.length; length <= file.length; length += 1) {
      const seen: number[] = [];
      for await (const fragment of readFragments(memorySource(file.subarray(0, length)), 0))
        seen.push(fragment.end);
      expect(seen).toEqual(length < file.length ? [one.length] : [one.length, file.length]);
    }
  });

  it('with any byte changed give NightjarError or samples inside the mdat', () => {
    fc.assert(
      fc.property(tracks, fc.nat(), fc.nat({ max: 255 }), (given, where, value) => {
        const { head, bytes } = encodeFragment(1, given);
        const moof = Buffer.from(head.subarray(0, head.length - 8));
        moof[where % moof.length] = value;
        const mdat = { start: head.length, end: bytes };
        try {
          for (const { offset, bytes: size } of decodeMoof(moof, 0, mdat)) {
            expect(offset).toBeGreaterThanOrEqual(mdat.start);
            expect(offset + size).toBeLessThanOrEqual(mdat.end);
          }
        } catch (error) {
          expect(error).toBeInstanceOf(NightjarError);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('made of noise throw nothing but NightjarError', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 120 }), async (noise) => {
        const moof = Buffer.concat([Buffer.from('00000000', 'hex'), Buffer.from('moof'), noise]);
        moof.writeUInt32BE(moof.length, 0);
        const file = Buffer.concat([moof, Buffer.from('000000086d646174', 'hex')]);
        try {
          await readFragmentAt(memorySource(file), 0);
        } catch (error) {
          expect(error).toBeInstanceOf(NightjarError);
        }
      }),
    );
  });
});
