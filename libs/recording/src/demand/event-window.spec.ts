import { describe, expect, it } from '@jest/globals';
import type { CameraEvent } from '@nightjar/catalog';
import fc from 'fast-check';
import { anEvent, EVENT_RULE } from './testing/made.js';
import { eventWindow } from './event-window.js';
import { spanAt } from './spans.js';

const S = 1_000;
const rule = { ...EVENT_RULE, preRollMs: 5 * S, postRollMs: 15 * S, maxLengthMs: 60 * S };
const span = (from: number, to: number): { startMs: number; endMs: number } => ({
  startMs: from * S,
  endMs: to * S,
});

describe('eventWindow', () => {
  it.each([
    ['an event with pre-roll and post-roll', [anEvent('a', 100 * S, 110 * S)], [span(95, 125)]],
    ['one that takes no time', [anEvent('a', 100 * S, 100 * S)], [span(95, 115)]],
    ['one that nobody ends, up to its greatest length', [anEvent('a', 100 * S)], [span(95, 175)]],
    ['one that is longer than that', [anEvent('a', 100 * S, 900 * S)], [span(95, 175)]],
    [
      'two that overlap, as one',
      [anEvent('a', 100 * S, 110 * S), anEvent('b', 120 * S, 121 * S)],
      [span(95, 136)],
    ],
    [
      'two whose post-roll and pre-roll touch, as one',
      [anEvent('a', 100 * S, 110 * S), anEvent('b', 130 * S, 131 * S)],
      [span(95, 146)],
    ],
    [
      'two apart, in whatever order they come',
      [anEvent('b', 200 * S, 201 * S), anEvent('a', 100 * S, 101 * S)],
      [span(95, 116), span(195, 216)],
    ],
    ['none of another stream', [anEvent('a', 100 * S, 110 * S, { stream: 'sub' })], []],
    ['one of this stream', [anEvent('a', 100 * S, 100 * S, { stream: 'main' })], [span(95, 115)]],
  ])('takes %s', (_what, events, expected) => {
    expect(eventWindow(events, 'main', rule)).toEqual(expected);
  });

  it('takes the types that are asked for', () => {
    const events = [
      anEvent('a', 100 * S, 100 * S, { type: 'motion' }),
      anEvent('b', 200 * S, 200 * S, { type: 'door' }),
    ];
    expect(eventWindow(events, 'main', { ...rule, types: ['door', 'bell'] })).toEqual([
      span(195, 215),
    ]);
  });

  it('wants exactly the instants that one of the events wants', () => {
    const event = fc
      .tuple(
        fc.uuid(),
        fc.integer({ min: 0, max: 300 }),
        fc.option(fc.integer({ min: 0, max: 90 })),
      )
      .map(([id, start, length]): CameraEvent =>
        anEvent(id, start * S, length === null ? undefined : (start + length) * S),
      );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 10 }), (events) => {
        const window = eventWindow(events, 'main', rule);
        for (let at = -10; at < 480; at += 1) {
          const wanted = events.some(({ startMs, endMs }) => {
            const lengthMs = Math.min((endMs ?? Infinity) - startMs, 60 * S);
            return startMs - 5 * S <= at * S && at * S < startMs + lengthMs + 15 * S;
          });
          expect(spanAt(window, at * S) !== undefined).toBe(wanted);
        }
      }),
      { numRuns: 50 },
    );
  });
});
