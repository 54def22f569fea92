import { describe, expect, it } from '@jest/globals';
import { WriteQueue } from './write-queue.js';

describe('WriteQueue', () => {
  it('works in order, one task at a time, and goes on after an error', async () => {
    const done: number[] = [];
    const errors: unknown[] = [];
    const queue = new WriteQueue(100, (error) => errors.push(error));
    for (let n = 0; n < 5; n += 1) {
      queue.push(10, async () => {
        await Promise.resolve();
        if (n === 2) throw new Error('disk');
        done.push(n);
      });
    }
    await queue.idle();
    expect(done).toEqual([0, 1, 3, 4]);
    expect(errors).toHaveLength(1);
    expect(queue.bytes).toBe(0);
  });

  it('counts the bytes that wait, and takes one large task when none does', async () => {
    const queue = new WriteQueue(100, () => {});
    expect(queue.accepts(500)).toBe(true);
    queue.push(60, () => Promise.resolve());
    expect(queue.accepts(40)).toBe(true);
    expect(queue.accepts(41)).toBe(false);
    await queue.idle();
    expect(queue.accepts(41)).toBe(true);
  });
});
