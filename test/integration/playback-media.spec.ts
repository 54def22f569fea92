import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { AccessPolicy } from '@nightjar/access';
import { ManualClock } from '@nightjar/common';
import { PlaybackResolver } from '@nightjar/playback';
import {
  Archive,
  createRecorder,
  Journal,
  SegmentReader,
  Volume,
  WallClock,
  type Recorder,
} from '@nightjar/recording';
import type { MountStream, MountTrack, PlayRequest, StreamOutput } from '@nightjar/relay';
import {
  createDepacketizer,
  isDisposable,
  timestampOf,
  type CodecConfig,
  type Depacketizer,
} from '@nightjar/rtp';
import { until } from '../support/until.js';
import { audioClip, CountingMetrics, silentLog, TestCamera, videoClip } from './recording-media.js';
import type { Clip } from './recording-media.js';

const START = Date.UTC(2026, 10, 20, 12, 59, 56, 800);
const LOOP_MS = 8_000;
const FRAME_MS = 40;
const PLAY: PlayRequest = {
  range: undefined,
  scale: undefined,
  speed: undefined,
  rateControl: 'no',
  frames: undefined,
  immediate: false,
  cseq: 0,
  required: [],
};

interface Seen {
  readonly md5: string;
  readonly keyframe: boolean;
  /** RTP, 32 bits. */
  readonly timestamp: number;
}

/** A player that takes what comes as fast as it comes. */
class Player {
  readonly units: Seen[][];
  readonly configs: CodecConfig[][];
  goodbyes = 0;
  private readonly depacketizers: (Depacketizer | undefined)[];
  readonly output: StreamOutput;

  constructor(tracks: readonly MountTrack[]) {
    this.units = tracks.map(() => []);
    this.configs = tracks.map(() => []);
    this.depacketizers = tracks.map(({ format }, track) =>
      createDepacketizer(format, {
        config: (config) => this.configs[track]!.push(config),
        accessUnit: ({ data, keyframe, ticks }) =>
          this.units[track]!.push({
            md5: md5(data),
            keyframe,
            timestamp: ((ticks % 2 ** 32) + 2 ** 32) % 2 ** 32,
          }),
      }),
    );
    const take = (track: number, packet: Buffer): void => {
      expect(timestampOf(packet, 0)).toBeGreaterThanOrEqual(0);
      this.depacketizers[track]?.push(packet, 0, packet.length);
    };
    this.output = {
      transport: 'tcp',
      queuedBytes: 0,
      ssrc: (track) => track + 1,
      batch: ({ bytes, count, offsets, lengths, tracks: of }, from) => {
        for (let i = from; i < count; i++)
          take(of[i]!, bytes.subarray(offsets[i], offsets[i]! + lengths[i]!));
      },
      send: (track, packet, rtcp) => {
        if (!rtcp) take(track, packet);
      },
      stopped: () => undefined,
      flush: () => true,
      drained: () => Promise.resolve(),
      end: () => {
        this.goodbyes += 1;
      },
      cut: () => undefined,
    };
  }
}

const md5 = (data: Uint8Array): string => createHash('md5').update(data).digest('hex');

let clips: string;
let h264: Clip;
let root: string;
let clock: ManualClock;
let volume: Volume;
let journal: Journal;
let recorder: Recorder;
let archive: Archive;
let resolver: PlaybackResolver;
let errors: unknown[];

