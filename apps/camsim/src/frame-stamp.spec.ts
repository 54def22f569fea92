import { describe, expect, it } from '@jest/globals';
import {
  blankFrameStamp,
  FRAME_STAMP_BYTES,
  findFrameStamp,
  readFrameStamp,
  writeFrameStamp,
} from './frame-stamp.js';

describe('frame stamp', () => {
  it('is read back as it was written, wherever it is', () => {
    const bytes = Buffer.concat([Buffer.from('before'), blankFrameStamp(), Buffer.from('after')]);
    const stamp = { frame: 4711, sentNs: 123_456_789_012_345_678n };
    writeFrameStamp(bytes, findFrameStamp(bytes), stamp);
    expect(readFrameStamp(bytes)).toEqual(stamp);
    expect(bytes.subarray(-5).toString()).toBe('after');
  });

  it('holds no zero byte, so that it needs no emulation prevention', () => {
    expect(blankFrameStamp()).toHaveLength(FRAME_STAMP_BYTES);
    expect(blankFrameStamp().includes(0)).toBe(false);
  });

  it('is not seen where it is cut off or absent', () => {
    expect(readFrameStamp(blankFrameStamp().subarray(0, -1))).toBeUndefined();
    expect(readFrameStamp(Buffer.alloc(100))).toBeUndefined();
  });
});
