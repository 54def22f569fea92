import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { explainHoles } from './manifest.js';

const spans = fc.array(
  fc
    .tuple(fc.nat(1_000), fc.nat(300), fc.constantFrom('disk-full', 'network', 'schedule'))
    .map(([startMs, length, reason]) => ({ startMs, endMs: startMs + length, reason })),
  { maxLength: 8 },
);

describe('explainHoles', () => {
  it('gives each part its reason, and the rest `unknown`', () => {
    const reasons = [
      { startMs: 200, endMs: 400, reason: 'network' },
      { startMs: 350, endMs: 500, reason: 'disk-full' },
      { startMs: 900, endMs: 2_000, reason: 'schedule' },
    ];
    expect(
      explainHoles([{ startMs: 100, endMs: 1_000 }], reasons).map(({ start, end, reason }) => [
        Date.parse(start),
        Date.parse(end),
        reason,
      ]),
    ).toEqual([
      [100, 200, 'unknown'],
      [200, 400, 'network'],
      [400, 500, 'disk-full'],
      [500, 900, 'unknown'],
      [900, 1_000, 'schedule'],
    ]);
  });

  it('covers every hole exactly once', () => {
    fc.assert(
      fc.property(
        fc.nat(1_000),
        fc.integer({ min: 1, max: 500 }),
        spans,
        (startMs, length, known) => {
          const parts = explainHoles([{ startMs, endMs: startMs + length }], known);
          let at = startMs;
          for (const { start, end } of parts) {
            expect(Date.parse(start)).toBe(at);
            at = Date.parse(end);
          }
          expect(at).toBe(startMs + length);
        },
      ),
    );
  });
});
