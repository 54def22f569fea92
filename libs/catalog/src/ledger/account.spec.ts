import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { account, SLIVER_MS } from './account.js';
import type { LedgerEntry, LedgerFacts, LedgerState, Span } from './account.js';
import { missingReasonOf } from './reasons.js';

const RANGE = { startMs: 100, endMs: 700 };
const NOTHING: LedgerFacts = {
  declared: [{ startMs: 0, endMs: Infinity }],
  recorded: [],
  deleted: [],
  unwanted: [],
  gaps: [],
  unread: [],
  pendingFromMs: Infinity,
};
const span = (startMs: number, endMs: number): Span => ({ startMs, endMs });

describe('account', () => {
  it('says unknown where nobody said anything', () => {
    expect(account(RANGE, NOTHING)).toEqual([
      { ...RANGE, state: 'missing', reason: 'unknown', detail: undefined },
    ]);
  });

  it('says nothing of an empty range', () => {
    expect(account(span(5, 5), NOTHING)).toEqual([]);
  });

  it('puts recorded before deleted before unwanted before a gap', () => {
    const facts: LedgerFacts = {
      ...NOTHING,
      recorded: [span(100, 200)],
      deleted: [span(150, 300)],
      unwanted: [{ ...span(250, 400), reason: 'schedule' }],
      gaps: [{ ...span(50, 500), reason: 'refused' }],
    };
    expect(account(RANGE, facts)).toEqual([
      { ...span(100, 200), state: 'recorded' },
      { ...span(200, 300), state: 'deleted' },
      { ...span(300, 400), state: 'unwanted', reason: 'schedule' },
      { ...span(400, 500), state: 'missing', reason: 'camera-offline', detail: 'refused' },
      { ...span(500, 700), state: 'missing', reason: 'unknown', detail: undefined },
    ]);
  });

  it('takes a sliver between segments for recorded, and anything longer for missing', () => {
    const gap = { reason: 'packet-loss' };
    const facts: LedgerFacts = {
      ...NOTHING,
      recorded: [span(0, 200), span(200 + SLIVER_MS, 400), span(401 + SLIVER_MS, 800)],
      gaps: [
        { ...span(200, 230), ...gap },
        { ...span(400, 440), ...gap },
      ],
    };
    facts.recorded.forEach((each) => Object.freeze(each));
    expect(account(RANGE, { ...facts, recorded: [span(0, 200), span(250, 400)] })[0]).toEqual({
      ...span(100, 400),
      state: 'recorded',
    });
    expect(account(RANGE, { ...facts, recorded: [span(0, 200), span(251, 400)] })[0]).toEqual({
      ...span(100, 200),
      state: 'recorded',
    });
  });

  it('misses what a segment goes on over', () => {
    const facts: LedgerFacts = {
      ...NOTHING,
      recorded: [span(0, 400)],
      deleted: [span(400, 800)],
      gaps: [
        { ...span(150, 250), reason: 'stalled' },
        { ...span(350, 500), reason: 'packet-loss' },
        { ...span(600, 600 + SLIVER_MS), reason: 'packet-loss' },
        { ...span(650, 710), reason: 'disk-full' },
      ],
    };
    expect(account(RANGE, facts).map((entry) => [entry.state, entry.startMs])).toEqual([
      ['recorded', 100],
      ['missing', 150],
      ['recorded', 250],
      ['missing', 350],
      ['deleted', 500],
    ]);
  });

  it('is pending after the last fact, but a gap that is known is missing', () => {
    const facts: LedgerFacts = {
      ...NOTHING,
      recorded: [span(0, 300)],
      gaps: [{ ...span(400, 450), reason: 'packet-loss' }],
      pendingFromMs: 300,
    };
    expect(account(RANGE, facts).map(({ state, startMs }) => [state, startMs])).toEqual([
      ['recorded', 100],
      ['pending', 300],
      ['missing', 400],
      ['pending', 450],
    ]);
  });

  it('says which volume keeps it from knowing', () => {
    const facts: LedgerFacts = {
      ...NOTHING,
      recorded: [span(0, 200)],
      gaps: [{ ...span(300, 400), reason: 'timeout' }],
      unread: [{ ...span(200, 350), reason: 'volume-missing' }],
      pendingFromMs: 400,
    };
    expect(account(RANGE, facts)).toMatchObject([
      { state: 'recorded', startMs: 100 },
      { state: 'missing', startMs: 200, reason: 'volume-missing' },
      { state: 'missing', startMs: 300, reason: 'camera-offline' },
      { state: 'pending', startMs: 400 },
    ]);
  });

  it('accounts for nothing while a stream is not declared, but shows what was recorded', () => {
    const facts: LedgerFacts = {
      ...NOTHING,
      declared: [span(200, 300), span(500, 600)],
      recorded: [span(150, 250)],
      gaps: [{ ...span(100, 700), reason: 'timeout' }],
      pendingFromMs: 550,
    };
    expect(account(RANGE, facts).map(({ state, startMs }) => [state, startMs])).toEqual([
      ['undeclared', 100],
      ['recorded', 150],
      ['missing', 250],
      ['undeclared', 300],
      ['missing', 500],
      ['undeclared', 600],
    ]);
  });

  it('keeps the reason of the gap that began first until its end', () => {
    const facts: LedgerFacts = {
      ...NOTHING,
      gaps: [
        { ...span(300, 700), reason: 'volume-missing' },
        { ...span(100, 400), reason: 'crash' },
      ],
    };
    expect(account(RANGE, facts)).toMatchObject([
      { ...span(100, 400), reason: 'process-down', detail: 'crash' },
      { ...span(400, 700), reason: 'volume-missing' },
    ]);
  });
});

