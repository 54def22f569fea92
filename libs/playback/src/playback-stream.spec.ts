import { beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '@nightjar/common';
import type { Archive, ArchivedSegment, RecordedUnit, SegmentReader } from '@nightjar/recording';
import { BlockPool, type StreamOutput } from '@nightjar/relay';
import { decodeRtcp, sequenceOf, timestampOf, type TrackFormat } from '@nightjar/rtp';
import { Footage } from './footage.js';
import { PlaybackStream } from './playback-stream.js';
import { Timeline } from './timeline.js';
import { Turns } from './turns.js';

/** G.711 in units of 20 ms, a "keyframe" every second: small enough to see every packet. */
const FORMAT: TrackFormat = {
  kind: 'audio',
  codec: 'pcmu',
  payloadType: 0,
  clockRateHz: 8000,
  channels: 1,
  encodingName: 'PCMU',
  fmtp: {},
};
const UNIT_MS = 20;
const KEY_MS = 1000;

function segment(startMs: number, endMs: number): ArchivedSegment {
  return {
    volume: 'main',
    path: `${startMs}`,
    camera: 'c',
    stream: 's',
    run: 'r',
    sequence: 0,
    startMs,
    endMs,
    open: false,
  };
}

function reader({ startMs, endMs }: ArchivedSegment, unitBytes: number): SegmentReader {
  const keyframeAt = (wallMs: number): number =>
    startMs + Math.max(0, Math.floor((wallMs - startMs) / KEY_MS)) * KEY_MS;
  async function* unitsFrom(wallMs: number): AsyncGenerator<RecordedUnit> {
    for (let at = keyframeAt(wallMs); at < endMs; at += UNIT_MS) {
      await Promise.resolve();
      const ticks = (at - startMs) * 8;
      yield {
        track: 0,
        ticks,
        durationTicks: UNIT_MS * 8,
        keyframe: true,
        wallMs: at,
        data: numbered(at / UNIT_MS, unitBytes),
      };
    }
  }
  return {
    header: { tracks: [FORMAT] },
    startMs,
    keyframeAt: (wallMs: number) => ({ wallMs: keyframeAt(wallMs) }),
    unitsFrom,
    close: () => Promise.resolve(),
  } as unknown as SegmentReader;
}

function numbered(unit: number, bytes: number): Buffer {
  const data = Buffer.alloc(bytes);
  data.writeUInt16BE(unit);
  return data;
}

const segments = [segment(10_000, 12_000), segment(12_000, 13_000), segment(20_000, 22_000)];

describe('a playback stream', () => {
  let clock: ManualClock;
  let sent: { sequence: number; timestamp: number; unit: number }[];
  let reports: Buffer[];
  let ended: number;
  let errors: unknown[];
  let stream: PlaybackStream;
  let behind: boolean;
  let drain: () => void;
  let missing: Set<string>;
  let transport: 'tcp' | 'udp';
  let unitBytes: number;
  /** Bytes of media that went out with each flush. */
  let flushed: number[];

  const turn = async (): Promise<void> => {
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
  };
  const pass = async (ms: number): Promise<void> => {
    for (let at = 0; at < ms; at += UNIT_MS) {
      await turn();
      clock.advance(UNIT_MS);
    }
    await turn();
  };
  /** Only the first packet of a unit carries its number. */
  const units = (): number[] => sent.map(({ unit }) => unit).filter((unit) => unit > 0);

  beforeEach(() => {
    clock = new ManualClock();
    sent = [];
    reports = [];
    errors = [];
    ended = 0;
    behind = false;
    missing = new Set();
    transport = 'tcp';
    unitBytes = UNIT_MS * 8;
    flushed = [];
    let unflushed = 0;
    const archive = {
      open: (entry: ArchivedSegment) =>
        missing.has(entry.path)
          ? Promise.reject(Object.assign(new Error('gone'), { code: 'ENOENT' }))
          : Promise.resolve(reader(entry, unitBytes)),
    } as unknown as Archive;
    const took = (packet: Buffer): void => {
      unflushed += packet.length;
      sent.push({
        sequence: sequenceOf(packet, 0),
        timestamp: timestampOf(packet, 0),
        unit: packet.readUInt16BE(12),
      });
    };
    const output: StreamOutput = {
      get transport() {
        return transport;
      },
      ssrc: () => 77,
      queuedBytes: 0,
      batch: ({ bytes, count, offsets, lengths }) => {
        for (let i = 0; i < count; i++) took(bytes.subarray(offsets[i], offsets[i]! + lengths[i]!));
      },
      send: (_, packet, rtcp) => {
        if (rtcp) reports.push(packet);
        else took(packet);
      },
      flush: () => {
        flushed.push(unflushed);
        unflushed = 0;
        return !behind;
      },
      drained: () =>
        new Promise((resolve) => {
          drain = resolve;
        }),
      end: () => ended++,
      cut: () => undefined,
    };
    stream = new PlaybackStream({
      footage: new Footage(archive, segments, 22_000),
      timeline: new Timeline(segments, 10_000, 22_000),
      tracks: [{ format: FORMAT, control: '', direction: 'recvonly' }],
      output,
      clock,
      turns: new Turns(),
      blocks: new BlockPool(),
      cname: 'test',
      onError: (error) => errors.push(error),
      onClose: () => undefined,
    });
  });

  const play = (
    range?: Parameters<PlaybackStream['play']>[0]['range'],
    rateControl: 'yes' | 'no' = 'yes',
  ): ReturnType<PlaybackStream['play']> => stream.play({ range, scale: 1, speed: 1, rateControl });
  /** All units of the footage. */
  const everything = [
    ...Array.from({ length: 150 }, (_, i) => 500 + i),
    ...Array.from({ length: 100 }, (_, i) => 1000 + i),
  ];

  it('plays at its own pace, over a hole, to a goodbye', async () => {
    const answer = await play();
    expect(answer.range).toBe('npt=0.000-5.000');
    await pass(1000);
    expect(sent.length).toBeGreaterThan(48);
    expect(sent.length).toBeLessThan(53);
    await pass(5000);
    expect(units()).toEqual(everything);
    expect(
      sent.every(
        ({ timestamp }, i) => i === 0 || (timestamp - sent[i - 1]!.timestamp) >>> 0 === 160,
      ),
    ).toBe(true);
    expect([ended, errors]).toEqual([1, []]);
  });

  it('tells in RTP-Info what it sends first', async () => {
    const { rtpInfo } = await play({ unit: 'npt', start: 1.5, end: undefined });
    await turn();
    expect(units()).toEqual([550]);
    expect(rtpInfo[0]).toMatchObject({
      track: 0,
      seq: sent[0]!.sequence,
      rtptime: sent[0]!.timestamp,
    });
  });

  it('answers a clock range with the keyframe before it, and one in a hole with what follows', async () => {
    expect((await play({ unit: 'clock', start: 12_700, end: undefined })).range).toContain(
      'clock=19700101T000012',
    );
    expect((await play({ unit: 'clock', start: 15_000, end: undefined })).range).toContain(
      'clock=19700101T000020',
    );
  });

  it.each([
    ['behind the end', { unit: 'npt', start: 5, end: undefined }],
    ['before the beginning', { unit: 'npt', start: -1, end: undefined }],
    ['after the last footage', { unit: 'clock', start: 22_000, end: undefined }],
  ] as const)('refuses a range %s and plays on', async (_, range) => {
    await play();
    await expect(play(range)).rejects.toMatchObject({ where: { status: 457 } });
    await pass(500);
    expect(sent.length).toBeGreaterThan(3);
  });

  it('stops at PAUSE and goes on with the next unit at PLAY', async () => {
    await play();
    await pass(500);
    await stream.pause();
    await turn();
    const before = units();
    await pass(5_000);
    expect(units()).toEqual(before);
    await play();
    await pass(500);
    expect(units()).toEqual(Array.from({ length: sent.length }, (_, i) => 500 + i));
    expect(sent.length).toBeGreaterThan(before.length);
  });

  it('seeks while it plays, with one numbering and rising timestamps', async () => {
    await play();
    await pass(500);
    const before = sent.length;
    await play({ unit: 'npt', start: 4, end: undefined });
    await pass(300);
    await play({ unit: 'npt', start: 0, end: undefined });
    await pass(300);
    expect([sent[before]!.unit, units().lastIndexOf(500) > before]).toEqual([1050, true]);
    for (let i = 1; i < sent.length; i++) {
      expect((sent[i]!.sequence - sent[i - 1]!.sequence) & 0xffff).toBe(1);
      expect((sent[i]!.timestamp - sent[i - 1]!.timestamp) | 0).toBeGreaterThan(0);
    }
  });

  it('ends where the range ends', async () => {
    expect((await play({ unit: 'npt', start: 0, end: 0.5 })).range).toBe('npt=0.000-0.500');
    await pass(5000);
    expect(units()).toEqual(Array.from({ length: 25 }, (_, i) => 500 + i));
    expect(ended).toBe(1);
    await expect(play({ unit: 'npt', start: 2, end: 1 })).rejects.toMatchObject({
      where: { status: 457 },
    });
  });

  it('sends nothing of the old place once it was told to seek', async () => {
    await play();
    await pass(500);
    const before = sent.length;
    const seeking = play({ unit: 'npt', start: 4, end: undefined });
    clock.advance(UNIT_MS);
    await turn();
    await seeking;
    await pass(100);
    expect(sent[before]!.unit).toBe(1050);
  });

  it('waits for a client that is behind', async () => {
    behind = true;
    await play();
    await pass(2000);
    expect(sent.length).toBe(1);
    behind = false;
    drain();
    await pass(200);
    expect(sent.length).toBeGreaterThan(2);
  });

  it('passes over segments that were deleted meanwhile', async () => {
    missing.add('12000');
    await play({ unit: 'npt', start: 1, end: undefined });
    await pass(4000);
    expect(units()).not.toContain(610);
    expect([units().includes(1000), ended]).toEqual([true, 1]);
  });

  it('reports the time of the recording, not of today', async () => {
    await play();
    await turn();
    const [report] = decodeRtcp(reports[0]!, 0, reports[0]!.length);
    expect(report!.type === 'sr' && Math.round(report!.ntpMs)).toBe(10_000);
  });

  it('goes on after PAUSE with the timestamp that it tells', async () => {
    await play();
    await pass(500);
    await stream.pause();
    const { rtpInfo } = await play();
    expect(rtpInfo[0]).toMatchObject({
      seq: (sent.at(-1)!.sequence + 1) & 0xffff,
      rtptime: sent.at(-1)!.timestamp,
    });
  });

  describe('without rate control', () => {
    it('sends the same units with the same timestamps, and does not wait for their time', async () => {
      const answer = await play(undefined, 'no');
      expect(answer).toMatchObject({ rateControl: 'no', range: 'npt=0.000-5.000' });
      await turn();
      expect([units(), ended, errors]).toEqual([everything, 1, []]);
      const steps = sent.slice(1).map(({ timestamp }, i) => (timestamp - sent[i]!.timestamp) >>> 0);
      expect(new Set(steps)).toEqual(new Set([160]));
      expect(reports).toEqual([]);
    });

    it('does a bounded piece of work at a time', async () => {
      unitBytes = 1200;
      await play(undefined, 'no');
      await turn();
      expect([units(), ended]).toEqual([everything, 1]);
      expect(flushed.length).toBeGreaterThan(3);
      expect(Math.max(...flushed)).toBeLessThan(1.1 * 64 * 1024);
    });

    it('reads no further than the client takes', async () => {
      unitBytes = 1200;
      behind = true;
      await play(undefined, 'no');
      await turn();
      const [packets, flushes] = [sent.length, flushed.length];
      await pass(1000);
      expect([sent.length, flushed.length]).toEqual([packets, flushes]);
      drain();
      await turn();
      expect(flushed.length).toBe(flushes + 1);
      behind = false;
      drain();
      await turn();
      expect([units(), ended]).toEqual([everything, 1]);
    });

    it('sends nothing of the old place once it was told to seek', async () => {
      unitBytes = 1200;
      behind = true;
      await play(undefined, 'no');
      await turn();
      const before = units().length;
      const packets = sent.length;
      behind = false;
      const seeking = play({ unit: 'npt', start: 4, end: undefined }, 'no');
      await turn();
      drain();
      const { rtpInfo } = await seeking;
      await turn();
      expect(units().slice(before)).toEqual(Array.from({ length: 50 }, (_, i) => 1050 + i));
      expect(rtpInfo[0]).toMatchObject({
        seq: sent[packets]!.sequence,
        rtptime: sent[packets]!.timestamp,
      });
    });

    it('pauses, and goes on at another pace', async () => {
      unitBytes = 1200;
      behind = true;
      await play(undefined, 'no');
      await turn();
      await stream.pause();
      behind = false;
      drain();
      await turn();
      const before = units().length;
      expect((await play()).rateControl).toBe('yes');
      await pass(200);
      // What was collected already goes out at once.
      expect(units().length - before).toBeLessThan(80);
      expect((await play(undefined, 'no')).rateControl).toBe('no');
      await turn();
      expect([units(), ended]).toEqual([everything, 1]);
    });

    it('keeps to real time over UDP, which has no flow control, and says so', async () => {
      transport = 'udp';
      expect((await play(undefined, 'no')).rateControl).toBe('yes');
      await pass(1000);
      expect(sent.length).toBeLessThan(53);
    });
  });

  it('sends nothing after it was closed', async () => {
    await play();
    await pass(300);
    stream.close();
    await turn();
    const count = sent.length;
    await pass(3000);
    expect([sent.length, ended]).toEqual([count, 0]);
  });
});
