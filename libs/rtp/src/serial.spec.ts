import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { SequenceUnwrapper, TimestampUnwrapper } from './serial.js';

describe('sequence unwrapper', () => {
  it('counts on over the wrap and puts late packets before it', () => {
    const unwrapper = new SequenceUnwrapper();
    const extended = [65_534, 0, 65_535, 1, 65_533].map((seq) => unwrapper.unwrap(seq));
    expect(extended).toEqual([65_534, 65_536, 65_535, 65_537, 65_533]);
  });

  it('is negative for a packet from before the first one and the wrap', () => {
    const unwrapper = new SequenceUnwrapper();
    expect([0, 65_535].map((seq) => unwrapper.unwrap(seq))).toEqual([0, -1]);
  });

  it('keeps every distance below half the circle', () => {
    fc.assert(
      fc.property(fc.nat(65_535), fc.array(fc.integer({ min: 0, max: 32_767 })), (first, steps) => {
        const unwrapper = new SequenceUnwrapper();
        let expected = first;
        expect(unwrapper.unwrap(first)).toBe(expected);
        for (const step of steps) {
          expected += step;
          expect(unwrapper.unwrap(expected & 0xffff)).toBe(expected);
        }
      }),
    );
  });
});

describe('timestamp unwrapper', () => {
  it('follows steps forwards and back over the wrap', () => {
    const unwrapper = new TimestampUnwrapper();
    const ticks = [0xffff_f000, 0x0000_0100, 0xffff_ff00].map((ts) => unwrapper.unwrap(ts));
    expect(ticks).toEqual([0xffff_f000, 0x1_0000_0100, 0xffff_ff00]);
  });

  it('stays a safe integer that is right modulo 2^32 for any input', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 0xffff_ffff })), (timestamps) => {
        const unwrapper = new TimestampUnwrapper();
        for (const timestamp of timestamps) {
          const ticks = unwrapper.unwrap(timestamp);
          expect(Number.isSafeInteger(ticks)).toBe(true);
          expect(ticks >>> 0).toBe(timestamp);
        }
      }),
    );
  });
});
