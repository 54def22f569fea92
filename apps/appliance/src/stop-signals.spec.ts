import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '@nightjar/common';
import { ECHO_WINDOW_MS, StopSignals } from './stop-signals.js';

describe('StopSignals', () => {
  const make = () => {
    const clock = new ManualClock();
    const seen: string[] = [];
    const signals = new StopSignals(
      clock,
      () => seen.push('stop'),
      () => seen.push('kill'),
    );
    return { clock, seen, signals };
  };

  it('takes one Ctrl-C that arrives twice for one', () => {
    const { clock, seen, signals } = make();
    signals.receive();
    clock.advance(ECHO_WINDOW_MS);
    signals.receive();
    expect(seen).toEqual(['stop']);
  });

  it('kills at a second signal later on', () => {
    const { clock, seen, signals } = make();
    signals.receive();
    clock.advance(ECHO_WINDOW_MS + 1);
    signals.receive();
    expect(seen).toEqual(['stop', 'kill']);
  });
});
