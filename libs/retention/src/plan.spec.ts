import { describe, expect, it } from '@jest/globals';
import type { RetainedSegment } from '@nightjar/catalog';
import fc from 'fast-check';
import { planCamera, planVolume } from './plan.js';
import type { CameraPolicy, PlannedDeletion } from './plan.js';

const NOW_MS = 1_000_000;

function segment(n: number, fields: Partial<RetainedSegment> = {}): RetainedSegment {
  const startMs = fields.startMs ?? n * 100;
  return {
    run: 'aaaaaaaaaaaa',
    sequence: n,
    camera: 'front',
    stream: 'main',
    volumeId: 'v',
    path: `${n}`,
    startMs,
    endMs: startMs + 100,
    bytes: 10,
    live: false,
    ...fields,
  };
}

const names = (deletions: readonly PlannedDeletion[]): string[] =>
  deletions.map(({ segment, rule }) => `${segment.sequence} ${rule}`);
const none: CameraPolicy = { maxAgeMs: undefined, maxBytes: undefined };

describe('planCamera', () => {
  it('deletes nothing without a rule', () => {
    expect(planCamera([segment(0), segment(1)], none, NOW_MS, 0)).toEqual({
      deletions: [],
      excessBytes: 0,
      more: false,
    });
  });

  it('deletes a segment once all of it is older than maxAge', () => {
    const policy = { ...none, maxAgeMs: 500 };
    const plan = planCamera(
      [0, 1, 2, 3].map((n) => segment(n)),
      policy,
      701,
      0,
    );
    expect({ names: names(plan.deletions), more: plan.more }).toEqual({
      names: ['0 maxAge', '1 maxAge'],
      more: false,
    });
  });

  it('keeps a segment that ended exactly maxAge ago', () => {
    expect(planCamera([segment(0)], { ...none, maxAgeMs: 500 }, 600, 0).deletions).toEqual([]);
  });

  it('deletes the oldest until the camera fits into maxBytes', () => {
    const plan = planCamera(
      [segment(0), segment(1), segment(2)],
      { ...none, maxBytes: 15 },
      NOW_MS,
      15,
    );
    expect({ names: names(plan.deletions), left: plan.excessBytes }).toEqual({
      names: ['0 maxBytes', '1 maxBytes'],
      left: -5,
    });
  });

  it('never deletes the newest segment of a live run', () => {
    const plan = planCamera([segment(0, { live: true })], { maxAgeMs: 0, maxBytes: 0 }, NOW_MS, 10);
    expect(plan).toMatchObject({ deletions: [], excessBytes: 10 });
  });
});

const footage = fc
  .array(
    fc.record({
      startMs: fc.integer({ min: 0, max: 2_000 }),
      lengthMs: fc.integer({ min: 1, max: 300 }),
      bytes: fc.integer({ min: 0, max: 50 }),
      live: fc.boolean(),
    }),
    { maxLength: 40 },
  )
  .map((raw) =>
    raw
      .map(({ startMs, lengthMs, bytes, live }, n) =>
        segment(n, { startMs, endMs: startMs + lengthMs, bytes, live }),
      )
      .sort((a, b) => a.startMs - b.startMs || a.sequence - b.sequence),
  );
const policies = fc.record({
  maxAgeMs: fc.option(fc.integer({ min: 0, max: 2_000 }), { nil: undefined }),
  maxBytes: fc.option(fc.integer({ min: 0, max: 800 }), { nil: undefined }),
});
const total = (segments: readonly { bytes: number }[]): number =>
  segments.reduce((sum, { bytes }) => sum + bytes, 0);
const excessOf = (segments: readonly RetainedSegment[], policy: CameraPolicy): number =>
  policy.maxBytes === undefined ? 0 : total(segments) - policy.maxBytes;

/** The whole camera at once, page by page as the sweep does it. */
function inPages(
  segments: readonly RetainedSegment[],
  policy: CameraPolicy,
  nowMs: number,
  pageSize: number,
): PlannedDeletion[] {
  const deletions: PlannedDeletion[] = [];
  let excess = excessOf(segments, policy);
  for (let start = 0; ; start += pageSize) {
    const plan = planCamera(segments.slice(start, start + pageSize), policy, nowMs, excess);
    deletions.push(...plan.deletions);
    excess = plan.excessBytes;
    if (!plan.more) return deletions;
  }
}

describe('planCamera, for any footage and policy', () => {
  it('deletes what is expired, keeps the rest within maxBytes, and nothing more than that needs', () => {
    fc.assert(
      fc.property(
        footage,
        policies,
        fc.integer({ min: 0, max: 3_000 }),
        (segments, policy, nowMs) => {
          const { deletions } = planCamera(segments, policy, nowMs, excessOf(segments, policy));
          const gone = new Map(deletions.map(({ segment, rule }) => [segment.sequence, rule]));
          const kept = segments.filter(({ sequence }) => !gone.has(sequence));
          const expired = ({ endMs }: RetainedSegment): boolean =>
            policy.maxAgeMs !== undefined && endMs < nowMs - policy.maxAgeMs;

          expect(deletions.some(({ segment }) => segment.live)).toBe(false);
          for (const one of segments)
            if (!one.live) expect(gone.get(one.sequence) === 'maxAge').toBe(expired(one));
          const limit = policy.maxBytes ?? Infinity;
          expect(total(kept) <= limit || kept.every(({ live }) => live)).toBe(true);
          // Without the last one deleted for its bytes the camera would not have fitted.
          const byBytes = deletions.filter(({ rule }) => rule === 'maxBytes');
          const last = byBytes.at(-1);
          if (last !== undefined) {
            const before = deletions.slice(0, deletions.indexOf(last));
            expect(total(segments) - total(before.map(({ segment }) => segment))).toBeGreaterThan(
              limit,
            );
          }
        },
      ),
    );
  });

  it('decides the same page by page as at once', () => {
    fc.assert(
      fc.property(
        footage,
        policies,
        fc.integer({ min: 0, max: 3_000 }),
        fc.integer({ min: 1, max: 10 }),
        (segments, policy, nowMs, pageSize) => {
          expect(inPages(segments, policy, nowMs, pageSize)).toEqual(
            inPages(segments, policy, nowMs, 1_000),
          );
        },
      ),
    );
  });
});

describe('planVolume', () => {
  it('frees exactly as many of the oldest as needed, sparing live ones', () => {
    const plan = planVolume([segment(0, { live: true }), segment(1), segment(2), segment(3)], 11);
    expect({ names: names(plan.deletions), more: plan.more }).toEqual({
      names: ['1 minFree', '2 minFree'],
      more: false,
    });
  });

  it('asks for younger segments while space is missing, and for none when there is enough', () => {
    expect(planVolume([segment(0)], 11)).toMatchObject({ excessBytes: 1, more: true });
    expect(planVolume([segment(0)], 0)).toEqual({ deletions: [], excessBytes: 0, more: false });
  });
});
