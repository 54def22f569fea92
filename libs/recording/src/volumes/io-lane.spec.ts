import { describe, expect, it } from '@jest/globals';
import { IoLane } from './io-lane.js';

describe('IoLane', () => {
  it('runs so many tasks at a time, the others in the order they came, whatever becomes of them', async () => {
    const lane = new IoLane(2);
    const begun: number[] = [];
    const ends: (() => void)[] = [];
    const tasks = Array.from({ length: 5 }, (_, n) =>
      lane.run(() => {
        begun.push(n);
        return new Promise<number>((resolve, reject) => {
          ends[n] = () => (n === 1 ? reject(new Error('disk')) : resolve(n));
        });
      }),
    );
    const settled = Promise.allSettled(tasks);
    const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
    await turn();
    expect(begun).toEqual([0, 1]);
    ends[1]?.();
    await turn();
    expect(begun).toEqual([0, 1, 2]);
    ends[2]?.();
    await turn();
    ends[3]?.();
    await turn();
    expect(begun).toEqual([0, 1, 2, 3, 4]);
    ends[0]?.();
    ends[4]?.();
    expect((await settled).map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'fulfilled',
      'fulfilled',
      'fulfilled',
    ]);
    await expect(lane.run(() => Promise.resolve('free again'))).resolves.toBe('free again');
  });
});
