import { describe, expect, it } from '@jest/globals';
import { RequestRates } from '@nightjar/access';
import { ManualClock } from '@nightjar/common';
import { limitRequests } from './request-rate.js';

describe('the rate of HTTP requests', () => {
  it('is one for each address; what is too much is refused with the time to wait', () => {
    const clock = new ManualClock();
    let refused = 0;
    const limit = limitRequests(new RequestRates(clock, () => 2), () => (refused += 1));
    const ask = (ip: string): unknown => {
      let said: unknown;
      limit({ ip }, undefined, (error) => (said = error));
      return said;
    };
    const answers = Array.from({ length: 5 }, () => ask('192.0.2.1'));
    expect(answers.slice(0, 4)).toEqual([undefined, undefined, undefined, undefined]);
    expect(answers[4]).toMatchObject({ kind: 'exhausted', where: { retryAfterSeconds: 1 } });
    expect(ask('192.0.2.2')).toBeUndefined();
    clock.advance(500);
    expect(ask('192.0.2.1')).toBeUndefined();
    expect(refused).toBe(1);
  });
});
