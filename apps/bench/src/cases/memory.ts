import type { Bench, Cameras } from '../bench.js';
import type { Case } from '../case.js';
import type { Figure } from '../figures.js';
import type { Load } from '../load.js';
import type { Media } from '../relay.js';
import { allRecording, pause } from '../scrape.js';

const CAMERAS = 64;
const READERS = 1_000;
const SHORT_GOP_SECONDS = 1;
const LONG_GOP_SECONDS = 4;
/** Buffers have their size, and the collector has run a few times. */
const SETTLE_MS = 6_000;
/** Long enough to see that the readers get what they should. */
const CHECK_MS = 2_000;
const SAMPLES = 8;
const SAMPLE_MS = 250;
const MIB = 2 ** 20;
const KIB = 2 ** 10;

/**
 * Resident memory of the media role, and what of it belongs to a camera, a reader and a cached GOP: differences between one
 * configuration and the next. The collector's mood is in all of them; a difference over 64 cameras is worth about 0.2 MiB.
 */
export const memory: Case = {
  name: 'memory',
  summary: 'memory of 64 recorded cameras and 1000 TCP readers, per camera, reader and cached GOP',
  default: true,
  async run(bench) {
    const idle = await bench.media({ cameraUrls: [] });
    const empty = await steadyBytes(idle);
    await bench.end(idle.program);
    const long = await measureRecorded(bench, LONG_GOP_SECONDS, 0);
    const short = await measureRecorded(bench, SHORT_GOP_SECONDS, READERS);
    const figure = (name: string, value: number, unit: string): Figure => ({
      subject: 'nightjar',
      name,
      value,
      unit,
    });
    // A cache holds what came since the last keyframe: half a GOP on average.
    const cachedSeconds = (LONG_GOP_SECONDS - SHORT_GOP_SECONDS) / 2;
    const perCachedSecond = (long.recorded - short.recorded) / CAMERAS / cachedSeconds;
    return [
      {
        ...figure('64 recorded cameras and 1000 TCP readers', short.watched / MIB, 'MiB'),
        aim: { atMost: 512 },
      },
      figure('relayed to these', short.relayed, 'Gbit/s'),
      figure('no camera', empty / MIB, 'MiB'),
      figure('64 recorded cameras, GOP 1 s', short.recorded / MIB, 'MiB'),
      figure('64 recorded cameras, GOP 4 s', long.recorded / MIB, 'MiB'),
      figure('per recorded camera, GOP 1 s', (short.recorded - empty) / CAMERAS / MIB, 'MiB'),
      {
        ...figure('per cached second of 4 Mbit/s', perCachedSecond / MIB, 'MiB'),
        reference: { value: 4_000_000 / 8 / MIB, what: 'its bytes' },
      },
      figure('per TCP reader', (short.watched - short.recorded) / READERS / KIB, 'KiB'),
    ];
  },
};

interface Measured {
  readonly recorded: number;
  /** With the readers. */
  readonly watched: number;
  /** What the readers got meanwhile, Gbit/s. */
  readonly relayed: number;
}

async function measureRecorded(
  bench: Bench,
  gopSeconds: number,
  readers: number,
): Promise<Measured> {
  const cameras = await bench.cameras({ count: CAMERAS, gopSeconds });
  const media = await bench.media({ cameraUrls: cameras.urls, record: true });
  await allRecording(media.operationsUrl, CAMERAS);
  const recorded = await steadyBytes(media);
  let watched = recorded;
  let relayed = 0;
  if (readers > 0) {
    const load = await watch(bench, media, cameras, readers);
    watched = await steadyBytes(media);
    const { bytes, seconds } = await load.measure(CHECK_MS);
    relayed = (bytes * 8) / 1e9 / seconds;
    await bench.end(load.program);
  }
  await bench.end(media.program, cameras.program);
  return { recorded, watched, relayed };
}

async function watch(bench: Bench, media: Media, cameras: Cameras, readers: number): Promise<Load> {
  const load = bench.load();
  await load.open(
    cameras.urls.map((_, camera) => media.url(camera)),
    { readers },
  );
  return load;
}

/** The mean of some samples, after a while. */
async function steadyBytes({ program }: Media): Promise<number> {
  await pause(SETTLE_MS);
  let sum = 0;
  for (let i = 0; i < SAMPLES; i++) {
    sum += program.rssBytes();
    await pause(SAMPLE_MS);
  }
  return sum / SAMPLES;
}
