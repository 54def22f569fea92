import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { hex } from '../test/harness.js';
import { splitAnnexB } from './annex-b.js';

const CASES = [
  {
    name: 'both lengths of start codes',
    wire: '00000001 6742 000001 68ce',
    nals: ['6742', '68ce'],
  },
  {
    name: 'zeros behind NAL units',
    wire: '000001 6742 0000 000001 68ce 00',
    nals: ['6742', '68ce'],
  },
  { name: 'no start code in front', wire: '6742 000001 68ce', nals: ['6742', '68ce'] },
  { name: 'a start code at the end', wire: '000001 6742 00000001', nals: ['6742'] },
  { name: 'nothing but zeros', wire: '000000', nals: [] },
  { name: 'nothing', wire: '', nals: [] },
];

describe('splitAnnexB', () => {
  it.each(CASES)('splits: $name', ({ wire, nals }) => {
    expect(splitAnnexB(hex(wire)).map((nal) => Buffer.from(nal).toString('hex'))).toEqual(nals);
  });

  it('gives views that neither begin with a start code nor end with a zero', () => {
    const bytes = fc.uint8Array({ max: 2, maxLength: 60 });
    fc.assert(
      fc.property(bytes, (stream) => {
        for (const nal of splitAnnexB(stream)) {
          expect(nal.buffer).toBe(stream.buffer);
          expect(nal.length).toBeGreaterThan(0);
          expect(nal.at(-1)).not.toBe(0);
          expect(Buffer.from(nal).indexOf(hex('000001'))).toBe(-1);
        }
      }),
    );
  });
});
