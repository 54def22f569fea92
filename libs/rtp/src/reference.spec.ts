import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isDisposable } from './reference.js';

const unit = (...nals: readonly number[][]): Buffer =>
  Buffer.concat(
    nals.map((nal) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(nal.length);
      return Buffer.concat([length, Buffer.from(nal)]);
    }),
  );

describe('pictures that no other needs', () => {
  it.each([
    ['H.264 IDR', 'h264', unit([0x65, 1]), false],
    ['H.264 slice with a reference', 'h264', unit([0x41, 1]), false],
    ['H.264 slice without', 'h264', unit([0x01, 1]), true],
    ['H.264 SEI before a slice without', 'h264', unit([0x06, 5], [0x01, 1]), true],
    ['H.264 slices, one with', 'h264', unit([0x01, 1], [0x21, 1]), false],
    ['H.264 SEI alone', 'h264', unit([0x06, 5]), false],
    ['H.265 TRAIL_N', 'h265', unit([0x00, 1, 1]), true],
    ['H.265 TRAIL_R', 'h265', unit([0x02, 1, 1]), false],
    ['H.265 RASL_N', 'h265', unit([8 << 1, 1, 1]), true],
    ['H.265 IDR_W_RADL', 'h265', unit([19 << 1, 1, 1]), false],
    ['H.265 CRA', 'h265', unit([21 << 1, 1, 1]), false],
    ['H.265 prefix SEI before TRAIL_N', 'h265', unit([39 << 1, 1, 1], [0, 1, 1]), true],
    ['AAC', 'aac', Buffer.of(1, 2, 3, 4, 5), false],
  ] as const)('%s', (_, codec, data, disposable) => {
    expect(isDisposable(codec, data)).toBe(disposable);
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        isDisposable('h264', bytes);
        isDisposable('h265', bytes);
      }),
    );
  });
});
