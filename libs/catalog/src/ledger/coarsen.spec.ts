import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { LedgerEntry, LedgerState, Span } from './account.js';
import { coarsen } from './coarsen.js';
import { completenessOf, percentageOf } from './completeness.js';

const MISSING = { state: 'missing', reason: 'camera-offline', detail: 'timeout' } as const;
const RECORDED = { state: 'recorded' } as const;

/** Touching entries from lengths. */
function entriesOf(...parts: (readonly [number, LedgerState])[]): LedgerEntry[] {
  let atMs = 0;
  return parts.map(([length, state]) => {
    const entry = { startMs: atMs, endMs: atMs + length, ...state };
    atMs += length;
    return entry;
  });
}

describe('coarsen', () => {
  it('leaves everything as it is at resolution 0', () => {
    const entries = entriesOf([100, RECORDED], [1, MISSING], [100, RECORDED]);
    expect(coarsen(entries, 0)).toMatchObject({
      recorded: [
        { startMs: 0, endMs: 100, holes: 0 },
        { startMs: 101, endMs: 201 },
      ],
      gaps: [{ startMs: 100, endMs: 101, stretches: 1, missingMs: 1 }],
    });
  });

  it('draws footage across short holes, counts them, and marks the missing time', () => {
    const loss = { state: 'missing', reason: 'packet-loss', detail: 'packet-loss' } as const;
    const entries = entriesOf(
      [1_000, RECORDED],
      [3, loss],
      [4, RECORDED],
      [7, MISSING],
      [1_000, RECORDED],
    );
    expect(coarsen(entries, 10)).toEqual({
      recorded: [{ startMs: 0, endMs: 2_014, holes: 2, holesMs: 10 }],
      deleted: [],
      gaps: [
        {
          startMs: 1_000,
          endMs: 1_014,
          reason: 'camera-offline',
          detail: 'timeout',
          stretches: 2,
          missingMs: 10,
        },
      ],
      unwanted: [],
      pending: [],
    });
  });

  it('does not mix the reasons of gaps as long as the resolution', () => {
    const full = { state: 'missing', reason: 'disk-full', detail: 'disk-full' } as const;
    const entries = entriesOf([50, MISSING], [5, full], [50, full]);
    expect(coarsen(entries, 10).gaps).toMatchObject([
      { startMs: 0, endMs: 50, reason: 'camera-offline' },
      { startMs: 50, endMs: 105, reason: 'disk-full', stretches: 2 },
    ]);
  });

  const states: LedgerState[] = [
    RECORDED,
    { state: 'deleted' },
    { state: 'pending' },
    { state: 'undeclared' },
    { state: 'unwanted', reason: 'schedule' },
    { state: 'unwanted', reason: 'privacy' },
    MISSING,
    { state: 'missing', reason: 'unknown', detail: undefined },
  ];
  const parts = fc.array(fc.tuple(fc.integer({ min: 1, max: 60 }), fc.constantFrom(...states)), {
    maxLength: 60,
  });

  it('hides no missing time and no footage, and is bounded by the resolution', () => {
    fc.assert(
      fc.property(parts, fc.integer({ min: 0, max: 200 }), (lengths, resolutionMs) => {
        const entries = entriesOf(...lengths);
        const coarse = coarsen(entries, resolutionMs);
        const covered = (span: Span, by: readonly Span[]): boolean =>
          by.some(({ startMs, endMs }) => startMs <= span.startMs && span.endMs <= endMs);
        let missingMs = 0;
        for (const entry of entries) {
          if (entry.state === 'missing') {
            missingMs += entry.endMs - entry.startMs;
            expect(covered(entry, coarse.gaps)).toBe(true);
          }
          if (entry.state === 'recorded') expect(covered(entry, coarse.recorded)).toBe(true);
          if (entry.state === 'deleted') expect(covered(entry, coarse.deleted)).toBe(true);
        }
        expect(coarse.gaps.reduce((sum, gap) => sum + gap.missingMs, 0)).toBe(missingMs);
        const totalMs = entries.at(-1)?.endMs ?? 0;
        if (resolutionMs > 0) {
          const bound = 2 * Math.ceil(totalMs / resolutionMs) + 2;
          expect(coarse.recorded.length).toBeLessThanOrEqual(bound);
          expect(coarse.gaps.length).toBeLessThanOrEqual(2 * bound);
        }
      }),
    );
  });

  it('sums to the declared time whatever the account says', () => {
    const spans = fc.uniqueArray(fc.integer({ min: 0, max: 2_000 }), { maxLength: 6 });
    fc.assert(
      fc.property(parts, spans, (lengths, edges) => {
        const entries = entriesOf(...lengths);
        const within = { startMs: 100, endMs: 1_500 };
        const sorted = edges.toSorted((a, b) => a - b);
        const declared = sorted.flatMap((startMs, index) =>
          index % 2 === 0 ? [{ startMs, endMs: sorted[index + 1] ?? Infinity }] : [],
        );
        const isDeclared = (ms: number): boolean =>
          declared.some(({ startMs, endMs }) => startMs <= ms && ms < endMs);
        let expected = 0;
        for (const { startMs, endMs, state } of entries)
          for (let ms = startMs; ms < endMs; ms += 1)
            if (state !== 'undeclared' && ms >= 100 && ms < 1_500 && isDeclared(ms)) expected += 1;
        const sums = completenessOf(entries, declared, within);
        expect(sums.declaredMs).toBe(expected);
        expect(sums.recordedMs + sums.unwantedMs + sums.missingMs + sums.pendingMs).toBe(expected);
        const byReason = Object.values(sums.missing).reduce((sum, ms) => sum + ms, 0);
        expect(byReason).toBe(sums.missingMs);
      }),
    );
  });
});

describe('percentageOf', () => {
  it('is of the wanted time', () => {
    const entries = entriesOf(
      [900, RECORDED],
      [100, MISSING],
      [500, { state: 'unwanted', reason: 'off' }],
    );
    const all = [{ startMs: 0, endMs: Infinity }];
    const sums = completenessOf(entries, all, { startMs: 0, endMs: 2_000 });
    expect(percentageOf(sums)).toBe(90);
    expect(percentageOf(completenessOf([], all, { startMs: 0, endMs: 1 }))).toBeUndefined();
  });
});
