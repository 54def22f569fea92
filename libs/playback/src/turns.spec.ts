import { describe, expect, it } from '@jest/globals';
import { Turns } from './turns.js';

describe('turns', () => {
  it('gives one turn of the event loop to each who waits, in order', async () => {
    const turns = new Turns();
    let loop = 0;
    const count = (): void => {
      loop++;
      if (loop < 20) setImmediate(count);
    };
    setImmediate(count);
    const seen: [string, number][] = [];
    const work = async (name: string): Promise<void> => {
      for (let i = 0; i < 2; i++) {
        await turns.next();
        seen.push([name, loop]);
      }
    };
    await Promise.all([work('a'), work('b'), work('c')]);
    expect(seen.map(([name]) => name)).toEqual(['a', 'b', 'c', 'a', 'b', 'c']);
    expect(new Set(seen.map(([, at]) => at)).size).toBe(6);
  });
});
