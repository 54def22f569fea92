import type { Case } from '../case.js';
import { quantile, type Figure } from '../figures.js';
import type { Load } from '../load.js';
import type { LoadMeasured } from '../load/messages.js';
import { fitLine } from '../linear-fit.js';
import type { Media } from '../relay.js';
import { allRecording, pause, recordedBetween, Scrape } from '../scrape.js';

const CAMERAS = 32;
const COUNTED = 234;
const SAMPLED = 16;
const DEFAULT_MINUTES = 30;
const WARM_UP_MS = 180_000;
/** Of a run too short for that: a quarter of it. */
const WARM_UP_SHARE = 0.25;
const SAMPLE_MS = 5_000;
/** A minute: the delay's 99th percentile is one tick in a hundred, and there are 20 a second. */
const SAMPLES_PER_PAGE = 12;
const MIB = 2 ** 20;
/**
 * What a slope may be, MiB per minute, over {@link DEFAULT_MINUTES}. One byte kept per packet would be 0.65 (32 cameras of 4
 * Mbit/s are 11 400 packets/s), 250 bytes per fragment 0.46, and the collector's saw-tooth of some 10 MiB leaves an error of
 * about 0.1. A shorter run knows less, with the power 3/2 of its length, and a bound it cannot tell from 0 would be a lottery.
 */
const SLOPE_BOUND = 0.4;

/** Half of what the media role is made for, for long: memory must not grow. */
export const soak: Case = {
  name: 'soak',
  summary: '32 recorded cameras and 250 TCP readers for 30 min or --minutes: no slope in memory',
  default: false,
  async run(bench) {
    const totalMs = (bench.minutes ?? DEFAULT_MINUTES) * 60_000;
    const warmUpMs = Math.min(WARM_UP_MS, totalMs * WARM_UP_SHARE);
    const cameras = await bench.cameras({ count: CAMERAS });
    const media = await bench.media({ cameraUrls: cameras.urls, record: true });
    await allRecording(media.operationsUrl, CAMERAS);
    const urls = cameras.urls.map((_, camera) => media.url(camera));
    const [counting, sampling] = [bench.load(), bench.load()];
    await counting.open(urls, { readers: COUNTED });
    await sampling.open(urls, { readers: SAMPLED, sampled: true });
    await pause(warmUpMs);
    const before = await Scrape.of(media.operationsUrl);
    const { minutes, mebibytes, delaysMs, sampled } = await watch(
      media,
      sampling,
      totalMs - warmUpMs,
    );
    const after = await Scrape.of(media.operationsUrl);
    await bench.end(counting.program, sampling.program, media.program, cameras.program);

    const latencyMs = sampled.flatMap((measured) => measured.latencyMs);
    const fit = fitLine(minutes, mebibytes);
    const recorded = recordedBetween(before, after);
    const figure = (name: string, value: number, unit: string): Figure => ({
      subject: 'nightjar',
      name,
      value,
      unit,
    });
    const bound = Number(
      (SLOPE_BOUND * (DEFAULT_MINUTES / (totalMs / 60_000)) ** 1.5).toPrecision(2),
    );
    return [
      {
        ...figure('slope of memory', fit.slope, 'MiB/min'),
        aim: { atMost: bound, atLeast: -bound },
      },
      figure('standard error of the slope', fit.slopeError, 'MiB/min'),
      figure('memory at the start', fit.intercept, 'MiB'),
      figure('memory around the line', fit.residual, 'MiB'),
      {
        ...figure('event-loop delay p99, median of the minutes', quantile(delaysMs, 0.5), 'ms'),
        aim: { atMost: 10 },
      },
      figure('event-loop delay p99, worst minute', Math.max(...delaysMs), 'ms'),
      figure('latency p99', quantile(latencyMs, 0.99), 'ms'),
      figure('latency at most', quantile(latencyMs, 1), 'ms'),
      {
        ...figure('packets lost by readers', sum(sampled, 'lost'), 'packets'),
        aim: { atMost: 0 },
      },
      figure('packets looked at', sum(sampled, 'packets'), 'packets'),
      figure(
        'media per camera and second',
        recorded.mediaSeconds / recorded.seconds / CAMERAS,
        's',
      ),
      { ...figure('media dropped', recorded.droppedBytes, 'bytes'), aim: { atMost: 0 } },
      { ...figure('gaps', recorded.gaps, ''), aim: { atMost: 0 } },
    ];
  },
};

interface Watched {
  /** Since the start. */
  readonly minutes: number[];
  readonly mebibytes: number[];
  /** Event-loop delay p99 of each page's time. */
  readonly delaysMs: number[];
  readonly sampled: LoadMeasured[];
}

async function watch(media: Media, sampling: Load, durationMs: number): Promise<Watched> {
  const watched: Watched = { minutes: [], mebibytes: [], delaysMs: [], sampled: [] };
  const startedMs = performance.now();
  while (performance.now() - startedMs < durationMs) {
    watched.sampled.push(await sampling.measure(SAMPLE_MS));
    watched.minutes.push((performance.now() - startedMs) / 60_000);
    watched.mebibytes.push(media.program.rssBytes() / MIB);
    const last = performance.now() - startedMs >= durationMs;
    if (watched.sampled.length % SAMPLES_PER_PAGE !== 0 && !last) continue;
    const page = await Scrape.of(media.operationsUrl);
    watched.delaysMs.push(
      page.greatest('nightjar_event_loop_delay_seconds', { percentile: '99' }) * 1000,
    );
  }
  return watched;
}

function sum(sampled: readonly LoadMeasured[], what: 'lost' | 'packets'): number {
  return sampled.reduce((total, measured) => total + measured[what], 0);
}
