import { describe, expect, it } from '@jest/globals';
import { NonceCounts } from './nonce-counts.js';

describe('NonceCounts', () => {
  it('lets a count rise, in leaps too', () => {
    const counts = new NonceCounts();
    expect([1, 2, 9].map((count) => counts.use('n', 0, count))).toEqual([
      'fresh',
      'fresh',
      'fresh',
    ]);
    expect([9, 3].map((count) => counts.use('n', 0, count))).toEqual(['replay', 'replay']);
  });

  it('forgets the oldest when full, and admits no replay because of that', () => {
    const counts = new NonceCounts(2);
    expect(counts.use('a', 100, 1)).toBe('fresh');
    expect(counts.use('b', 200, 1)).toBe('fresh');
    expect(counts.use('c', 300, 1)).toBe('fresh');
    expect(counts.use('a', 100, 2)).toBe('forgotten');
    expect(counts.use('older', 99, 1)).toBe('forgotten');
    expect(counts.use('b', 200, 1)).toBe('replay');
    expect(counts.use('b', 200, 2)).toBe('fresh');
  });

  it('keeps a nonce that is not counted for the first who has it', () => {
    const counts = new NonceCounts(2);
    const [first, other] = [{}, {}];
    expect(counts.hold('n', 100, first)).toBe('fresh');
    expect(counts.hold('n', 100, other)).toBe('replay');
    expect(counts.hold('n', 100, first)).toBe('fresh');
    expect(counts.use('m', 200, 1)).toBe('fresh');
    expect(counts.hold('m', 200, first)).toBe('replay');
    expect(counts.use('o', 300, 1)).toBe('fresh');
    expect(counts.hold('n', 100, other)).toBe('forgotten');
  });
});
