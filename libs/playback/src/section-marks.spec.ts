import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { SectionMarks, type Marked } from './section-marks.js';

interface Unit {
  readonly track: number;
  readonly place: number;
}

describe('marks of sections', () => {
  it('gives every unit once and in order, with one end per track and section', () => {
    const sections = fc.array(fc.array(fc.nat({ max: 2 }), { minLength: 1, maxLength: 30 }), {
      maxLength: 5,
    });
    fc.assert(
      fc.property(sections, (lists) => {
        const marks = new SectionMarks<Unit>();
        const out: Marked<Unit>[] = [];
        let place = 0;
        for (const [index, list] of lists.entries()) {
          marks.discontinuity();
          for (const track of list) out.push(...marks.push({ track, place: place++ }));
          out.push(...marks.end(index === lists.length - 1));
        }
        expect(out.map(({ item }) => item.place)).toEqual(out.map((_, i) => i));
        expect(out).toHaveLength(place);
        let at = 0;
        for (const [index, list] of lists.entries()) {
          const section = out.slice(at, at + list.length);
          at += list.length;
          for (const track of new Set(list)) {
            const own = section.filter(({ item }) => item.track === track);
            const last = index === lists.length - 1;
            own.forEach((one, i) => {
              const ends = i === own.length - 1;
              expect(one.marks).toEqual({
                discontinuity: i === 0,
                endOfSection: ends,
                terminal: ends && last,
              });
            });
          }
        }
      }),
    );
  });

  it('does not wait for ever for a track that ended', () => {
    const marks = new SectionMarks<Unit>();
    const out = marks.push({ track: 1, place: 0 });
    for (let place = 1; place < 2_000; place++) out.push(...marks.push({ track: 0, place }));
    expect(out.length).toBeGreaterThan(1_700);
    expect(out.every(({ marks: { endOfSection } }) => !endOfSection)).toBe(true);
  });
});