/** The same, millisecond by millisecond, without anything clever. */
function stateAt(ms: number, facts: LedgerFacts): LedgerState {
  const covers = ({ startMs, endMs }: Span): boolean => startMs <= ms && ms < endMs;
  const earliest = <Each extends Span>(spans: readonly Each[]): Each | undefined =>
    spans.filter(covers).toSorted((a, b) => a.startMs - b.startMs || b.endMs - a.endMs)[0];
  const held = heldBy(ms, facts);
  const hole = earliest(
    facts.gaps.filter(
      ({ startMs, endMs, reason }) => reason === 'stalled' && endMs - startMs > SLIVER_MS,
    ),
  );
  if (held !== undefined && hole !== undefined)
    return { state: 'missing', reason: missingReasonOf(hole.reason), detail: hole.reason };
  if (held !== undefined) return { state: held };
  if (!facts.declared.some(covers)) return { state: 'undeclared' };
  const unwanted = earliest(facts.unwanted);
  if (unwanted !== undefined) return { state: 'unwanted', reason: unwanted.reason };
  const gap = earliest(facts.gaps);
  if (gap !== undefined)
    return { state: 'missing', reason: missingReasonOf(gap.reason), detail: gap.reason };
  if (ms >= facts.pendingFromMs) return { state: 'pending' };
  const unread = earliest(facts.unread);
  if (unread !== undefined)
    return { state: 'missing', reason: missingReasonOf(unread.reason), detail: unread.reason };
  return { state: 'missing', reason: 'unknown', detail: undefined };
}

/** The footage at a millisecond, or before it and after it with only a sliver between. */
function heldBy(ms: number, facts: LedgerFacts): 'recorded' | 'deleted' | undefined {
  const at = (instant: number): 'recorded' | 'deleted' | undefined => {
    const covers = ({ startMs, endMs }: Span): boolean => startMs <= instant && instant < endMs;
    if (facts.recorded.some(covers)) return 'recorded';
    return facts.deleted.some(covers) ? 'deleted' : undefined;
  };
  if (at(ms) !== undefined) return at(ms);
  let before = ms;
  while (before > ms - SLIVER_MS && at(before) === undefined) before -= 1;
  let after = ms;
  while (after < ms + SLIVER_MS && at(after) === undefined) after += 1;
  const hole = after - before - 1;
  return at(before) !== undefined && at(after) !== undefined && hole <= SLIVER_MS
    ? at(before)
    : undefined;
}

