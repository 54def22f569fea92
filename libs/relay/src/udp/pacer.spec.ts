import { describe, expect, it } from '@jest/globals';
import { ManualClock, type MonotonicMs } from '@nightjar/common';
import { Allowance, Pacer, type Paced } from './pacer.js';

const at = (ms: number): MonotonicMs => ms as MonotonicMs;

describe('an allowance', () => {
  it('grants a burst at once and as much again per interval, never more', () => {
    const pacer = new Pacer({ clock: new ManualClock(), burstBytes: 1000, intervalMs: 10 });
    const allowance = new Allowance(pacer);
    expect(allowance.at(at(0))).toBe(1000);
    allowance.spend(1000);
    expect(allowance.at(at(4))).toBe(400);
    allowance.spend(400);
    expect(allowance.at(at(14))).toBe(1000);
    expect(allowance.at(at(9999))).toBe(1000);
    allowance.spend(1500);
    expect(allowance.at(at(10_004))).toBe(0);
  });
});

describe('a pacer', () => {
  it('wakes everybody with one timer until each has nothing left', () => {
    const clock = new ManualClock();
    const pacer = new Pacer({ clock, burstBytes: 1, intervalMs: 5 });
    const calls: string[] = [];
    const paced = (name: string, times: number): Paced => ({
      queuedBytes: 1,
      sendQueued: () => {
        calls.push(name);
        return --times > 0;
      },
    });
    pacer.wake(paced('a', 1));
    clock.advance(2);
    pacer.wake(paced('b', 3));
    clock.advance(3);
    expect(calls).toEqual(['a', 'b']);
    clock.advance(100);
    expect(calls).toEqual(['a', 'b', 'b', 'b']);
  });

  it('lets who could not send go first the next time', () => {
    const clock = new ManualClock();
    const pacer = new Pacer({ clock, burstBytes: 1, intervalMs: 5 });
    let room = 0;
    const sent: string[] = [];
    const paced = (name: string): Paced => {
      const self = {
        queuedBytes: 2,
        sendQueued: () => {
          if (room === 0) return true;
          room--;
          sent.push(name);
          return --self.queuedBytes > 0;
        },
      };
      return self;
    };
    for (const name of ['a', 'b', 'c']) pacer.wake(paced(name));
    for (let i = 0; i < 6; i++) {
      room = 1;
      clock.advance(5);
    }
    expect(sent).toEqual(['a', 'b', 'c', 'a', 'b', 'c']);
  });

  it('forgets who is gone', () => {
    const clock = new ManualClock();
    const pacer = new Pacer({ clock });
    let calls = 0;
    const gone: Paced = { queuedBytes: 1, sendQueued: () => ++calls > 0 };
    pacer.wake(gone);
    pacer.forget(gone);
    clock.advance(100);
    expect(calls).toBe(0);
  });
});
