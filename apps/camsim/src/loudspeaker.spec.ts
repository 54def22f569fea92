import { expect, it } from '@jest/globals';
import { encodeRtp } from '@nightjar/rtp';
import fc from 'fast-check';
import { Loudspeaker } from './loudspeaker.js';

const packet = (payload: Uint8Array, payloadType = 0): Buffer =>
  encodeRtp({ payloadType, sequence: 1, timestamp: 0, ssrc: 1, marker: false }, payload);

it('keeps the last ten seconds of what is said, however it is cut into packets', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 30_000 }), { maxLength: 12 }), (sizes) => {
      const loudspeaker = new Loudspeaker();
      let next = 0;
      const said = sizes.map((size) =>
        Buffer.from(Array.from({ length: size }, () => next++ % 251)),
      );
      for (const payload of said) {
        const bytes = packet(payload);
        loudspeaker.play(Buffer.concat([Buffer.from('$0'), bytes]), 2, bytes.length);
      }
      const all = Buffer.concat(said);
      expect(loudspeaker.heard).toEqual({ packets: sizes.length, bytes: all.length });
      expect(loudspeaker.sound.equals(all.subarray(-80_000))).toBe(true);
    }),
    { numRuns: 30 },
  );
});

it('passes over what is no RTP, or of another kind', () => {
  const loudspeaker = new Loudspeaker();
  const other = packet(Buffer.from('abc'), 8);
  loudspeaker.play(other, 0, other.length);
  loudspeaker.play(Buffer.alloc(40, 0xff), 0, 40);
  loudspeaker.play(Buffer.alloc(3), 0, 3);
  expect(loudspeaker.heard).toEqual({ packets: 0, bytes: 0 });
  expect(loudspeaker.sound).toHaveLength(0);
});
