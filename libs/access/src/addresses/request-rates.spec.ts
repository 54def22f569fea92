import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '@nightjar/common';
import { RequestRates } from './request-rates.js';

const passed = (rates: RequestRates, address: string): number => {
  let count = 0;
  while (rates.take(address)) count += 1;
  return count;
};

describe('requests of one address', () => {
  it('are so many at once, then so many a second, whoever else asks', () => {
    const clock = new ManualClock();
    const rates = new RequestRates(clock, () => 10);
    expect([passed(rates, '192.0.2.1'), passed(rates, '192.0.2.1')]).toEqual([20, 0]);
    expect(passed(rates, '192.0.2.2')).toBe(20);
    clock.advance(500);
    expect(passed(rates, '192.0.2.1')).toBe(5);
  });

  it('are those of a whole /64 in IPv6', () => {
    const rates = new RequestRates(new ManualClock(), () => 1);
    expect([passed(rates, '2001:db8::1'), passed(rates, '2001:db8::ffff')]).toEqual([2, 0]);
    expect(passed(rates, '2001:db8:0:1::1')).toBe(2);
  });

  it('follow a rate that changes', () => {
    let rate = 1;
    const rates = new RequestRates(new ManualClock(), () => rate);
    expect(passed(rates, '192.0.2.1')).toBe(2);
    rate = 3;
    expect(passed(rates, '192.0.2.1')).toBe(6);
  });

  it('are not remembered of any number of addresses', () => {
    const rates = new RequestRates(new ManualClock(), () => 1);
    for (let i = 0; i < 70_000; i++) rates.take(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`);
    expect(rates.clients).toBe(16_384);
  });
});
