import { describe, expect, it } from '@jest/globals';
import {
  bareFormat,
  Bench,
  CONFIGS,
  H265_PPS,
  H265_SPS,
  H265_VPS,
  hex,
  lengthPrefixed,
  PAYLOAD_TYPE,
} from '../../test/harness.js';
import { formatOf } from '../sdp-format.js';

const IDR = '2801 af06';
const CRA = '2a01 af06';
const TRAIL = '0201 d019';
const SEI = '4e01 0502 ff80';
const AUD = '4601 50';

const described = () => new Bench(formatOf(CONFIGS.h265, PAYLOAD_TYPE));
const bare = () => new Bench(bareFormat('h265'));

describe('H.265 depacketizer', () => {
  it('makes units of single NAL units, parameter sets apart', () => {
    const bench = bare();
    bench.push(AUD, 0);
    for (const set of [H265_VPS, H265_SPS, H265_PPS]) bench.push(set, 0, true);
    bench.push(SEI, 0);
    bench.push(IDR, 0, true);
    bench.push(TRAIL, 3600, true);
    expect(bench.calls).toEqual(['config', 'unit', 'unit']);
    expect(bench.configs).toEqual([CONFIGS.h265]);
    expect(bench.units).toEqual([
      { data: lengthPrefixed(SEI, IDR), ticks: 0, keyframe: true, damaged: false },
      { data: lengthPrefixed(TRAIL), ticks: 3600, keyframe: false, damaged: false },
    ]);
  });

  it('takes CRA for a keyframe and uses the parameter sets of SDP', () => {
    const bench = described();
    bench.push(CRA, 0, true);
    expect(bench.configs).toEqual([CONFIGS.h265]);
    expect(bench.units[0]?.keyframe).toBe(true);
  });

  it('takes aggregation packets apart', () => {
    const bench = described();
    bench.push('6001 0006 4e010502ff80 0004 2801af06', 0, true);
    expect(bench.units[0]).toMatchObject({ data: lengthPrefixed(SEI, IDR), damaged: false });
  });

  it('keeps what is whole of an aggregation packet that is cut', () => {
    const bench = described();
    bench.push('6001 0004 2801af06 0009 4e', 0, true);
    expect(bench.units[0]).toMatchObject({ data: lengthPrefixed(IDR), damaged: true });
  });

  it('joins fragments, layer and temporal id kept', () => {
    const bench = described();
    bench.push('6202 94 af', 0);
    bench.push('6202 54 06', 0, true);
    expect(bench.units[0]?.data).toEqual(lengthPrefixed('2802 af06'));
  });

  it('drops a NAL unit that lost a fragment and marks its unit', () => {
    const bench = described();
    bench.push(IDR, 0);
    bench.push('6201 94 00', 0);
    bench.lose();
    bench.push('6201 54 07', 0, true);
    expect(bench.units).toMatchObject([{ data: lengthPrefixed(IDR), damaged: true }]);
  });

  it('gives a keyframe that is whole after a loss, told by its first slice segment', () => {
    const bench = described();
    bench.push(TRAIL, 0, true);
    bench.lose();
    bench.push('2801 af06', 3600, true);
    bench.lose();
    bench.push('2801 2f06', 7200, true);
    expect(bench.units).toMatchObject([
      { damaged: false },
      { keyframe: true, damaged: false, afterLoss: true },
      { keyframe: true, damaged: true },
    ]);
  });

  it('skips decoding order numbers where SDP announces them', () => {
    const format = formatOf(CONFIGS.h265, PAYLOAD_TYPE);
    const bench = new Bench({ ...format, fmtp: { ...format.fmtp, 'sprop-max-don-diff': '1' } });
    bench.push('2801 0001 af06', 0, true);
    bench.push('6001 0002 0004 0201d019 00 0004 0201d019', 3600, true);
    bench.push('6201 81 0003 d0', 7200);
    bench.push('6201 41 19', 7200, true);
    expect(bench.units.map((unit) => unit.data)).toEqual([
      lengthPrefixed(IDR),
      lengthPrefixed(TRAIL, TRAIL),
      lengthPrefixed(TRAIL),
    ]);
  });

  it('takes Annex B start codes inside a packet apart', () => {
    const bench = bare();
    const code = hex('00000001');
    const stream = [H265_VPS, code, H265_SPS, code, H265_PPS, code, hex(IDR)];
    bench.push(Buffer.concat(stream), 0, true);
    expect(bench.configs).toEqual([CONFIGS.h265]);
    expect(bench.units[0]?.data).toEqual(lengthPrefixed(IDR));
  });

  it('ignores PACI packets and half headers', () => {
    const bench = described();
    bench.push('6401 0000', 0);
    bench.push('28', 0);
    bench.push(IDR, 0, true);
    expect(bench.units).toMatchObject([{ data: lengthPrefixed(IDR), damaged: false }]);
  });
});
