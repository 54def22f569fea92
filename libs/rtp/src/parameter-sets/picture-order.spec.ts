import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { hex } from '../../test/harness.js';
import { parseH264Sps } from './h264-sps.js';
import { parseH265Sps } from './h265-sps.js';
import { h264Order, h265Order } from './picture-order.js';

/** Made with x264 and x265. */
const H264_SPS = hex('6764000aac761111ec0440000003004000000c83c4896118');
const H265_SPS = hex(
  '42010101600000030090000003000003001ea020810596564924caf0168080000003008000000c84',
);
const H265_PPS = hex('4401c172b46240');

function bytesOf(header: readonly number[], bits: string): Uint8Array {
  const padded = `${bits}1`.padEnd(Math.ceil((bits.length + 1) / 8) * 8, '0');
  const body = padded.match(/.{8}/g) ?? [];
  return Uint8Array.from([...header, ...body.map((byte) => Number.parseInt(byte, 2))]);
}

function h264CountBits(): number {
  const { pictureOrder } = parseH264Sps(H264_SPS).order;
  return pictureOrder.type === 0 ? pictureOrder.lsbBits : 0;
}

/** A slice with a count; its other fields are all zero. */
function h264Slice(type: 'idr' | 'reference' | 'disposable', count: number): Uint8Array {
  const { frameNumBits } = parseH264Sps(H264_SPS).order;
  const countBits = h264CountBits();
  const header = { idr: 0x65, reference: 0x41, disposable: 0x01 }[type];
  const idrId = type === 'idr' ? '1' : '';
  const low = count % 2 ** countBits;
  const bits = `111${'0'.repeat(frameNumBits)}${idrId}${low.toString(2).padStart(countBits, '0')}`;
  return bytesOf([header], bits);
}

function h265Slice(type: number, count: number): Uint8Array {
  const { countBits = 0 } = parseH265Sps(H265_SPS).order;
  const reserved = type >= 16 && type <= 23 ? '0' : '';
  const low = (count % 2 ** countBits).toString(2).padStart(countBits, '0');
  return bytesOf([type << 1, 1], `1${reserved}11${low}`);
}

describe('the order of pictures', () => {
  it('of H.264 is counted on where its low bits wrap, and anew from an IDR picture on', () => {
    const countBits = h264CountBits();
    const order = h264Order(H264_SPS)!;
    const counts = Array.from({ length: 3 * 2 ** countBits }, (_, i) => i * 2);
    const read = counts.map((count, i) =>
      order.next(h264Slice(i === 0 ? 'idr' : 'reference', count)),
    );
    expect(read.map((place) => place?.count)).toEqual(counts);
    expect(order.next(h264Slice('idr', 0))).toEqual({ count: 0, restarts: true });
  });

  it('of H.264 is that of showing: B-pictures lie before the picture that they came behind', () => {
    const order = h264Order(H264_SPS)!;
    const slices = [
      h264Slice('idr', 0),
      h264Slice('reference', 6),
      h264Slice('disposable', 2),
      h264Slice('disposable', 4),
    ];
    expect(slices.map((slice) => order.next(slice)!.count / order.step)).toEqual([0, 3, 1, 2]);
  });

  it('of H.265 is counted on over CRA pictures', () => {
    const order = h265Order(H265_SPS, H265_PPS)!;
    const slices = [
      h265Slice(19, 0),
      h265Slice(1, 4),
      h265Slice(0, 2),
      h265Slice(21, 8),
      h265Slice(8, 6),
    ];
    expect(slices.map((slice) => order.next(slice)?.count)).toEqual([0, 4, 2, 8, 6]);
  });

  it('is unknown, and nothing is thrown, for slices of any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        for (const order of [h264Order(H264_SPS)!, h265Order(H265_SPS, H265_PPS)!]) {
          const place = order.next(bytes);
          expect(place === undefined || Number.isSafeInteger(place.count)).toBe(true);
        }
      }),
    );
  });
});
