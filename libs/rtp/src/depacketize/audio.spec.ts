import { describe, expect, it } from '@jest/globals';
import { bareFormat, Bench, CONFIGS, hex, PAYLOAD_TYPE } from '../../test/harness.js';
import { createDepacketizer } from './create.js';
import { formatOf } from '../sdp-format.js';

const aac = () => new Bench(formatOf(CONFIGS.aac, PAYLOAD_TYPE));

/** ADTS header of AAC-LC 48 kHz stereo for a raw frame of `bytes`. */
function adts(frame: string): string {
  const frameBytes = hex(frame).length + 7;
  const head = hex('fff14c80001ffc');
  head[4] = frameBytes >> 3;
  head[5] = ((frameBytes & 7) << 5) | 0x1f;
  return head.toString('hex') + frame;
}

describe('AAC depacketizer', () => {
  it('takes the access units of a packet apart, 1024 samples each', () => {
    const bench = aac();
    bench.push('0020 0010 0018 aabb ccddee', 1000, true);
    expect(bench.configs).toEqual([CONFIGS.aac]);
    expect(bench.units).toEqual([
      { data: Uint8Array.of(0xaa, 0xbb), ticks: 1000, keyframe: true, damaged: false },
      { data: Uint8Array.of(0xcc, 0xdd, 0xee), ticks: 2024, keyframe: true, damaged: false },
    ]);
  });

  it('counts frames of 960 samples, and of a core at half the RTP clock', () => {
    const format = formatOf(CONFIGS.aac, PAYLOAD_TYPE);
    const ticksOf = (config: string) => {
      const bench = new Bench({ ...format, fmtp: { ...format.fmtp, config } });
      bench.push('0020 0008 0008 aa bb', 0, true);
      return bench.units[1]?.ticks;
    };
    expect(ticksOf('1194')).toBe(960);
    expect(ticksOf('2b118800')).toBe(2048);
  });

  it('obeys the field sizes of fmtp', () => {
    const format = bareFormat('aac');
    const fmtp = { mode: 'AAC-lbr', config: '1190' };
    const bench = new Bench({ ...format, fmtp });
    bench.push('0010 0408 aa bbcc', 0, true);
    expect(bench.units.map((unit) => unit.data.length)).toEqual([1, 2]);
  });

  it('joins a fragmented access unit; every fragment says the whole size', () => {
    const bench = aac();
    bench.push('0010 0028 aabb', 0);
    bench.push('0010 0028 ccdd', 0);
    bench.push('0010 0028 ee', 0, true);
    expect(bench.units).toEqual([
      { data: Uint8Array.from(hex('aabbccddee')), ticks: 0, keyframe: true, damaged: false },
    ]);
  });

  it('gives up a fragmented access unit for a whole one that comes in between', () => {
    const bench = aac();
    bench.push('0010 0028 aabb', 0);
    bench.push(adts('0102030405'), 0);
    bench.push('0010 0028 ccddee', 0, true);
    expect(bench.units).toEqual([
      { data: Uint8Array.of(1, 2, 3, 4, 5), ticks: 0, keyframe: true, damaged: true },
    ]);
  });

  it('drops an access unit that lost a fragment and marks the next', () => {
    const bench = aac();
    bench.push('0010 0028 aabb', 0);
    bench.lose();
    bench.push('0010 0028 ee', 0, true);
    bench.push('0010 0008 11', 1024, true);
    expect(bench.units).toMatchObject([{ ticks: 1024, damaged: true }]);
  });

  it('drops an access unit whose rest never came, though the next has the same size', () => {
    const bench = aac();
    bench.push('0010 0018 aabb', 0);
    bench.push('0010 0018 1122', 1024);
    bench.push('0010 0018 33', 1024, true);
    expect(bench.units).toMatchObject([
      { data: Uint8Array.of(0x11, 0x22, 0x33), ticks: 1024, damaged: true },
    ]);
  });

  it('marks a unit after a lost packet', () => {
    const bench = aac();
    bench.push('0010 0008 11', 0, true);
    bench.lose();
    bench.push('0010 0008 11', 2048, true);
    expect(bench.units.map((unit) => unit.damaged)).toEqual([false, true]);
  });

  it('takes ADTS frames that come without AU headers, and their configuration', () => {
    const bench = new Bench(bareFormat('aac'));
    bench.push(adts('21104ab0') + adts('2110'), 0, true);
    expect(bench.configs).toEqual([CONFIGS.aac]);
    expect(bench.units).toMatchObject([
      { data: Uint8Array.from(hex('21104ab0')), ticks: 0 },
      { data: Uint8Array.from(hex('2110')), ticks: 1024 },
    ]);
  });

  it('takes a raw frame that comes without AU headers', () => {
    const bench = aac();
    bench.push('21104ab0', 0, true);
    expect(bench.units).toMatchObject([{ data: Uint8Array.from(hex('21104ab0')) }]);
  });

  it('drops units while no configuration is known', () => {
    const bench = new Bench(bareFormat('aac'));
    bench.push('0010 0008 11', 0, true);
    expect(bench.calls).toEqual([]);
    expect(bench.depacketizer.config).toBeUndefined();
  });
});

describe('G.711 and Opus depacketizer', () => {
  it.each(['pcmu', 'pcma', 'opus'] as const)('makes a unit of each payload: %s', (codec) => {
    const bench = new Bench(bareFormat(codec));
    bench.push('aabb', 5);
    bench.push('', 6);
    bench.lose();
    bench.push('cc', 7);
    bench.depacketizer.flush();
    expect(bench.configs).toEqual([CONFIGS[codec]]);
    expect(bench.units).toEqual([
      { data: Uint8Array.of(0xaa, 0xbb), ticks: 5, keyframe: true, damaged: false },
      { data: Uint8Array.of(0xcc), ticks: 7, keyframe: true, damaged: true },
    ]);
  });

  it('has nothing for codecs it does not know', () => {
    const format = { ...bareFormat('pcmu'), codec: 'other' as const };
    expect(createDepacketizer(format, { accessUnit: fail, config: fail })).toBeUndefined();
  });
});

function fail(): never {
  throw new Error('not to be called');
}
