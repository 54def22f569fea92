import { expect, it } from '@jest/globals';
import { NightjarError } from '@nightjar/common';
import type { ArchivedSegment } from '@nightjar/recording';
import { Footage } from './footage.js';

const SEGMENTS = 1_000;

/** Footage of which all files are empty. */
function emptyFootage(): { readonly footage: Footage; readonly opened: () => number } {
  let opened = 0;
  const archive = {
    async *walk(): AsyncGenerator<ArchivedSegment> {
      for (let n = SEGMENTS; n > 0; n--)
        yield await Promise.resolve({ path: String(n), startMs: n } as ArchivedSegment);
    },
    open: () => {
      opened += 1;
      return Promise.reject(new NightjarError('data-loss', 'test/empty', 'nothing in it'));
    },
  };
  const where = { camera: 'c', stream: 's', startMs: 0, endMs: Infinity };
  return { footage: new Footage({ archive, ...where }), opened: () => opened };
}

it('is looked for in as many files as are worth it, however many hold nothing', async () => {
  const few = emptyFootage();
  expect([await few.footage.openBefore(SEGMENTS, 8), few.opened()]).toEqual([undefined, 8]);
  const all = emptyFootage();
  expect([await all.footage.openBefore(SEGMENTS), all.opened()]).toEqual([undefined, SEGMENTS]);
});
