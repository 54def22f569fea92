import { describe, expect, it } from '@jest/globals';
import { NightjarError } from '@nightjar/common';
import fc from 'fast-check';
import { H264_STREAM, H265_STREAM } from '../../test/elementary-streams.js';
import { splitAnnexB } from '../annex-b.js';
import { parseH264Sps } from '../parameter-sets/h264-sps.js';
import { parseH264Pps, withIdrPicId } from './idr-slice.js';
import { repeatable, type VideoConfig } from './still-picture.js';

const h264 = splitAnnexB(H264_STREAM);
const ofType = (type: number): Uint8Array[] => h264.filter((nal) => (nal[0]! & 0x1f) === type);
const SPS = ofType(7)[0]!;
const PPS = ofType(8)[0]!;
const IDR_SLICES = ofType(5);
const SYNTAX = parseH264Sps(SPS).order;
const CONFIG: VideoConfig = { codec: 'h264', sps: SPS, pps: PPS, widthPx: 64, heightPx: 48 };

const unitOf = (nals: readonly Uint8Array[]): Buffer =>
  Buffer.concat(
    nals.flatMap((nal) => {
      const length = Buffer.alloc(4);
      length.writeUInt32BE(nal.length);
      return [length, nal];
    }),
  );

describe('a slice of an IDR picture', () => {
  it('is the same slice again when its id is changed there and back', () => {
    for (const slice of IDR_SLICES) {
      const pps = parseH264Pps(PPS);
      const original = withIdrPicId(slice, SYNTAX, pps, 0);
      const longer = withIdrPicId(slice, SYNTAX, pps, 1000);
      expect(longer.equals(original)).toBe(false);
      expect(withIdrPicId(longer, SYNTAX, pps, 0).equals(original)).toBe(true);
      // x264 begins with id 0: nothing is to be changed.
      expect(Buffer.from(slice).equals(original)).toBe(true);
    }
  });

  it('keeps every id apart from every other', () => {
    const pps = parseH264Pps(PPS);
    const forms = [0, 1, 2, 6, 7, 65_535].map((id) =>
      withIdrPicId(IDR_SLICES[0]!, SYNTAX, pps, id).toString('hex'),
    );
    expect(new Set(forms).size).toBe(forms.length);
  });

  it('never makes a start code, and refuses what is no such slice with an error of ours', () => {
    const syntax = fc.record({
      separatePlanes: fc.boolean(),
      frameNumBits: fc.integer({ min: 4, max: 16 }),
      framesOnly: fc.boolean(),
      pictureOrder: fc.oneof(
        fc.record({ type: fc.constant(0 as const), lsbBits: fc.integer({ min: 4, max: 16 }) }),
        fc.record({ type: fc.constant(1 as const), deltas: fc.boolean() }),
        fc.record({ type: fc.constant(2 as const) }),
      ),
    });
    const pps = fc.record({
      cabac: fc.boolean(),
      bottomFieldOrder: fc.boolean(),
      deblockingControl: fc.boolean(),
      redundantCount: fc.boolean(),
    });
    const body = fc.uint8Array({ minLength: 0, maxLength: 60 });
    fc.assert(
      fc.property(body, syntax, pps, fc.nat(65_535), (bytes, slices, set, id) => {
        // first_mb 0 and slice_type 7, so that many get as far as the data.
        const nal = Buffer.concat([Buffer.from([0x65, 0x88]), bytes]);
        try {
          const out = withIdrPicId(nal, slices, set, id);
          expect(out.indexOf(Buffer.from([0, 0, 1]))).toBe(-1);
          expect(out.indexOf(Buffer.from([0, 0, 0]))).toBe(-1);
          expect(withIdrPicId(out, slices, set, id).equals(out)).toBe(true);
        } catch (error) {
          if (!(error instanceof NightjarError)) throw error;
        }
      }),
    );
  });
});

describe('a picture that is repeated', () => {
  it('has two forms in H.264, which differ in their id only', () => {
    const [first, second] = repeatable(unitOf(IDR_SLICES), CONFIG);
    expect(first.equals(unitOf(IDR_SLICES))).toBe(true);
    expect(second.equals(first)).toBe(false);
  });

  it('begins a sequence each time in H.265', () => {
    const key = splitAnnexB(H265_STREAM).find((nal) => nal[0]! >> 1 >= 16 && nal[0]! >> 1 <= 21)!;
    const cra = Buffer.from(key);
    cra[0] = (cra[0]! & 0x81) | (21 << 1);
    const config = { ...CONFIG, codec: 'h265', vps: SPS } as VideoConfig;
    const [first, second] = repeatable(unitOf([cra]), config);
    expect(second).toBe(first);
    expect((first[4]! >> 1) & 0x3f).toBe(18);
    expect(repeatable(unitOf([key]), config)[0].equals(unitOf([key]))).toBe(key[0]! >> 1 !== 21);
  });

  it('is refused in words of ours whatever the camera sent', () => {
    const arbitrary = fc.uint8Array({ maxLength: 80 });
    fc.assert(
      fc.property(arbitrary, arbitrary, arbitrary, fc.boolean(), (unit, sps, pps, good) => {
        const config = good
          ? CONFIG
          : { ...CONFIG, sps: Buffer.from([0x67, ...sps]), pps: Buffer.from([0x68, ...pps]) };
        try {
          repeatable(unit, config);
        } catch (error) {
          if (!(error instanceof NightjarError)) throw error;
        }
      }),
    );
  });
});
