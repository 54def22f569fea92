import { beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '@nightjar/common';
import {
  createDepacketizer,
  createPacketizer,
  sequenceOf,
  splitAnnexB,
  ssrcOf,
  timestampOf,
  type TrackFormat,
} from '@nightjar/rtp';
import type { SdpTrack } from '@nightjar/rtsp';
import type { HubReader } from '../hub/hub.js';
import type { PacketBatch } from '../hub/packet-batch.js';
import { StreamHub } from '../hub/stream-hub.js';
import type { OfflineReason, Source, SourceSink, SourceStats } from '../source/source.js';
import { NO_SIGNAL_H264, NO_SIGNAL_H265 } from './no-signal.js';
import { StandInSource, STILL_INTERVAL_MS, type Shown } from './stand-in-source.js';
import { noSignal, noSignalFormat } from './still.js';

const AFTER_MS = 2_000;
const [SPS = new Uint8Array(), PPS = new Uint8Array(), IDR = new Uint8Array()] =
  splitAnnexB(NO_SIGNAL_H264);

const trackOf = (format: TrackFormat): SdpTrack => ({ format, control: '', direction: 'recvonly' });
const AUDIO = trackOf({
  kind: 'audio',
  codec: 'pcma',
  payloadType: 8,
  clockRateHz: 8000,
  channels: 1,
  encodingName: 'PCMA',
  fmtp: {},
});
const videoOf = (payloadType: number): SdpTrack => trackOf({ ...noSignalFormat(), payloadType });

const unitOf = (...nals: readonly Uint8Array[]): Buffer =>
  Buffer.concat(nals.flatMap((nal) => [Buffer.from([0, 0, nal.length >> 8, nal.length]), nal]));

/** A camera that sends what the test says. */
class Camera implements Source {
  stats = { state: 'playing' } as SourceStats;
  running = false;
  sink!: SourceSink;
  private packetizer;

  constructor(readonly tracks: readonly SdpTrack[]) {
    this.packetizer = createPacketizer(
      { codec: 'h264', sps: SPS, pps: PPS, widthPx: 640, heightPx: 360 },
      { payloadType: tracks[0]!.format.payloadType, ssrc: 9, firstSequence: 500 },
    );
  }

  start(): void {
    this.running = true;
  }

  stop(): Promise<void> {
    this.running = false;
    return Promise.resolve();
  }

  frame(key: boolean, ticks: number): void {
    const slice = Buffer.from([0x41, 0x9a, 0x21, 0x43]);
    const unit = { data: key ? unitOf(IDR) : unitOf(slice), keyframe: key };
    for (const packet of this.packetizer.packetize(unit, ticks))
      this.sink.rtp(0, packet, 0, packet.length);
    this.sink.flush();
  }
}

/** A player: what it saw, and whether the numbering ever broke. */
class Player implements HubReader {
  readonly holdsBatches = false;
  readonly pictures: string[] = [];
  readonly packets: { sequence: number; timestamp: number; ssrc: number; type: number }[] = [];
  readonly told: string[] = [];
  private depacketizer;

  constructor(format: TrackFormat) {
    this.depacketizer = createDepacketizer(format, {
      config: () => undefined,
      accessUnit: ({ keyframe, damaged }) =>
        this.pictures.push(`${keyframe ? 'key' : 'delta'}${damaged ? ' damaged' : ''}`),
    })!;
  }

  tracks(tracks: readonly SdpTrack[]): void {
    this.told.push(`tracks ${tracks.map(({ format }) => format.payloadType).join()}`);
  }

  batch(batch: PacketBatch, from: number): void {
    for (let i = from; i < batch.count; i++) {
      const [at, length] = [batch.offsets[i]!, batch.lengths[i]!];
      if (batch.tracks[i] !== 0) continue;
      this.packets.push({
        sequence: sequenceOf(batch.bytes, at),
        timestamp: timestampOf(batch.bytes, at),
        ssrc: ssrcOf(batch.bytes, at),
        type: batch.bytes[at + 1]! & 0x7f,
      });
      this.depacketizer.push(batch.bytes, at, length);
    }
  }

  interrupted(reason: OfflineReason): void {
    this.told.push(`interrupted ${reason}`);
  }

  closed(): void {
    this.told.push('closed');
  }

  /** Whether every packet follows the one before it, in one stream whose time goes on. */
  get unbroken(): boolean {
    return this.packets.every((packet, at) => {
      const before = this.packets[at - 1];
      if (before === undefined) return true;
      return (
        packet.sequence === ((before.sequence + 1) & 0xffff) &&
        packet.ssrc === before.ssrc &&
        ((packet.timestamp - before.timestamp) | 0) >= 0 &&
        packet.type === before.type
      );
    });
  }
}

describe('what takes the place of a camera', () => {
  let clock: ManualClock;
  let shown: Shown[];
  let unfit: number;

  beforeEach(() => {
    clock = new ManualClock();
    shown = [];
    unfit = 0;
  });

  const hubOf = (source: (sink: SourceSink) => Source): StreamHub =>
    new StreamHub({ clock, cname: 'test', closeAfterMs: 0, createSource: source });

  const hubOfCamera = (camera: Camera): StreamHub =>
    hubOf((sink) => {
      camera.sink = sink;
      return camera;
    });

  const standIn = (hub: StreamHub, fallback?: StreamHub): StreamHub =>
    hubOf(
      (sink) =>
        new StandInSource(
          {
            hub,
            fallback: fallback === undefined ? undefined : () => fallback,
            afterMs: AFTER_MS,
            clock,
            onShown: (what) => shown.push(what),
            onUnfit: () => unfit++,
          },
          sink,
        ),
    );

  /** Sources begin once the promise of the stop before them is settled. */
  const settled = async (): Promise<void> => {
    for (let turn = 0; turn < 4; turn++) await Promise.resolve();
  };

  const watch = async (hub: StreamHub, format: TrackFormat): Promise<Player> => {
    const player = new Player(format);
    hub.attach(player, { fromKeyframe: true });
    await settled();
    return player;
  };

  it('is nothing while the camera is there', async () => {
    const camera = new Camera([videoOf(96), AUDIO]);
    const player = await watch(standIn(hubOfCamera(camera)), camera.tracks[0]!.format);
    camera.sink.online(camera.tracks);
    for (let at = 0; at < 4; at++) {
      camera.frame(at % 2 === 0, at * 3600);
      clock.advance(40);
    }
    expect(player.pictures).toEqual(['key', 'delta', 'key', 'delta']);
    expect([player.unbroken, shown]).toEqual([true, ['camera']]);
    expect(player.told).toEqual(['tracks 96,8']);
  });

  it('is the last picture, again and again, until the next keyframe of the camera', async () => {
    const camera = new Camera([videoOf(96), AUDIO]);
    const player = await watch(standIn(hubOfCamera(camera)), camera.tracks[0]!.format);
    camera.sink.online(camera.tracks);
    camera.frame(true, 0);
    clock.advance(40);
    camera.frame(false, 3600);
    camera.sink.offline('closed', 'gone');
    expect(player.told.at(-1)).toBe('interrupted closed');
    clock.advance(AFTER_MS - 1);
    expect(shown).toEqual(['camera', 'nothing']);
    clock.advance(1);
    clock.advance(3 * STILL_INTERVAL_MS);
    expect(shown).toEqual(['camera', 'nothing', 'slate']);
    expect(player.pictures).toEqual(['key', 'delta', 'key', 'key', 'key', 'key']);

    camera.sink.online(camera.tracks);
    camera.frame(false, 900_000);
    camera.frame(true, 903_600);
    clock.advance(40);
    camera.frame(false, 907_200);
    clock.advance(10 * STILL_INTERVAL_MS);
    expect(shown.at(-1)).toBe('camera');
    expect(player.pictures.slice(6)).toEqual(['key', 'delta']);
    expect(player.unbroken).toBe(true);
    expect(player.told).toEqual(['tracks 96,8', 'interrupted closed']);
  });

  it('is not seen when the camera is back in time', async () => {
    const camera = new Camera([videoOf(96)]);
    const player = await watch(standIn(hubOfCamera(camera)), camera.tracks[0]!.format);
    camera.sink.online(camera.tracks);
    camera.frame(true, 0);
    camera.sink.offline('closed', 'gone');
    clock.advance(AFTER_MS - 1);
    camera.sink.online(camera.tracks);
    camera.frame(true, 50_000);
    clock.advance(10 * AFTER_MS);
    expect(shown).toEqual(['camera', 'nothing', 'camera']);
    expect(player.unbroken).toBe(true);
  });

  it('is a bundled picture where the camera was never seen', async () => {
    const camera = new Camera([videoOf(96), AUDIO]);
    const hub = standIn(hubOfCamera(camera));
    const player = await watch(hub, noSignalFormat());
    const ready = hub.ready(60_000);
    clock.advance(AFTER_MS + STILL_INTERVAL_MS);
    const tracks = await ready;
    expect(tracks.map(({ format }) => [format.codec, format.payloadType])).toEqual([['h264', 96]]);
    expect(player.pictures).toEqual(['key', 'key']);
    expect(player.unbroken).toBe(true);
  });

  it('is another stream from keyframe to keyframe, in the numbering and payload type of the first', async () => {
    const camera = new Camera([videoOf(96), AUDIO]);
    const second = new Camera([AUDIO, videoOf(103)].toReversed());
    const player = await watch(
      standIn(hubOfCamera(camera), hubOfCamera(second)),
      camera.tracks[0]!.format,
    );
    camera.sink.online(camera.tracks);
    camera.frame(true, 0);
    expect(second.running).toBe(false);
    camera.sink.offline('stalled', 'gone');
    clock.advance(AFTER_MS);
    await settled();
    expect(second.running).toBe(true);
    // Neither is there for a while.
    camera.sink.offline('unreachable', 'an attempt failed');
    clock.advance(10 * AFTER_MS);
    camera.sink.offline('unreachable', 'another attempt failed');
    second.sink.online(second.tracks);
    second.frame(false, 77);
    expect(shown.at(-1)).toBe('nothing');
    second.frame(true, 3_677);
    clock.advance(40);
    second.frame(false, 7_277);
    expect(shown.at(-1)).toBe('fallback');

    camera.sink.online(camera.tracks);
    camera.frame(false, 1_000_000);
    expect(shown.at(-1)).toBe('fallback');
    camera.frame(true, 1_003_600);
    clock.advance(40);
    camera.frame(false, 1_007_200);
    clock.advance(0);
    await settled();
    expect([shown.at(-1), second.running]).toEqual(['camera', false]);
    expect(player.pictures.filter((picture) => picture.includes('damaged'))).toEqual([]);
    expect(player.pictures.filter((picture) => picture === 'key').length).toBe(3);
    expect(player.unbroken).toBe(true);
    expect(unfit).toBe(0);
  });

  it('leaves the place empty, and the other camera alone, where the codecs do not fit', async () => {
    const camera = new Camera([videoOf(96)]);
    const second = new Camera([videoOf(97)]);
    const h265 = [trackOf({ ...noSignalFormat(), codec: 'h265', encodingName: 'H265', fmtp: {} })];
    const player = await watch(
      standIn(hubOfCamera(camera), hubOfCamera(second)),
      camera.tracks[0]!.format,
    );
    camera.sink.online(camera.tracks);
    camera.frame(true, 0);
    camera.sink.offline('closed', 'gone');
    clock.advance(AFTER_MS);
    await settled();
    second.sink.online(h265);
    clock.advance(AFTER_MS);
    await settled();
    expect([unfit, second.running, shown.at(-1)]).toEqual([1, false, 'nothing']);
    expect(player.unbroken).toBe(true);
  });

  it('ends with the last reader, and leaves the cameras', async () => {
    const camera = new Camera([videoOf(96)]);
    const hub = standIn(hubOfCamera(camera));
    const player = await watch(hub, camera.tracks[0]!.format);
    clock.advance(AFTER_MS + STILL_INTERVAL_MS);
    const before = player.packets.length;
    hub.detach(player);
    clock.advance(0);
    await settled();
    clock.advance(10 * STILL_INTERVAL_MS);
    await settled();
    expect([camera.running, player.packets.length, shown.at(-1)]).toEqual([
      false,
      before,
      'nothing',
    ]);
  });

  it('has a bundled picture for H.264 and H.265, and for nothing else', () => {
    const video = noSignalFormat();
    expect(noSignal(video)?.next(0).length).toBeGreaterThan(0);
    expect(noSignal({ ...video, codec: 'h265' })?.next(0).length).toBeGreaterThan(0);
    expect(noSignal(AUDIO.format)).toBeUndefined();
    expect(
      splitAnnexB(NO_SIGNAL_H265)
        .map((nal) => (nal[0]! >> 1) & 0x3f)
        .slice(0, 3),
    ).toEqual([32, 33, 34]);
  });
});
