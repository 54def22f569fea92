import { describe, expect, it } from '@jest/globals';
import { NightjarError } from '@nightjar/common';
import { parseFaults } from './faults.js';

describe('parseFaults', () => {
  it('takes every fault there is', () => {
    const all = {
      loss: 0.01,
      stall: 3,
      reboot: 5.5,
      refuse: true,
      wrongPassword: true,
      timestampJump: -100,
      resolution: 'other',
      transport: 'tcp-only',
    };
    expect(parseFaults(JSON.stringify(all))).toEqual(all);
    expect(parseFaults('{}')).toEqual({});
  });

  it.each([
    ['', 'Not JSON'],
    ['[]', 'JSON object'],
    ['{"los": 1}', 'there are loss, stall'],
    ['{"loss": 2}', 'fraction from 0 to 1'],
    ['{"stall": "5"}', 'wants seconds'],
    ['{"refuse": -1}', 'true, false or seconds'],
    ['{"transport": "sctp"}', '"udp-only"'],
    ['{"__proto__": 1}', 'No fault "__proto__"'],
  ])('refuses %s', (json, message) => {
    expect(() => parseFaults(json)).toThrow(NightjarError);
    expect(() => parseFaults(json)).toThrow(message);
  });
});
