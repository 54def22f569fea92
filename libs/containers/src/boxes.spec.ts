import { describe, expect, it } from '@jest/globals';
import { NightjarError } from '@nightjar/common';
import fc from 'fast-check';
import { childBoxes, encodeBox, findBox, memorySource, readBoxAt } from './boxes.js';

describe('boxes', () => {
  it('walks the boxes that it wrote', () => {
    const bytes = encodeBox('moov', encodeBox('mvhd', Buffer.alloc(3)), encodeBox('trak'));
    const moov = findBox(bytes, 'moov');
    expect(moov).toEqual({ type: 'moov', start: 0, bodyStart: 8, end: bytes.length });
    expect([...childBoxes(bytes, 8, bytes.length)].map((box) => box.type)).toEqual([
      'mvhd',
      'trak',
    ]);
  });

  it('reads 64-bit sizes', () => {
    const bytes = Buffer.alloc(20);
    bytes.writeUInt32BE(1, 0);
    bytes.write('mdat', 4);
    bytes.writeUInt32BE(20, 12);
    expect([...childBoxes(bytes)]).toEqual([{ type: 'mdat', start: 0, bodyStart: 16, end: 20 }]);
  });

  it.each([
    ['smaller than its header', Buffer.from('000000046d646174', 'hex')],
    ['of size zero', Buffer.from('000000006d646174', 'hex')],
    ['larger than its container', Buffer.from('000000096d646174', 'hex')],
    ['cut off in its header', Buffer.from('00000008', 'hex')],
    ['cut off in its 64-bit size', Buffer.from('000000016d64617400000000', 'hex')],
  ])('rejects a box %s', (_, bytes) => {
    expect(() => [...childBoxes(bytes)]).toThrow(NightjarError);
  });

  it('throws nothing but NightjarError, and never reads outside', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          for (const box of childBoxes(bytes)) expect(box.end).toBeLessThanOrEqual(bytes.length);
        } catch (error) {
          expect(error).toBeInstanceOf(NightjarError);
        }
      }),
    );
  });

  it('takes a top-level box only when it is there whole', async () => {
    const bytes = encodeBox('free', Buffer.alloc(5));
    for (let length = 0; length < bytes.length; length += 1) {
      expect(await readBoxAt(memorySource(bytes.subarray(0, length)), 0)).toBeUndefined();
    }
    expect(await readBoxAt(memorySource(bytes), 0)).toMatchObject({ type: 'free', end: 13 });
  });
});
