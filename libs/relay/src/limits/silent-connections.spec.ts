import { beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '@nightjar/common';
import { SilentConnections } from './silent-connections.js';

describe('connections that ask nothing', () => {
  let clock: ManualClock;
  let limits: { silentConnections: number; silentTimeoutMs: number };
  let counted: string[];
  let ended: string[];
  let silent: SilentConnections;
  const enter = (name: string): (() => void) =>
    silent.enter((how) => void ended.push(`${name} ${how}`));
  beforeEach(() => {
    clock = new ManualClock();
    limits = { silentConnections: 3, silentTimeoutMs: 1_000 };
    counted = [];
    ended = [];
    silent = new SilentConnections(
      clock,
      () => limits,
      (how) => void counted.push(how),
    );
  });

  it('have their time each, and not more', () => {
    enter('a');
    clock.advance(600);
    const asked = enter('b');
    enter('c');
    clock.advance(399);
    expect(ended).toEqual([]);
    clock.advance(1);
    expect(ended).toEqual(['a timeout']);
    asked();
    clock.advance(600);
    expect(ended).toEqual(['a timeout', 'c timeout']);
    expect(silent.size).toBe(0);
    clock.advance(10_000);
    enter('d');
    clock.advance(1_000);
    expect(ended.at(-1)).toBe('d timeout');
    expect(counted).toEqual(['timeout', 'timeout', 'timeout']);
  });

  it('make room for new ones, the oldest first, also when fewer are allowed', () => {
    for (const name of ['a', 'b', 'c', 'd']) enter(name);
    expect(ended).toEqual(['a overload']);
    limits = { ...limits, silentConnections: 1 };
    enter('e');
    expect(ended).toEqual(['a overload', 'b overload', 'c overload', 'd overload']);
    expect(silent.size).toBe(1);
  });
});