beforeAll(() => {
  clips = mkdtempSync(join(tmpdir(), 'nightjar-clips-'));
  h264 = videoClip(clips, { codec: 'h264', seconds: 8, fps: 25, gop: 50 });
}, 60_000);
afterAll(() => rmSync(clips, { recursive: true, force: true }));

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'nightjar-volume-'));
  clock = new ManualClock(START);
  volume = await Volume.open('main', root, { adopt: 'empty' });
  journal = await Journal.open(volume.journalDirectory, clock);
  recorder = createRecorder({
    camera: 'front',
    stream: 'main',
    chooseVolume: () => ({ volume, journal }),
    clock: new WallClock(clock),
    settings: { segmentMs: 10_000, fragmentMs: 1_000, sync: 'none', queueBytes: 16 * 1024 * 1024 },
    log: silentLog,
    metricsSink: new CountingMetrics(),
  });
  archive = new Archive({ openSegment: () => recorder.openSegment }, clock);
  archive.add(volume);
  errors = [];
  resolver = new PlaybackResolver({
    archive,
    policy: new AccessPolicy({}),
    clock,
    cname: 'test',
    recordedStream: () => 'main',
    onError: (_, error) => errors.push(error),
    onSessions: () => undefined,
  });
});
afterEach(async () => {
  expect(errors).toEqual([]);
  await recorder.stop();
  await journal.close();
  rmSync(root, { recursive: true, force: true });
});

async function open(): Promise<{ player: Player; stream: MountStream; tracks: MountTrack[] }> {
  const mount = await resolver.resolve('front', new URLSearchParams(), undefined);
  const { tracks } = await mount.describe([]);
  const player = new Player(tracks);
  return { player, stream: mount.open(player.output, [...tracks.keys()]), tracks: [...tracks] };
}

/** Lets reading go on until it has to wait for the clock or has ended. */
async function settled(player: Player): Promise<void> {
  for (let before = -1, calm = 0; calm < 20;) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    const now = player.units.reduce((sum, { length }) => sum + length, 0);
    calm = now === before ? calm + 1 : 0;
    before = now;
  }
}

/** Waits for so many goodbyes. */
async function ended(player: Player, count: number): Promise<void> {
  await until(() => player.goodbyes >= count);
}

/** MD5 and wall time of all recorded units of a track, by segment. */
async function recorded(track: number): Promise<{ md5: string; wallMs: number }[]> {
  const units: { md5: string; wallMs: number }[] = [];
  for await (const segment of archive.walk('front', 'main', 0, 'up')) {
    const reader = await SegmentReader.open(volume.resolve(segment.path));
    for await (const unit of reader.unitsFrom(0))
      if (unit.track === track) units.push({ md5: md5(unit.data), wallMs: unit.wallMs });
    await reader.close();
  }
  return units;
}

