import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '@nightjar/common';
import type { MediaFile, MediaFileUnit } from '@nightjar/containers';
import { BlockPool, type PlayRequest, type StreamOutput } from '@nightjar/relay';
import { sentFormatOf, timestampOf, type SentConfig } from '@nightjar/rtp';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { FileLibrary, type FileDescription } from './file-library.js';
import { FileMount } from './file-mount.js';
import { FileStream } from './file-stream.js';
import { MediaRoot } from './media-root.js';

const PICTURE_MS = 40;
const KEY_MS = 1_000;
const DURATION_MS = 20_000;
const VIDEO: SentConfig = { codec: 'vp8' };
const SOUND: SentConfig = { codec: 'pcmu', sampleRateHz: 8000, channels: 1 };
const PLAIN: PlayRequest = {
  range: undefined,
  scale: undefined,
  speed: undefined,
  rateControl: undefined,
  frames: undefined,
  immediate: false,
  cseq: 0,
  required: [],
};

/** Sound first, and pictures whose keyframes are a second apart. */
class Film implements MediaFile {
  readonly tracks = [SOUND, VIDEO];
  readonly durationMs = DURATION_MS;
  readonly seekable = true;
  /** Units that were read. */
  read = 0;

  startAt(timeMs: number): Promise<number> {
    return Promise.resolve(Math.floor(timeMs / KEY_MS) * KEY_MS);
  }

  async *units(fromMs: number): AsyncGenerator<MediaFileUnit> {
    for (let at = fromMs; at < DURATION_MS; at += PICTURE_MS) {
      await Promise.resolve();
      for (const track of this.tracks.keys()) {
        this.read += 1;
        const keyframe = track === 0 || at % KEY_MS === 0;
        yield { track, data: Buffer.alloc(100, 1), keyframe, timeMs: at, dueMs: at };
      }
    }
  }

  close(): void {
    // Nothing is open.
  }
}

interface Sent {
  readonly track: number;
  readonly timestamp: number;
  readonly atMs: number;
}

class Output {
  readonly sent: Sent[] = [];
  reports = 0;
  ended = 0;
  readonly stream: StreamOutput;

  constructor(clock: ManualClock) {
    const took = (track: number, packet: Buffer): void => {
      this.sent.push({ track, timestamp: timestampOf(packet, 0), atMs: clock.monotonicMs() });
    };
    this.stream = {
      transport: 'tcp',
      ssrc: () => 7,
      queuedBytes: 0,
      batch: ({ bytes, count, offsets, lengths, tracks }) => {
        for (let i = 0; i < count; i++)
          took(tracks[i]!, bytes.subarray(offsets[i], offsets[i]! + lengths[i]!));
      },
      send: (track, packet, rtcp) => {
        if (rtcp) this.reports += 1;
        else took(track, packet);
      },
      flush: () => true,
      drained: () => Promise.resolve(),
      end: () => {
        this.ended += 1;
      },
      stopped: () => undefined,
      cut: () => undefined,
    };
  }

  of(track: number): Sent[] {
    return this.sent.filter((one) => one.track === track);
  }
}

