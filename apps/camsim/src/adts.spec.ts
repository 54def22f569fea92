import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { NightjarError } from '@nightjar/common';
import { parseAdts } from './adts.js';

/** AAC LC, 48 kHz, mono, without CRC. */
function adtsFrame(payload: Uint8Array): Buffer {
  const length = payload.length + 7;
  const header = [
    0xff,
    0xf1,
    0x4c,
    0x40 | (length >> 11),
    (length >> 3) & 255,
    ((length & 7) << 5) | 31,
    252,
  ];
  return Buffer.concat([Buffer.from(header), payload]);
}

describe('parseAdts', () => {
  it('gives the raw frames and the AudioSpecificConfig', () => {
    const stream = parseAdts(
      Buffer.concat([adtsFrame(Buffer.from('one')), adtsFrame(Buffer.from('three'))]),
    );
    expect(stream.frames.map((frame) => Buffer.from(frame).toString())).toEqual(['one', 'three']);
    expect(stream.audioSpecificConfig).toEqual(Uint8Array.of(0x11, 0x88));
    expect(stream).toMatchObject({ sampleRateHz: 48000, channels: 1 });
  });

  it('throws nothing but NightjarError', () => {
    const frame = adtsFrame(Buffer.alloc(20, 1));
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: frame.length }),
        fc.uint8Array({ maxLength: 20 }),
        (cut, tail) => {
          try {
            parseAdts(Buffer.concat([frame.subarray(0, cut), tail]));
          } catch (error) {
            expect(error).toBeInstanceOf(NightjarError);
          }
        },
      ),
    );
  });
});