describe('playback of real footage', () => {
  it('tells of other parameter sets in band, where they change', async () => {
    const small = videoClip(clips, {
      codec: 'h264',
      seconds: 8,
      fps: 25,
      gop: 50,
      size: '160x120',
    });
    const first = new TestCamera(clock, [h264], LOOP_MS);
    recorder.tracks(first.tracks);
    await first.play(recorder, 6_000);
    await new TestCamera(clock, [small], LOOP_MS).play(recorder, 6_000);
    await recorder.stop();
    clock.advance(60_000);
    const { player, stream } = await open();
    await stream.play(PLAY);
    await ended(player, 1);
    const wanted = await recorded(0);
    expect(player.units[0]!.map((unit) => unit.md5)).toEqual(wanted.map((unit) => unit.md5));
    const sizes = player.configs[0]!.map((config) => 'widthPx' in config && config.widthPx);
    expect([...new Set(sizes)]).toEqual([320, 160]);
    // Backwards too: each stretch with its own.
    await stream.play({ ...PLAY, scale: -1 });
    await ended(player, 2);
    const backwards = player.units[0]!.slice(wanted.length);
    expect(backwards.filter(({ keyframe }) => keyframe).length).toBeGreaterThanOrEqual(5);
    expect(new Set(backwards.map((unit) => unit.md5))).toEqual(
      new Set(wanted.map((unit) => unit.md5)),
    );
    const back = player.configs[0]!.map((config) => 'widthPx' in config && config.widthPx);
    expect(back).toEqual([320, 160, 320]);
    stream.close();
  }, 60_000);

  it('follows the recorder over segments, with sound', async () => {
    const camera = new TestCamera(clock, [h264, audioClip(clips, 'aac', 8)], LOOP_MS);
    recorder.tracks(camera.tracks);
    await camera.play(recorder, 5_000);
    await recorder.idle();
    const { player, stream } = await open();
    const answer = await stream.play({ ...PLAY, rateControl: 'yes' });
    expect(answer.range).toMatch(/^npt=0\.000-$/);
    for (let second = 0; second < 20; second++) {
      await camera.play(recorder, 1_000);
      await recorder.idle();
      await settled(player);
    }
    await recorder.stop();
    await settled(player);
    clock.advance(1_000);
    await settled(player);
    for (let second = 0; second < 15 && player.goodbyes === 0; second++) {
      clock.advance(1_000);
      await settled(player);
    }
    expect(player.goodbyes).toBe(1);
    for (const [track, clockRateHz] of [90_000, 16_000].entries()) {
      const wanted = await recorded(track);
      const seen = player.units[track]!;
      expect(seen.map((unit) => unit.md5)).toEqual(wanted.map((unit) => unit.md5));
      expect(wanted.length).toBeGreaterThan(500 * (track === 0 ? 1 : 0.6));
      const origin = seen[0]!.timestamp;
      const drifts = seen.map(({ timestamp }, i) => {
        const mediaMs = (((timestamp - origin) | 0) / clockRateHz) * 1000;
        return Math.abs(mediaMs - (wanted[i]!.wallMs - wanted[0]!.wallMs));
      });
      // One time line for both, whatever was known of a file when it was read.
      expect(Math.max(...drifts)).toBeLessThan(8);
    }
    stream.close();
  }, 120_000);

  it('presents tracks that came later, and plays those that are there', async () => {
    const mute = new TestCamera(clock, [h264], LOOP_MS);
    recorder.tracks(mute.tracks);
    await mute.play(recorder, 5_000);
    const loud = new TestCamera(clock, [h264, audioClip(clips, 'aac', 8)], LOOP_MS);
    recorder.tracks(loud.tracks);
    await loud.play(recorder, 5_000);
    await recorder.stop();
    clock.advance(60_000);
    const { player, stream, tracks } = await open();
    expect(tracks.map(({ format }) => format.codec)).toEqual(['h264', 'aac']);
    expect(tracks.map(({ attributes }) => attributes)).toEqual([
      ['x-onvif-track:VIDEO001'],
      ['x-onvif-track:AUDIO001'],
    ]);
    await stream.play(PLAY);
    await ended(player, 1);
    for (const track of [0, 1]) {
      // Sound is the second track of the files that have it.
      const wanted = await recorded(track);
      expect(player.units[track]!.map((unit) => unit.md5)).toEqual(wanted.map((unit) => unit.md5));
      expect(wanted.length).toBeGreaterThan(50);
    }
    stream.close();
  }, 60_000);

  it('leaves out the pictures that no other needs when predicted ones are asked for', async () => {
    const clip = videoClip(clips, { codec: 'h264', seconds: 8, fps: 25, gop: 50, bFrames: 2 });
    const camera = new TestCamera(clock, [clip], LOOP_MS);
    recorder.tracks(camera.tracks);
    await camera.play(recorder, 6_000);
    await recorder.stop();
    clock.advance(60_000);
    const { player, stream } = await open();
    await stream.play({ ...PLAY, frames: { kind: 'predicted' } });
    await ended(player, 1);
    const needed = clip.units.filter(({ data }) => !isDisposable('h264', data));
    expect(needed.length).toBeLessThan(clip.units.length * 0.8);
    const all = await recorded(0);
    const wanted = new Set(needed.map(({ data }) => md5(data)));
    const expected = all.filter((unit) => wanted.has(unit.md5)).map((unit) => unit.md5);
    expect(player.units[0]!.map((unit) => unit.md5)).toEqual(expected);
    expect(expected.length * FRAME_MS).toBeGreaterThan(1_500);
    stream.close();
  }, 60_000);
});
