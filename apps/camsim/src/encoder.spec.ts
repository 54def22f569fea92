import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '@nightjar/common';
import type { Clock, MonotonicMs } from '@nightjar/common';
import { Encoder } from './encoder.js';
import type { EncodedUnit } from './encoder.js';
import { fakeLoop } from './test-support/fake-loop.js';

describe('Encoder', () => {
  /** An encoder whose process stops running for a while: its timer fires late. */
  function lateEncoder(): { units: EncodedUnit[]; wakeAfter: (ms: number) => void } {
    let nowMs = 0;
    let fire: () => void = () => undefined;
    const clock: Clock = {
      wallMs: () => new ManualClock(nowMs).wallMs(),
      monotonicMs: () => nowMs as MonotonicMs,
      setTimer: (_, callback) => {
        fire = callback;
        return { cancel: () => undefined };
      },
    };
    const units: EncodedUnit[] = [];
    const encoder = new Encoder(fakeLoop(), clock, {
      unit: (unit) => {
        if (unit.track === 0) units.push(unit);
      },
      flush: () => undefined,
    });
    encoder.start();
    const wakeAfter = (ms: number): void => {
      nowMs += ms;
      fire();
    };
    wakeAfter(0);
    return { units, wakeAfter };
  }

  it('catches up after a short delay', () => {
    const { units, wakeAfter } = lateEncoder();
    wakeAfter(400);
    expect(units.map(({ frame }) => frame)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  });

  it('leaves out what a long delay made late, and begins with a keyframe of that moment', () => {
    const { units, wakeAfter } = lateEncoder();
    wakeAfter(60_000);
    wakeAfter(0);
    const [first, second] = units;
    expect(units).toHaveLength(2);
    expect(second!.packets.keyframe).toBe(true);
    expect((second!.timestamp - first!.timestamp) >>> 0).toBe(60 * 90_000);
  });
});
