import { describe, expect, it } from '@jest/globals';
import { bareFormat, Bench, CONFIGS, H264_PPS, H264_SPS, hex } from '../../test/harness.js';
import { lengthPrefixed, PAYLOAD_TYPE } from '../../test/harness.js';
import { createDepacketizer } from './create.js';
import { formatOf } from '../sdp-format.js';
import { encodeRtp } from '../rtp-packet.js';
import { MAX_UNIT_BYTES } from './unit-buffer.js';

const SPS = Buffer.from(H264_SPS);
const PPS = Buffer.from(H264_PPS);
const IDR = '65 88 84 11';
const IDR_2 = '65 40 22';
const P = '41 9a 33';
const SEI = '06 05 01 ff 80';
const AUD = '09 f0';

/** Parameter sets are known from SDP. */
const described = () => new Bench(formatOf(CONFIGS.h264, PAYLOAD_TYPE));
/** Nothing is known. */
const bare = () => new Bench(bareFormat('h264'));

function stapA(...nals: Uint8Array[]): Buffer {
  const parts = nals.flatMap((nal) => {
    const size = Buffer.alloc(2);
    size.writeUInt16BE(nal.length);
    return [size, nal];
  });
  return Buffer.concat([hex('78'), ...parts]);
}

describe('H.264 depacketizer', () => {
  it('makes one unit of the slices of a picture, without AUD', () => {
    const bench = described();
    bench.push(AUD, 100);
    bench.push(SEI, 100);
    bench.push(IDR, 100);
    bench.push(IDR_2, 100, true);
    expect(bench.units).toEqual([
      { data: lengthPrefixed(SEI, IDR, IDR_2), ticks: 100, keyframe: true, damaged: false },
    ]);
  });

  it('announces the configuration of SDP before the first unit, once', () => {
    const bench = described();
    expect(bench.depacketizer.config).toEqual(CONFIGS.h264);
    bench.push(IDR, 0, true);
    bench.push(P, 3600, true);
    expect(bench.calls).toEqual(['config', 'unit', 'unit']);
    expect(bench.configs).toEqual([CONFIGS.h264]);
  });

  it('drops units until parameter sets came, then announces them first', () => {
    const bench = bare();
    bench.push(P, 0, true);
    expect(bench.calls).toEqual([]);
    bench.push(stapA(SPS, PPS), 3600);
    bench.push(IDR, 3600, true);
    expect(bench.calls).toEqual(['config', 'unit']);
    expect(bench.configs).toEqual([CONFIGS.h264]);
    expect(bench.units[0]).toMatchObject({ data: lengthPrefixed(IDR), damaged: false });
  });

  it('ignores parameter sets that repeat, announces those that change before their unit', () => {
    const bench = described();
    const otherPps = Buffer.from([...PPS, 0x77]);
    bench.push(stapA(SPS, PPS), 0);
    bench.push(IDR, 0, true);
    bench.push(stapA(SPS, otherPps), 3600);
    bench.push(IDR, 3600, true);
    expect(bench.calls).toEqual(['config', 'unit', 'config', 'unit']);
    expect(bench.configs[1]).toEqual({ ...CONFIGS.h264, pps: Uint8Array.from(otherPps) });
  });

  it('keeps one configuration object while the parameter sets repeat', () => {
    const bench = described();
    const { config } = bench.depacketizer;
    bench.push(stapA(SPS, PPS), 0);
    expect(bench.depacketizer.config).toBe(config);
  });

  it('announces once what two parameter sets in turn come to at the end of every unit', () => {
    const bench = described();
    const otherPps = Buffer.from([...PPS, 0x77]);
    for (const ticks of [0, 3600]) {
      bench.push(stapA(SPS, PPS, otherPps), ticks);
      bench.push(IDR, ticks, true);
    }
    expect(bench.calls).toEqual(['config', 'unit', 'unit']);
  });

  it('ignores an SPS it cannot read', () => {
    const bench = described();
    bench.push('67 64', 0);
    bench.push(IDR, 0, true);
    expect(bench.configs).toEqual([CONFIGS.h264]);
  });

  it('ends a unit by timestamp when the marker is missing', () => {
    const bench = described();
    bench.push(IDR, 0);
    bench.push(P, 3600);
    expect(bench.units).toHaveLength(1);
    bench.depacketizer.flush();
    expect(bench.units.map((unit) => unit.ticks)).toEqual([0, 3600]);
  });

  it('does not end a unit by a marker on parameter sets, SEI or AUD', () => {
    const bench = bare();
    bench.push(AUD, 50, true);
    bench.push(SPS, 50, true);
    bench.push(PPS, 50, true);
    bench.push(SEI, 50, true);
    bench.push(IDR, 50, true);
    expect(bench.units).toEqual([
      { data: lengthPrefixed(SEI, IDR), ticks: 50, keyframe: true, damaged: false },
    ]);
  });

  it('gives a unit the timestamp of its slices when the parameter sets had another', () => {
    const bench = bare();
    bench.push(SPS, 10);
    bench.push(PPS, 20, true);
    bench.push(IDR, 3600, true);
    expect(bench.units.map((unit) => unit.ticks)).toEqual([3600]);
  });

  it('keeps presentation times in decode order', () => {
    const bench = described();
    const times = [0, 10_800, 3600, 7200];
    for (const time of times) bench.push(time === 0 ? IDR : P, time, true);
    expect(bench.units.map((unit) => unit.ticks)).toEqual(times);
    expect(bench.units.map((unit) => unit.keyframe)).toEqual([true, false, false, false]);
  });

  it('takes Annex B start codes inside a packet apart', () => {
    const bench = bare();
    const annexB = Buffer.concat([SPS, hex('00000001'), PPS, hex('000001'), hex(IDR)]);
    bench.push(annexB, 0, true);
    bench.push(Buffer.concat([hex('00000001'), hex(P)]), 3600, true);
    bench.push(stapA(Buffer.concat([hex(AUD), hex('00000001'), hex(P)])), 7200, true);
    expect(bench.configs).toEqual([CONFIGS.h264]);
    expect(bench.units.map((unit) => unit.data)).toEqual([
      lengthPrefixed(IDR),
      lengthPrefixed(P),
      lengthPrefixed(P),
    ]);
  });

  it('takes Annex B start codes that two fragments share apart', () => {
    const bench = described();
    bench.push('7c 85 88 84 11 00 00', 0);
    bench.push('7c 45 00 01 65 40 22', 0, true);
    expect(bench.units[0]?.data).toEqual(lengthPrefixed(IDR, IDR_2));
  });

  it('cuts zeros behind a NAL unit', () => {
    const bench = bare();
    bench.push(Buffer.concat([SPS, hex('0000')]), 0);
    bench.push(Buffer.concat([PPS, hex('00')]), 0);
    bench.push('65 88 84 11 00', 0, true);
    expect(bench.configs).toEqual([CONFIGS.h264]);
    expect(bench.units[0]?.data).toEqual(lengthPrefixed(IDR));
  });

  it('joins fragments, the header rebuilt from indicator and type', () => {
    const bench = described();
    bench.push('7c 85 88', 0);
    bench.push('7c 05 84', 0);
    bench.push('7c 45 11', 0, true);
    expect(bench.units[0]?.data).toEqual(lengthPrefixed(IDR));
  });

  it('accepts fragments as cameras send them: S with E, empty, reserved bit, another type later', () => {
    const bench = described();
    bench.push('7c c5 88 84 11', 0, true);
    bench.push('7c 85', 3600);
    bench.push('7c 25 88', 3600);
    bench.push('7c 01 84', 3600);
    bench.push('7c 41 11', 3600, true);
    expect(bench.units.map((unit) => unit.data)).toEqual([
      lengthPrefixed(IDR),
      lengthPrefixed(IDR),
    ]);
    expect(bench.units.map((unit) => unit.damaged)).toEqual([false, false]);
  });

  it('drops a NAL unit that lost a fragment and marks its unit', () => {
    const bench = described();
    bench.push(IDR, 0);
    bench.push('7c 85 40', 0);
    bench.lose();
    bench.push('7c 45 22', 0, true);
    bench.push(P, 3600, true);
    expect(bench.units).toEqual([
      { data: lengthPrefixed(IDR), ticks: 0, keyframe: true, damaged: true },
      { data: lengthPrefixed(P), ticks: 3600, keyframe: false, damaged: false },
    ]);
  });

  it('gives a keyframe that is whole after a loss, but nothing that needs what was lost', () => {
    const bench = described();
    const afterLoss = (payload: string, ticks: number): void => {
      bench.lose();
      bench.push(payload, ticks, true);
    };
    bench.push(P, 0, true);
    afterLoss(IDR, 3600);
    afterLoss(P, 7200);
    // Another slice came before this one.
    afterLoss(IDR_2, 10800);
    // Lost behind a part of the picture.
    bench.push(IDR, 14400);
    afterLoss(IDR_2, 14400);
    // Lost between parameter sets and picture.
    bench.push(stapA(SPS, PPS), 18000);
    afterLoss(IDR, 18000);
    bench.push(P, 21600, true);
    const whole = { damaged: false, afterLoss: true };
    expect(
      bench.units.map(({ ticks, damaged, afterLoss: after }) =>
        after === true ? { ticks, damaged, afterLoss: after } : { ticks, damaged },
      ),
    ).toEqual([
      { ticks: 0, damaged: false },
      { ticks: 3600, ...whole },
      { ticks: 7200, damaged: true },
      { ticks: 10800, damaged: true },
      { ticks: 14400, damaged: true },
      { ticks: 18000, ...whole },
      { ticks: 21600, damaged: false },
    ]);
  });

  it('drops a FU-A tail with no start', () => {
    const bench = described();
    bench.push('7c 45 22', 0);
    bench.push(IDR, 0, true);
    expect(bench.units).toEqual([
      { data: lengthPrefixed(IDR), ticks: 0, keyframe: true, damaged: true },
    ]);
  });

  it('drops a NAL unit whose last fragment never came', () => {
    const bench = described();
    bench.push(IDR, 0);
    bench.push('7c 85 40', 0);
    bench.push(P, 3600, true);
    expect(bench.units.map(({ data, damaged }) => ({ data, damaged }))).toEqual([
      { data: lengthPrefixed(IDR), damaged: true },
      { data: lengthPrefixed(P), damaged: false },
    ]);
  });

  it('drops a NAL unit whose last fragment never came before another of the unit', () => {
    const bench = described();
    bench.push('7c 85 40', 0);
    bench.push(IDR, 0, true);
    expect(bench.units).toMatchObject([{ data: lengthPrefixed(IDR), damaged: true }]);
  });

  it('marks both units when the loss may have taken the end of one and the start of the next', () => {
    const bench = described();
    bench.push(IDR, 0);
    bench.lose();
    bench.push(P, 3600, true);
    bench.push(P, 7200, true);
    expect(bench.units.map((unit) => unit.damaged)).toEqual([true, true, false]);
  });

  it('marks only the unit after the loss when the one before was complete', () => {
    const bench = described();
    bench.push(IDR, 0, true);
    bench.lose();
    bench.push(P, 3600, true);
    expect(bench.units.map((unit) => unit.damaged)).toEqual([false, true]);
  });

  it('carries the mark on when nothing of the damaged unit is left', () => {
    const bench = described();
    bench.push('7c 85 88', 0);
    bench.lose();
    bench.push('7c 45 11', 0, true);
    bench.push(P, 3600, true);
    expect(bench.units).toMatchObject([{ ticks: 3600, damaged: true }]);
  });

  it.each([
    { name: 'size over the end', payload: '78 0004 65888411 0009 41' },
    { name: 'size of zero', payload: '78 0004 65888411 0000 41' },
  ])('keeps what is whole of a STAP-A with a $name, and marks the unit', ({ payload }) => {
    const bench = described();
    bench.push(payload, 0, true);
    expect(bench.units).toMatchObject([{ data: lengthPrefixed(IDR), damaged: true }]);
  });

  it('marks the unit for packet types of the interleaved mode', () => {
    const bench = described();
    bench.push('7d 85 0001 88', 0);
    bench.push(IDR, 0, true);
    expect(bench.units).toMatchObject([{ data: lengthPrefixed(IDR), damaged: true }]);
  });

  it('drops duplicates, late packets, other payload types and what is not RTP', () => {
    const bench = described();
    const packet = (sequence: number, payloadType: number, payload: string) =>
      encodeRtp({ payloadType, sequence, timestamp: 0, ssrc: 1, marker: true }, hex(payload));
    bench.packet(packet(10, PAYLOAD_TYPE, IDR));
    bench.packet(packet(10, PAYLOAD_TYPE, IDR));
    bench.packet(packet(9, PAYLOAD_TYPE, P));
    bench.packet(packet(11, 50, '41 50'));
    bench.packet(hex('00000000'));
    bench.packet(packet(11, PAYLOAD_TYPE, P));
    expect(bench.units).toMatchObject([
      { data: lengthPrefixed(IDR), damaged: false },
      { data: lengthPrefixed(P), damaged: false },
    ]);
  });

  it('gives every unit memory of its own when it is given none', () => {
    const units: Uint8Array[] = [];
    const depacketizer = createDepacketizer(formatOf(CONFIGS.h264, PAYLOAD_TYPE), {
      accessUnit: ({ data }) => units.push(data),
      config: () => undefined,
    });
    [IDR, P].forEach((nal, sequence) => {
      const fields = { payloadType: PAYLOAD_TYPE, sequence, timestamp: 0, ssrc: 1, marker: true };
      const packet = encodeRtp(fields, hex(nal));
      depacketizer?.push(packet, 0, packet.length);
    });
    const [first, second] = units;
    expect(first?.buffer).not.toBe(second?.buffer);
    first?.fill(0xff);
    expect(second).toEqual(lengthPrefixed(P));
  });

  it('takes a unit that outgrows its room to a larger one', () => {
    const bench = described();
    const parts = Array.from({ length: 40 }, (_, part) => Buffer.alloc(1000, part + 1));
    parts.forEach((part, n) => {
      const flags = n === 0 ? '85' : n === parts.length - 1 ? '45' : '05';
      bench.push(Buffer.concat([hex(`7c${flags}`), part]), 100, n === parts.length - 1);
    });
    bench.push(P, 3700, true);
    expect(bench.units.map(({ data }) => data)).toEqual([
      lengthPrefixed(Buffer.concat([hex('65'), ...parts])),
      lengthPrefixed(P),
    ]);
  });

  it('drops a unit beyond the limit, marks the next and goes on', () => {
    const bench = described();
    const part = Buffer.concat([hex('5c 01'), Buffer.alloc(60_000, 0x55)]);
    bench.push('5c 81 9a', 0);
    for (let bytes = 0; bytes <= MAX_UNIT_BYTES; bytes += 60_000) bench.push(part, 0);
    // It even comes to its end.
    bench.push('5c 41 55', 0, true);
    bench.push(P, 3600, true);
    bench.push(P, 7200, true);
    expect(bench.units.map(({ ticks, damaged }) => ({ ticks, damaged }))).toEqual([
      { ticks: 3600, damaged: true },
      { ticks: 7200, damaged: false },
    ]);
  });
});
