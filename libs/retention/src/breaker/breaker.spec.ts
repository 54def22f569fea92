import { describe, expect, it } from '@jest/globals';
import type { DoomedOf } from '@nightjar/catalog';
import { ManualClock } from '@nightjar/common';
import { judge, MAX_ABSENCE_MS, MAX_STEP_MS } from './breaker.js';
import type { BreakerInput } from './breaker.js';
import { ClockWatch } from './clock-watch.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const NOW_MS = Date.UTC(2026, 5, 1);
/** An archive of 30 days at 100 bytes a day. */
const ARCHIVE_BYTES = 3_000;

/** So many days of it. */
function days(count: number, fields: Partial<DoomedOf> = {}): DoomedOf {
  return {
    streamId: 1,
    volumeId: 'v',
    rule: 'maxAge',
    segments: count * 1_440,
    bytes: count * 100,
    durationMs: count * DAY_MS,
    oldestMs: 0,
    newestMs: 0,
    fellDueBytes: 0,
    ...fields,
  };
}

function verdict(input: Partial<BreakerInput>): string {
  const trip = judge({
    doomed: [],
    footageBytes: ARCHIVE_BYTES,
    recordedBytes: 0,
    maxShare: 0.25,
    nowMs: NOW_MS,
    lastSweepMs: NOW_MS - 60_000,
    jumpMs: 0,
    ...input,
  });
  return trip?.reason ?? 'pass';
}

describe('the circuit breaker', () => {
  it.each<{ name: string; verdict: string } & Partial<BreakerInput>>([
    { name: 'nothing to do', verdict: 'pass' },
    { name: 'a quarter', doomed: [days(7.5)], verdict: 'pass' },
    { name: 'more than a quarter', doomed: [days(7.6)], verdict: 'share' },
    {
      name: 'maxAge 30m where 30d was meant',
      doomed: [days(29.9, { fellDueBytes: 0.07 })],
      verdict: 'share',
    },
    {
      name: 'maxBytes of a thousandth',
      doomed: [days(29, { rule: 'maxBytes' })],
      verdict: 'share',
    },
    {
      name: 'several rules together',
      doomed: [days(4), days(4, { rule: 'minFree' })],
      verdict: 'share',
    },
    {
      name: 'whatever it is, when the configuration allows all',
      doomed: [days(30)],
      maxShare: 1,
      verdict: 'pass',
    },
    { name: 'minutes of a young archive', doomed: [days(0.04)], footageBytes: 5, verdict: 'pass' },
    {
      name: 'ten days off: what fell due meanwhile',
      doomed: [days(10, { fellDueBytes: 1_000 })],
      lastSweepMs: NOW_MS - 10 * DAY_MS,
      verdict: 'pass',
    },
    {
      name: 'ten days off and a week is kept: everything fell due',
      doomed: [days(7, { fellDueBytes: 700 })],
      footageBytes: 700,
      lastSweepMs: NOW_MS - 10 * DAY_MS,
      verdict: 'share',
    },
    {
      name: 'a year off, or a clock without battery',
      doomed: [days(30, { fellDueBytes: 3_000 })],
      lastSweepMs: NOW_MS - 365 * DAY_MS,
      verdict: 'clock',
    },
    {
      name: 'an absence that is just not believed',
      doomed: [days(10, { fellDueBytes: 1_000 })],
      lastSweepMs: NOW_MS - MAX_ABSENCE_MS - 1,
      verdict: 'clock',
    },
    {
      name: 'nobody swept for days, but footage was recorded and made way for older',
      doomed: [days(20, { rule: 'minFree' })],
      recordedBytes: 2_000,
      lastSweepMs: NOW_MS - 20 * DAY_MS,
      verdict: 'pass',
    },
    {
      name: 'a clock that jumps a year while we look on',
      doomed: [days(30, { fellDueBytes: 3_000 })],
      jumpMs: 365 * DAY_MS,
      verdict: 'clock',
    },
    {
      name: 'a clock that jumps a week: little, and wrong all the same',
      doomed: [days(0.01)],
      jumpMs: 7 * DAY_MS,
      verdict: 'clock',
    },
    {
      name: 'a clock that is set right by a minute',
      doomed: [days(0.01)],
      jumpMs: MAX_STEP_MS,
      verdict: 'pass',
    },
    {
      name: 'a clock that jumps while only room is made',
      doomed: [days(1, { rule: 'minFree' })],
      jumpMs: DAY_MS,
      verdict: 'pass',
    },
  ])('$name: $verdict', (row) => {
    expect(verdict(row)).toBe(row.verdict);
  });

  it('names the time that can be believed', () => {
    const doomed = [days(30)];
    const base = {
      doomed,
      footageBytes: ARCHIVE_BYTES,
      recordedBytes: 0,
      maxShare: 0.25,
      nowMs: NOW_MS,
    };
    expect(judge({ ...base, lastSweepMs: NOW_MS, jumpMs: 9 * DAY_MS })?.trustedMs).toBe(
      NOW_MS - 9 * DAY_MS,
    );
    expect(judge({ ...base, lastSweepMs: NOW_MS - 400 * DAY_MS, jumpMs: 0 })?.trustedMs).toBe(
      NOW_MS - 400 * DAY_MS,
    );
    expect(judge({ ...base, lastSweepMs: NOW_MS, jumpMs: 0 })?.trustedMs).toBe(NOW_MS);
  });
});

describe('the clock watch', () => {
  it('sees what the wall clock did beyond the passing of time, until it is told to believe it', () => {
    const clock = new ManualClock();
    const watch = new ClockWatch(clock);
    clock.advance(5 * HOUR_MS);
    expect(watch.jumpMs).toBe(0);
    clock.stepWall(365 * DAY_MS);
    clock.advance(HOUR_MS);
    expect(watch.jumpMs).toBe(365 * DAY_MS);
    watch.trust();
    expect(watch.jumpMs).toBe(0);
    clock.stepWall(-HOUR_MS);
    expect(watch.jumpMs).toBe(-HOUR_MS);
  });
});
