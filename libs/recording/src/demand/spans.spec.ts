import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { mergeSpans, nextEdge, spanAt } from './spans.js';

const spans = fc.array(
  fc
    .tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 20 }))
    .map(([startMs, length]) => ({ startMs, endMs: startMs + length })),
  { maxLength: 12 },
);

it('is the same time after merging, in pieces that do not touch', () => {
  fc.assert(
    fc.property(spans, (some) => {
      const merged = mergeSpans(some);
      for (let ms = -1; ms <= 82; ms += 1)
        expect(spanAt(merged, ms) !== undefined).toBe(
          some.some(({ startMs, endMs }) => startMs <= ms && ms < endMs),
        );
      for (let n = 1; n < merged.length; n += 1)
        expect(merged[n]!.startMs).toBeGreaterThan(merged[n - 1]!.endMs);
    }),
  );
});

it('finds the next edge: nothing changes before it, something does at it', () => {
  fc.assert(
    fc.property(spans, fc.integer({ min: -1, max: 82 }), (some, ms) => {
      const merged = mergeSpans(some);
      const isIn = (at: number): boolean => spanAt(merged, at) !== undefined;
      const edge = nextEdge(merged, ms);
      for (let at = ms; at < (edge ?? 83); at += 1) expect(isIn(at)).toBe(isIn(ms));
      if (edge !== undefined) expect(isIn(edge)).toBe(!isIn(ms));
    }),
  );
});
