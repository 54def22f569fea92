import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { encodeBox, findBox, childBoxes, type Box } from '../boxes.js';
import { Movie } from './movie.js';
import type { MovieSample } from './movie-track.js';
import type { TrackDescription } from './track-description.js';

const TIMESCALE = 90_000;

function description(handlerType: string): TrackDescription {
  return {
    handlerType,
    timescale: TIMESCALE,
    trackHeader: encodeBox('tkhd', Buffer.alloc(84)),
    handler: encodeBox('hdlr', Buffer.alloc(24)),
    mediaHeader: encodeBox('vmhd', Buffer.alloc(12)),
    dataInformation: encodeBox('dinf'),
    entries: [],
  };
}

const ENTRIES = [encodeBox('avc1', Buffer.from([1])), encodeBox('avc1', Buffer.from([2]))];

/** What a reader makes of the sample tables of a track, by the words of ISO/IEC 14496-12 s.8.6 and 8.7. */
function readSamples(file: Buffer, trak: Box) {
  const descend = (...types: string[]): Box | undefined => {
    let box: Box | undefined = trak;
    for (const type of types) box = box && findBox(file, type, box.bodyStart, box.end);
    return box;
  };
  const fields = (name: string): number[] => {
    const box = descend('mdia', 'minf', 'stbl', name);
    if (box === undefined) return [];
    const list: number[] = [];
    for (let at = box.bodyStart + 4; at < box.end; at += 4) list.push(file.readUInt32BE(at));
    return list;
  };
  const runs = (list: number[]): number[] => {
    const values: number[] = [];
    for (let at = 1; at < list.length; at += 2)
      for (let n = 0; n < list[at]!; n += 1) values.push(list[at + 1]! | 0);
    return values;
  };
  const [, count = 0, ...sizes] = fields('stsz');
  const deltas = runs(fields('stts'));
  const offsets = runs(fields('ctts'));
  const sync = fields('stss').slice(1);
  const stsc = fields('stsc').slice(1);
  const co64 = fields('co64').slice(1);
  const samples: Omit<MovieSample, 'durationTicks'>[] = [];
  let decode = 0;
  for (let chunk = 0; chunk * 2 < co64.length; chunk += 1) {
    let at = co64[2 * chunk]! * 2 ** 32 + co64[2 * chunk + 1]!;
    let rule = 0;
    while (rule + 3 < stsc.length && stsc[rule + 3]! <= chunk + 1) rule += 3;
    for (let n = 0; n < stsc[rule + 1]!; n += 1) {
      const index = samples.length;
      samples.push({
        entry: stsc[rule + 2]! - 1,
        position: at,
        bytes: sizes[index]!,
        decodeTicks: decode,
        ticks: decode + (offsets[index] ?? 0),
        keyframe: sync.length === 0 || sync.includes(index + 1),
      });
      at += sizes[index]!;
      decode += deltas[index]!;
    }
  }
  return { samples, count, deltas };
}

const sampleList = fc
  .array(
    fc.record({
      delta: fc.integer({ min: 1, max: 5_000 }),
      composition: fc.constantFrom(0, 0, 0, 3_600, -3_600, 7_200),
      bytes: fc.integer({ min: 1, max: 100_000 }),
      skip: fc.constantFrom(0, 0, 0, 17, 3_000_000_000),
      keyframe: fc.boolean(),
      entry: fc.constantFrom(0, 0, 0, 1),
    }),
    { minLength: 1, maxLength: 200 },
  )
  .map((list) => {
    let decodeTicks = 0;
    let position = 0;
    return list.map(({ delta, composition, bytes, skip, keyframe, entry }, index): MovieSample => {
      position += skip;
      const sample = {
        entry,
        position,
        bytes,
        decodeTicks,
        ticks: decodeTicks + composition,
        durationTicks: delta,
        keyframe: keyframe || index === 0,
      };
      decodeTicks += delta;
      position += bytes;
      return sample;
    });
  });

function write(lists: readonly (readonly MovieSample[])[], endMs = 1e9): Buffer {
  const movie = new Movie();
  let mediaBytes = 0;
  for (const list of lists) {
    const track = movie.track(description('vide'));
    for (const entry of ENTRIES) track.entry(entry);
    for (const sample of list) {
      track.add(sample);
      mediaBytes = Math.max(mediaBytes, sample.position + sample.bytes);
    }
  }
  const front = movie.finish(mediaBytes, { startMs: 0, endMs });
  const file = Buffer.concat(front.parts);
  expect(file.length).toBe(front.bytes);
  return file;
}

/** The front is cut before its media data; only its boxes are looked at. */
function moovOf(file: Buffer): { readonly moov: Box; readonly dataOffset: number } {
  const ftyp = file.readUInt32BE(0);
  const moovBytes = file.readUInt32BE(ftyp);
  const moov = findBox(file, 'moov', 0, ftyp + moovBytes)!;
  expect(file.toString('latin1', moov.end + 4, moov.end + 8)).toBe('mdat');
  return { moov, dataOffset: moov.end + 16 };
}

describe('the front of a movie', () => {
  it('says of every sample what was said to it', () => {
    fc.assert(
      fc.property(fc.array(sampleList, { minLength: 1, maxLength: 3 }), (lists) => {
        const file = write(lists);
        const { moov, dataOffset } = moovOf(file);
        const traks = [...childBoxes(file, moov.bodyStart, moov.end)].filter(
          ({ type }) => type === 'trak',
        );
        expect(traks).toHaveLength(lists.length);
        traks.forEach((trak, index) => {
          const list = lists[index]!;
          const { samples, count, deltas } = readSamples(file, trak);
          expect(count).toBe(list.length);
          expect(deltas.at(-1)).toBe(list.at(-1)!.durationTicks);
          const wanted = list.map((sample) => ({
            ...sample,
            position: sample.position + dataOffset,
            durationTicks: undefined,
          }));
          expect(samples).toEqual(wanted);
        });
      }),
      { numRuns: 150 },
    );
  });

  it('moves a decode time that does not rise, and keeps the presentation time', () => {
    const base = { entry: 0, bytes: 10, durationTicks: 100, keyframe: true };
    const list = [
      { ...base, position: 0, decodeTicks: 0, ticks: 0 },
      { ...base, position: 10, decodeTicks: 200, ticks: 200 },
      { ...base, position: 20, decodeTicks: 150, ticks: 180 },
      { ...base, position: 30, decodeTicks: 300, ticks: 300 },
    ];
    const file = write([list]);
    const { moov } = moovOf(file);
    const trak = findBox(file, 'trak', moov.bodyStart, moov.end)!;
    const { samples } = readSamples(file, trak);
    expect(samples.map(({ decodeTicks }) => decodeTicks)).toEqual([0, 200, 201, 300]);
    expect(samples.map(({ ticks }) => ticks)).toEqual([0, 200, 180, 300]);
  });

  it('takes 4 bytes a sample and a little more', () => {
    const movie = new Movie();
    const track = movie.track(description('vide'));
    track.entry(ENTRIES[0]!);
    const samples = 90_000;
    for (let n = 0; n < samples; n += 1) {
      const sample = { entry: 0, position: n * 1_000, bytes: 1_000, durationTicks: 3_600 };
      const ticks = n * 3_600;
      track.add({ ...sample, decodeTicks: ticks, ticks, keyframe: n % 50 === 0 });
    }
    expect(movie.tableBytes / samples).toBeLessThan(4.2);
  });
});
