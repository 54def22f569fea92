import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { KeptBytes } from './kept-bytes.js';

it('gives back what was not dropped, however it came and went', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 8 }), fc.nat({ max: 12 }))),
      fc.nat({ max: 40 }),
      (steps, ahead) => {
        const kept = new KeptBytes();
        let all = Buffer.alloc(0);
        let dropped = 0;
        for (const [bytes, drop] of steps) {
          kept.push(Buffer.from(bytes));
          all = Buffer.concat([all, bytes]);
          dropped = Math.min(all.length, dropped + drop);
          kept.dropBefore(dropped);
        }
        const from = Math.min(all.length, dropped + ahead);
        expect(kept.from(from)).toEqual(all.subarray(from));
        expect(kept.from(all.length + 1)).toBeUndefined();
      },
    ),
  );
});

it('knows nothing of what it passed over', () => {
  const kept = new KeptBytes();
  kept.push(Buffer.from('abc'));
  kept.skip(4);
  kept.push(Buffer.from('hi'));
  expect(kept.from(6)).toBeUndefined();
  expect(kept.from(7)?.toString()).toBe('hi');
  expect(kept.from(8)?.toString()).toBe('i');
});
