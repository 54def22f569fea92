import { beforeEach, describe, expect, it } from '@jest/globals';
import type { AccessUnit, TrackFormat } from '@nightjar/rtp';
import { MediaPool } from './media-memory.js';
import { RunTrack } from './run-track.js';

const VIDEO_HZ = 90_000;
const SOUND_HZ = 8_000;
/** On the camera's clock, of a picture and of the sound of the same instant. */
const VIDEO_START = 4_000_000_000;
const SOUND_START = 123_456;
const FRAME_MS = 40;
/** The camera keeps its pictures back for so long; its sound goes out at once. */
const PICTURE_DELAY_MS = 200;

const format = (kind: 'video' | 'audio', clockRateHz: number): TrackFormat => ({
  kind,
  codec: kind === 'video' ? 'h264' : 'pcmu',
  payloadType: 96,
  clockRateHz,
  channels: 1,
  encodingName: '',
  fmtp: {},
});
const unit = (ticks: number, keyframe: boolean): AccessUnit => ({
  data: new Uint8Array(1),
  ticks,
  keyframe,
  damaged: false,
});

let picture: RunTrack;
let sound: RunTrack;
let nowMs: number;
/** Added to the clock of the pictures. */
let pictureShiftMs: number;

beforeEach(() => {
  const pool = new MediaPool();
  picture = new RunTrack(format('video', VIDEO_HZ), pool);
  sound = new RunTrack(format('audio', SOUND_HZ), pool);
  nowMs = 0;
  pictureShiftMs = 0;
});

/** Lets the camera send for so long; times of pictures and sound are those at which they were taken. */
function play(ms: number): void {
  for (const endMs = nowMs + ms; nowMs < endMs; nowMs += FRAME_MS) {
    const takenMs = nowMs - PICTURE_DELAY_MS;
    const pictureTicks = VIDEO_START + (takenMs + pictureShiftMs) * (VIDEO_HZ / 1000);
    picture.place(unit(pictureTicks, nowMs % 1000 === 0), nowMs, nowMs);
    sound.place(unit(SOUND_START + nowMs * (SOUND_HZ / 1000), true), nowMs, nowMs);
  }
}

function reportPicture(ntpMs: number): void {
  picture.report(ntpMs, (VIDEO_START + (nowMs + pictureShiftMs) * (VIDEO_HZ / 1000)) >>> 0, nowMs);
  sound.relate(picture);
}

function reportSound(ntpMs: number): void {
  sound.report(ntpMs, (SOUND_START + nowMs * (SOUND_HZ / 1000)) >>> 0, nowMs);
  sound.relate(picture);
}

function anchor(): void {
  sound.anchor(0);
  picture.anchor(0);
}

/** Wall time of the sound less that of the picture that were taken at the same moment. */
function apartMs(): number {
  const pictureTicks = picture.line.onLine(VIDEO_START + pictureShiftMs * (VIDEO_HZ / 1000));
  return sound.clock.wallMs(sound.line.onLine(SOUND_START)) - picture.clock.wallMs(pictureTicks);
}

describe('sound and picture of one camera', () => {
  it('go by their arrivals when the camera reports nothing', () => {
    play(1_000);
    anchor();
    play(10_000);
    expect(apartMs()).toBeCloseTo(-PICTURE_DELAY_MS, 0);
  });

  it.each([
    ['now', Date.UTC(2026, 10, 20)],
    ['in 1970', 0],
    ['in local time', Date.UTC(2026, 10, 20, 5, 30)],
  ])('are put together by reports of a camera that lives %s', (_, dateMs) => {
    play(1_000);
    reportPicture(dateMs + nowMs);
    reportSound(dateMs + nowMs);
    anchor();
    expect(apartMs()).toBeCloseTo(0, 0);
    play(10_000);
    expect(apartMs()).toBeCloseTo(0, 0);
  });

  it.each([
    ['of one track only', (): void => reportPicture(nowMs)],
    [
      'without a time',
      (): void => {
        reportPicture(Number.NaN);
        reportSound(Number.NaN);
      },
    ],
    [
      'that would have the sound come seconds late',
      (): void => {
        reportPicture(nowMs);
        sound.report(nowMs, (SOUND_START + (nowMs + 3_000) * (SOUND_HZ / 1000)) >>> 0, nowMs);
        sound.relate(picture);
      },
    ],
    [
      'of another clock than that of the packets',
      (): void => {
        reportPicture(nowMs);
        sound.report(nowMs, (SOUND_START + 3_600 * SOUND_HZ) >>> 0, nowMs);
        sound.relate(picture);
      },
    ],
  ])('do not go by reports %s', (_, report) => {
    play(1_000);
    report();
    anchor();
    play(5_000);
    expect(apartMs()).toBeCloseTo(-PICTURE_DELAY_MS, 0);
  });

  it('are put together at the next seam when reports come late, and by slewing only before it', () => {
    play(1_000);
    anchor();
    play(120_000);
    reportPicture(nowMs);
    reportSound(nowMs);
    play(4_000);
    expect(apartMs()).toBeGreaterThan(-PICTURE_DELAY_MS);
    expect(apartMs()).toBeLessThanOrEqual(-PICTURE_DELAY_MS + 2.1);
    expect(sound.clock.owedMs(true)).toBeCloseTo(PICTURE_DELAY_MS - 2, 0);
    sound.settle();
    expect(apartMs()).toBeCloseTo(0, 0);
  });

  it('stay together when the camera is set and reports again', () => {
    play(1_000);
    reportPicture(nowMs);
    reportSound(nowMs);
    anchor();
    play(5_000);
    pictureShiftMs = 7_200_000;
    play(1_000);
    expect(picture.line.jumps).toBe(1);
    reportSound(nowMs + 7_200_000);
    reportPicture(nowMs + 7_200_000);
    play(5_000);
    sound.settle();
    expect(Math.abs(apartMs())).toBeLessThan(2);
  });

  it('counts sound that is longer than a picture as delayed by what it is longer', () => {
    for (nowMs = 128; nowMs < 4_000; nowMs += 128) {
      const ticks = SOUND_START + (nowMs - 128) * (SOUND_HZ / 1000);
      sound.place(unit(ticks, true), nowMs, nowMs);
    }
    expect(Math.abs(sound.clock.wallMs(SOUND_START) - FRAME_MS)).toBeLessThan(5);
  });
});
