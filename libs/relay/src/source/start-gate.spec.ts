import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '@nightjar/common';
import { StartGate } from './start-gate.js';

describe('StartGate', () => {
  it('lets a few in at a time, apart, first come first served', () => {
    const clock = new ManualClock();
    const gate = new StartGate(clock, { concurrent: 2, spacingMs: 10 });
    const log: string[] = [];
    const enter = (name: string) => gate.enter(() => log.push(`${name}@${clock.monotonicMs()}`));
    const a = enter('a');
    enter('b');
    const c = enter('c');
    enter('d');
    expect(log).toEqual(['a@0']);
    clock.advance(100);
    expect(log).toEqual(['a@0', 'b@10']);
    c.leave();
    a.leave();
    a.leave();
    expect(log).toEqual(['a@0', 'b@10', 'd@100']);
    enter('e');
    clock.advance(100);
    expect(log).toHaveLength(3);
  });

  it('starts 200 cameras that all fail no more than 16 at a time', () => {
    const clock = new ManualClock();
    const gate = new StartGate(clock);
    let [inside, most, started] = [0, 0, 0];
    for (let camera = 0; camera < 200; camera++) {
      const ticket = gate.enter(() => {
        inside += 1;
        started += 1;
        most = Math.max(most, inside);
        clock.setTimer(3_000, () => {
          inside -= 1;
          ticket.leave();
        });
      });
    }
    expect(started).toBe(1);
    clock.advance(1_000);
    expect(started).toBe(16);
    clock.advance(60_000);
    expect([started, inside, most]).toEqual([200, 0, 16]);
  });

  it('keeps the distance also when it was empty in between', () => {
    const clock = new ManualClock();
    const gate = new StartGate(clock, { spacingMs: 10 });
    const log: number[] = [];
    for (let i = 0; i < 3; i += 1) gate.enter(() => log.push(clock.monotonicMs())).leave();
    clock.advance(5);
    gate.enter(() => log.push(clock.monotonicMs()));
    clock.advance(50);
    expect(log).toEqual([0, 10]);
  });
});