describe('a file that is played', () => {
  let clock: ManualClock;
  let film: Film;
  let output: Output;
  let stream: FileStream;

  const open = (more: Partial<FileDescription> = {}): void => {
    clock = new ManualClock();
    film = new Film();
    output = new Output(clock);
    const { tracks, durationMs, seekable } = film;
    const formats = tracks.map((config, i) => sentFormatOf(config, 96 + i));
    const identity = 'one';
    const description = {
      identity,
      tracks,
      formats,
      durationMs,
      seekable,
      index: undefined,
      ...more,
    };
    const file = { media: film, description, close: () => Promise.resolve() };
    stream = new FileStream({
      library: { open: () => Promise.resolve(file) } as unknown as FileLibrary,
      name: 'film.mkv',
      clock,
      blocks: new BlockPool(),
      cname: 'test',
      onError: (error) => {
        throw error;
      },
      onSessions: () => undefined,
      description,
      output: output.stream,
    });
  };
  beforeEach(() => open());
  afterEach(() => stream.close());

  const play = (request: Partial<PlayRequest>): ReturnType<FileStream['play']> =>
    stream.play({ ...PLAIN, ...request });
  const pass = async (ms: number): Promise<void> => {
    for (let at = 0; at <= ms; at += 20) {
      for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
      if (at < ms) clock.advance(20);
    }
  };
  const all = { unit: 'npt', start: 0, end: undefined } as const;

  it('sends all pictures faster and slower up to twice as fast, without sound', async () => {
    for (const scale of [2, 0.5]) {
      open();
      expect(await play({ scale })).toMatchObject({ scale });
      await pass(1_000);
      const pictures = output.of(1);
      expect(pictures.length).toBeGreaterThanOrEqual(25 * scale);
      expect(pictures.length).toBeLessThanOrEqual(25 * scale + 2);
      expect(output.of(0)).toEqual([]);
      // Media time is time of presentation.
      const step = (pictures[1]!.timestamp - pictures[0]!.timestamp) >>> 0;
      expect(step).toBe((90 * PICTURE_MS) / scale);
      expect(output.reports).toBe(0);
    }
  });

  it('sends keyframes alone beyond, a fifth of a second apart at least, and reads nothing between', async () => {
    expect(await play({ scale: 10 })).toMatchObject({ scale: 10 });
    await pass(2_200);
    const pictures = output.of(1);
    const apart = pictures.slice(1).map(({ atMs }, at) => atMs - pictures[at]!.atMs);
    expect(pictures).toHaveLength(10);
    expect(new Set(apart)).toEqual(new Set([200]));
    expect([output.ended, output.of(0).length]).toEqual([1, 0]);
    expect(film.read).toBeLessThanOrEqual(2 * pictures.length + 2);
  });

  it.each([
    [-4, 1],
    [-1, 1],
    [1000, 64],
    [0.01, 0.25],
  ])('answers Scale %d with %d, which is what is done', async (asked, done) => {
    expect(await play({ scale: asked })).toMatchObject({ scale: done });
  });

  it('has 1 alone where there are no pictures, and no keyframes where it cannot seek', async () => {
    open({ tracks: [SOUND], formats: [sentFormatOf(SOUND, 96)] });
    expect(await play({ scale: 8 })).toMatchObject({ scale: 1 });
    open({ seekable: false });
    expect(await play({ scale: 8 })).toMatchObject({ scale: 2 });
    open({ tracks: [{ codec: 'mp2t' }], formats: [sentFormatOf({ codec: 'mp2t' }, 33)] });
    expect(await play({ scale: 8 })).toMatchObject({ scale: 1 });
  });

  it('changes the scale from the keyframe before on, to the same end, and keeps it until told otherwise', async () => {
    await play({ range: { unit: 'npt', start: 0, end: 15 } });
    await pass(2_500);
    const faster = await play({ scale: 4 });
    expect(faster).toMatchObject({ scale: 4, range: 'npt=2.000-15.000' });
    await pass(400);
    await stream.pause();
    const again = await play({});
    expect(again).toMatchObject({ scale: 4 });
    const { sent } = output;
    const stamps = sent.filter(({ track }) => track === 1).map(({ timestamp }) => timestamp);
    const ahead = stamps.slice(1).map((stamp, at) => (stamp - stamps[at]!) | 0);
    expect(ahead.filter((step) => step <= 0)).toEqual([]);
    expect(await play({ range: all })).toMatchObject({ scale: 1, range: 'npt=0.000-20.000' });
  });

  it('refuses a range that runs backwards', async () => {
    const range = { unit: 'npt', start: 10, end: 5 } as const;
    await expect(play({ range, scale: -1 })).rejects.toMatchObject({ where: { status: 457 } });
  });
});

it('is not played under the description of another file that took its place', async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'nightjar-exchange-'));
  try {
    const sound = (frames: number): Buffer =>
      Buffer.concat([
        Buffer.from('#!AMR\n'),
        ...Array.from({ length: frames }, () =>
          Buffer.concat([Buffer.from([0x3c]), Buffer.alloc(31)]),
        ),
      ]);
    const file = path.join(directory, 'sound.amr');
    await writeFile(file, sound(50));
    const root = new MediaRoot({ directory: () => directory, maxOpen: () => 4 });
    const clock = new ManualClock();
    const errors: unknown[] = [];
    const mountOf = (): FileMount =>
      new FileMount({
        library: new FileLibrary(root),
        name: 'sound.amr',
        clock,
        blocks: new BlockPool(),
        cname: 'test',
        onError: (error) => errors.push(error),
        onSessions: () => undefined,
      });
    const first = mountOf();
    expect((await first.describe()).range).toEqual(['npt=0.000-1.000']);
    await writeFile(`${file}.new`, sound(100));
    await rename(`${file}.new`, file);
    const stale = first.open(new Output(clock).stream);
    await expect(stale.play(PLAIN)).rejects.toMatchObject({
      kind: 'data-loss',
      code: 'files/changed',
    });
    expect(root.openFiles).toBe(0);
    stale.close();
    const again = mountOf();
    expect((await again.describe()).range).toEqual(['npt=0.000-2.000']);
    const fresh = again.open(new Output(clock).stream);
    expect(await fresh.play(PLAIN)).toMatchObject({ range: 'npt=0.000-2.000' });
    fresh.close();
    expect(errors).toEqual([]);
  } finally {
    await rm(directory, { recursive: true });
  }
});