const time = fc.integer({ min: 0, max: 800 });
const spans = (max: number): fc.Arbitrary<Span[]> =>
  fc.array(
    fc.tuple(time, fc.integer({ min: 0, max: 200 })).map(([startMs, length]) => ({
      startMs,
      endMs: startMs + length,
    })),
    { maxLength: max },
  );
const reasoned = <Reason extends string>(max: number, ...reasons: Reason[]) =>
  spans(max).chain((all) =>
    fc.tuple(
      ...all.map((each) => fc.constantFrom(...reasons).map((reason) => ({ ...each, reason }))),
    ),
  );
/** As catalogs hold them: no two rows of one key. */
const facts: fc.Arbitrary<LedgerFacts> = fc.record({
  declared: spans(3),
  recorded: spans(8),
  deleted: spans(4),
  unwanted: reasoned(4, 'schedule', 'privacy').map(uniqueStarts),
  gaps: reasoned(6, 'refused', 'disk-full', 'crash', 'cosmic ray', 'stalled').map(uniqueStarts),
  unread: reasoned(2, 'volume-missing', 'disk-error').map(uniqueStarts),
  pendingFromMs: time,
});

function uniqueStarts<Each extends Span>(all: readonly Each[]): Each[] {
  return [...new Map(all.map((each) => [each.startMs, each])).values()];
}

describe('the account of any facts', () => {
  it('partitions the range exactly', () => {
    fc.assert(
      fc.property(facts, (known) => {
        const entries = account(RANGE, known);
        expect(entries[0]?.startMs).toBe(RANGE.startMs);
        expect(entries.at(-1)?.endMs).toBe(RANGE.endMs);
        for (const [index, entry] of entries.entries()) {
          expect(entry.endMs).toBeGreaterThan(entry.startMs);
          if (index > 0) expect(entry.startMs).toBe(entries[index - 1]?.endMs);
        }
      }),
    );
  });

  it('says of each millisecond what a model without anything clever says', () => {
    fc.assert(
      fc.property(facts, (known) => {
        const entries = account(RANGE, known);
        const told = (ms: number): LedgerState => {
          const entry = entries.find(({ startMs, endMs }) => startMs <= ms && ms < endMs);
          const { startMs: _start, endMs: _end, ...state } = entry as LedgerEntry;
          return state;
        };
        for (let ms = RANGE.startMs; ms < RANGE.endMs; ms += 1)
          expect({ ms, ...told(ms) }).toEqual({ ms, ...stateAt(ms, known) });
      }),
      { numRuns: 60 },
    );
  });

  it('is the same however the facts are ordered, and of two ranges as of one', () => {
    fc.assert(
      fc.property(facts, fc.integer({ min: 101, max: 699 }), (known, middle) => {
        const reversed: LedgerFacts = {
          ...known,
          declared: known.declared.toReversed(),
          recorded: known.recorded.toReversed(),
          deleted: known.deleted.toReversed(),
          unwanted: known.unwanted.toReversed(),
          gaps: known.gaps.toReversed(),
          unread: known.unread.toReversed(),
        };
        const whole = account(RANGE, known);
        expect(account(RANGE, reversed)).toEqual(whole);
        const halves = [
          ...account(span(RANGE.startMs, middle), known),
          ...account(span(middle, RANGE.endMs), known),
        ];
        const lengths = (entries: LedgerEntry[]): number =>
          entries.reduce((sum, { startMs, endMs }) => sum + endMs - startMs, 0);
        expect(lengths(halves)).toBe(lengths(whole));
        expect(halves.length - whole.length).toBeLessThanOrEqual(1);
      }),
    );
  });
});
