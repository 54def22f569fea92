import { beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '@nightjar/common';
import { decodeRtcp, encodeRtp, sequenceOf, timestampOf } from '@nightjar/rtp';
import type { SdpTrack } from '@nightjar/rtsp';
import type { OfflineReason, Source, SourceSink, SourceStats } from '../source/source.js';
import type { HubReader } from './hub.js';
import type { PacketBatch } from './packet-batch.js';
import { StreamHub } from './stream-hub.js';

const VIDEO: SdpTrack = {
  format: {
    kind: 'video',
    codec: 'h264',
    payloadType: 96,
    clockRateHz: 90_000,
    channels: 0,
    encodingName: 'H264',
    fmtp: {},
  },
  control: 'trackID=0',
  direction: 'recvonly',
};
const IDR = 0x65;
const SLICE = 0x41;

class FakeSource implements Source {
  static readonly all: FakeSource[] = [];
  started = 0;
  stopped = 0;
  stats = { state: 'playing' } as SourceStats;

  constructor(readonly sink: SourceSink) {
    FakeSource.all.push(this);
  }

  start(): void {
    this.started++;
  }

  stop(): Promise<void> {
    this.stopped++;
    return Promise.resolve();
  }

  frame(sequence: number, nal: number): void {
    const packet = encodeRtp(
      { payloadType: 96, sequence, timestamp: sequence * 3600, ssrc: 5, marker: true },
      Buffer.from([nal, 0x88, 0x80, 0x10]),
    );
    this.sink.rtp(0, packet, 0, packet.length);
    this.sink.flush();
  }
}

class FakeReader implements HubReader {
  readonly holdsBatches = false;
  readonly events: string[] = [];
  readonly reports: Buffer[] = [];

  tracks(tracks: readonly SdpTrack[]): void {
    this.events.push(`tracks ${tracks.length}`);
  }

  batch(batch: PacketBatch, from: number): void {
    for (let i = from; i < batch.count; i++) {
      const nal = batch.bytes[batch.offsets[i]! + 12]!;
      this.events.push(nal === IDR ? 'key' : 'delta');
    }
  }

  report(_: number, packet: Buffer): void {
    this.reports.push(packet);
  }

  interrupted(reason: OfflineReason): void {
    this.events.push(`interrupted ${reason}`);
  }

  closed(): void {
    this.events.push('closed');
  }
}

describe('a stream hub', () => {
  let clock: ManualClock;
  let hub: StreamHub;
  const source = (): FakeSource => FakeSource.all.at(-1)!;
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  beforeEach(() => {
    FakeSource.all.length = 0;
    clock = new ManualClock();
    hub = new StreamHub({
      clock,
      closeAfterMs: 10_000,
      cname: 'test',
      createSource: (sink) => new FakeSource(sink),
    });
  });

  it('pulls the camera once, however many readers there are, and not at all for nobody', async () => {
    expect([hub.state, FakeSource.all.length]).toEqual(['idle', 0]);
    const readers = [new FakeReader(), new FakeReader(), new FakeReader()];
    for (const reader of readers) hub.attach(reader, { fromKeyframe: true });
    await settle();
    expect([FakeSource.all.length, source().started]).toEqual([1, 1]);
    for (const reader of readers) hub.detach(reader);
    clock.advance(9_999);
    expect(source().stopped).toBe(0);
    clock.advance(1);
    expect([source().stopped, hub.state]).toEqual([1, 'idle']);
  });

  it('tells readers why the camera cannot be reached, also those that come later', () => {
    const reader = (): FakeReader & { unavailable: NonNullable<HubReader['unavailable']> } =>
      Object.assign(new FakeReader(), {
        unavailable(this: FakeReader, reason: OfflineReason) {
          this.events.push(`unavailable ${reason}`);
        },
      });
    const early = reader();
    hub.attach(early, { fromKeyframe: true });
    source().sink.offline('unreachable', 'no route');
    const late = reader();
    hub.attach(late, { fromKeyframe: true });
    source().sink.offline('unauthorized', '401');
    source().sink.online([VIDEO]);
    const last = reader();
    hub.attach(last, { fromKeyframe: true });
    source().sink.offline('stalled', 'silence');
    const tried = ['unavailable unreachable', 'unavailable unauthorized'];
    expect(early.events).toEqual([...tried, 'tracks 1', 'interrupted stalled']);
    expect(late.events).toEqual(early.events);
    expect(last.events).toEqual(['tracks 1', 'interrupted stalled']);
  });

  it('keeps the source when a reader returns before closeAfter is over', async () => {
    const reader = new FakeReader();
    hub.attach(reader, { fromKeyframe: true });
    hub.detach(reader);
    clock.advance(9_000);
    hub.attach(reader, { fromKeyframe: true });
    clock.advance(60_000);
    await settle();
    expect([FakeSource.all.length, source().stopped]).toEqual([1, 0]);
  });

  it('starts a late reader at the last keyframe, and tells RTP-Info its first packet', () => {
    hub.attach(new FakeReader(), { fromKeyframe: false });
    source().sink.online([VIDEO]);
    source().frame(1, SLICE);
    source().frame(2, IDR);
    source().frame(3, SLICE);
    const late = new FakeReader();
    const position = hub.position()[0]!;
    let first: number | undefined;
    const batch = late.batch.bind(late);
    late.batch = (b, from) => {
      first ??= sequenceOf(b.bytes, b.offsets[from]!);
      batch(b, from);
    };
    hub.attach(late, { fromKeyframe: true });
    source().frame(4, SLICE);
    expect(late.events).toEqual(['tracks 1', 'key', 'delta', 'delta']);
    expect(first).toBe(position.sequence);
  });

  it('lets readers live through a reconnect with one unbroken numbering', () => {
    const reader = new FakeReader();
    const sequences: number[] = [];
    reader.tracks = () => undefined;
    reader.batch = (batch) => {
      sequences.push(sequenceOf(batch.bytes, batch.offsets[0]!));
    };
    hub.attach(reader, { fromKeyframe: false });
    source().sink.online([VIDEO]);
    source().frame(10, IDR);
    source().sink.offline('stalled', 'no packet');
    source().sink.online([VIDEO]);
    source().frame(50_000, IDR);
    expect(reader.events).toEqual(['interrupted stalled']);
    expect(sequences[1]).toBe((sequences[0]! + 1) & 0xffff);
    expect(hub.stats.sessions).toBe(2);
  });

  it('does not start a player with packets from before an interruption', () => {
    hub.attach(new FakeReader(), { fromKeyframe: false });
    source().sink.online([VIDEO]);
    source().frame(1, IDR);
    source().sink.offline('closed', 'gone');
    const late = new FakeReader();
    hub.attach(late, { fromKeyframe: true });
    expect(late.events).toEqual(['tracks 1']);
  });

  it('tries a camera that was given up again when somebody asks for it', async () => {
    hub.attach(new FakeReader(), { fromKeyframe: true });
    await settle();
    source().stats = { ...source().stats, state: 'given-up' };
    hub.attach(new FakeReader(), { fromKeyframe: true });
    expect([FakeSource.all.length, source().started]).toEqual([1, 2]);
  });

  it('makes DESCRIBE wait for the camera and gives up in time', async () => {
    const waiting = hub.ready(5_000);
    source().sink.online([VIDEO]);
    expect(await waiting).toEqual([VIDEO]);
    source().sink.offline('closed', 'the camera hung up');
    const second = hub.ready(5_000);
    clock.advance(5_000);
    await expect(second).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining('hung up'),
    });
  });

  it('answers at once when the camera refuses the login', async () => {
    const waiting = hub.ready(5_000);
    source().sink.offline('unauthorized', 'wrong password');
    await expect(waiting).rejects.toMatchObject({ kind: 'unavailable' });
  });

  it('leaves a camera that nobody took after DESCRIBE', async () => {
    const waiting = hub.ready(5_000);
    source().sink.online([VIDEO]);
    await waiting;
    clock.advance(10_000);
    expect(source().stopped).toBe(1);
  });

  it('takes new parameter sets into the description', () => {
    hub.attach(new FakeReader(), { fromKeyframe: false });
    source().sink.online([VIDEO]);
    const before = hub.tracksVersion;
    const sps = Buffer.from('6742c01eda0280bfe5c05a808080a0000003002000000651e2c5d4', 'hex');
    const pps = Buffer.from('68ce3c80', 'hex');
    for (const [i, nal] of [sps, pps, Buffer.from([IDR, 0x88, 0x80])].entries()) {
      const packet = encodeRtp(
        { payloadType: 96, sequence: i, timestamp: 9000, ssrc: 5, marker: i === 2 },
        nal,
      );
      source().sink.rtp(0, packet, 0, packet.length);
    }
    source().sink.flush();
    expect(hub.tracks![0]!.format.fmtp['sprop-parameter-sets']).toContain(sps.toString('base64'));
    expect(hub.tracksVersion).toBe(before + 1);
  });

  it('reports the camera clock moved onto ours every five seconds', () => {
    const reader = new FakeReader();
    hub.attach(reader, { fromKeyframe: true });
    source().sink.online([VIDEO]);
    source().frame(1, IDR);
    source().sink.senderReport(0, Date.UTC(1999, 0, 1), 3600);
    clock.advance(5_000);
    const [report] = decodeRtcp(reader.reports[0]!, 0, reader.reports[0]!.length);
    expect(report).toMatchObject({ type: 'sr', packets: 1 });
    expect(report!.type === 'sr' && Math.abs(report!.ntpMs - clock.wallMs())).toBeLessThan(2);
  });

  it('says every five seconds that the camera is away, until it is back', () => {
    const reader = new FakeReader();
    hub.attach(reader, { fromKeyframe: true });
    const told = (): unknown[] =>
      reader.reports.splice(0).map((report) => decodeRtcp(report, 0, report.length).at(-1));
    const note = { type: 'sdes', note: 'The camera is away (closed)' };
    source().sink.online([VIDEO]);
    source().frame(1, IDR);
    told();
    source().sink.offline('closed', 'a detail that names hosts');
    source().sink.offline('unreachable', 'a further attempt failed');
    expect(told()).toMatchObject([note]);
    clock.advance(10_000);
    expect(told()).toMatchObject([note, note]);
    source().sink.online([VIDEO]);
    source().frame(2, IDR);
    clock.advance(5_000);
    expect(told()).toEqual([{ type: 'sdes', ssrc: expect.any(Number), cname: 'test' }]);
  });

  it('passes on what the camera reports, in the numbering of its packets, also to who comes later', () => {
    const seen: (readonly [track: number, ntpMs: number, timestamp: number])[] = [];
    class Listener extends FakeReader {
      timestamp = -1;

      override batch(batch: PacketBatch, from: number): void {
        this.timestamp = timestampOf(batch.bytes, batch.offsets[from]!);
      }

      cameraTime(track: number, ntpMs: number, timestamp: number): void {
        seen.push([track, ntpMs, timestamp]);
      }
    }
    const early = new Listener();
    hub.attach(early, { fromKeyframe: true });
    source().sink.online([VIDEO]);
    source().sink.senderReport(0, 1_000, 7200);
    source().frame(1, IDR);
    source().sink.senderReport(0, Number.NaN, 3600);
    expect(seen).toEqual([]);
    source().sink.senderReport(0, 1_000, 7200);
    expect(seen).toEqual([[0, 1_000, (early.timestamp + 3600) >>> 0]]);
    hub.attach(new Listener(), { fromKeyframe: true });
    expect(seen).toEqual([seen[0], seen[0]]);
    source().sink.offline('closed', 'rebooted');
    source().sink.online([VIDEO]);
    hub.attach(new Listener(), { fromKeyframe: true });
    expect(seen).toHaveLength(2);
  });

  it('sends everybody away when the stream is removed', async () => {
    const reader = new FakeReader();
    hub.attach(reader, { fromKeyframe: true });
    await hub.shutdown();
    expect(reader.events).toEqual(['closed']);
    await expect(hub.ready(1)).rejects.toMatchObject({ kind: 'unavailable' });
  });
});
