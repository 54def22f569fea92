import path from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { startAppliance, type Appliance } from '../appliance.js';
import type { Case } from '../case.js';
import { quantile, type Figure } from '../figures.js';
import { makeArchive } from '../made-archive.js';
import { allRecording, pause, recordedBetween, Scrape } from '../scrape.js';

const CAMERAS = 64;
const PLAYBACKS = 20;
const REQUESTS_PER_SECOND = 20;
const MEASURE_MS = 20_000;
const SETTLE_MS = 3_000;
const ARCHIVE = 'archive';
const ARCHIVE_SECONDS = 5 * 60;
const RESOLUTION_MS = 10;
const NS_PER_MS = 1e6;

/** The whole recorder at work: how late its event loop is while it records, plays back and answers. */
export const fullLoad: Case = {
  name: 'full-load',
  summary: 'event-loop delay with 64 recorded cameras, 20 playbacks and 20 API requests per second',
  default: true,
  async run(bench) {
    const volume = path.join(bench.folder, 'full-load-volume');
    const startMs = Date.now() - ARCHIVE_SECONDS * 1000;
    await makeArchive(volume, {
      camera: ARCHIVE,
      seconds: ARCHIVE_SECONDS,
      bitsPerSecond: 4_000_000,
      framesPerSecond: 25,
      gopFrames: 50,
      startMs,
    });
    const cameras = await bench.cameras({ count: CAMERAS });
    const recorded = Object.fromEntries(
      cameras.urls.map((url, i) => [
        `cam${i}`,
        { streams: { main: { url, transport: 'tcp' } }, record: 'continuous' },
      ]),
    );
    const appliance = await startAppliance(bench, 'full-load', recorded, {
      volumes: { main: { path: volume, adopt: 'empty' } },
    });
    await allRecording(appliance.operationsUrl, CAMERAS);
    const load = bench.load();
    const playbacks = Array.from({ length: PLAYBACKS }, (_, i) => {
      const start = new Date(startMs + i * 10_000).toISOString();
      return `rtsp://127.0.0.1:${appliance.rtspPort}/playback/${ARCHIVE}?start=${start}`;
    });
    await load.open(playbacks, { readers: PLAYBACKS });
    await pause(SETTLE_MS);

    const own = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
    // The delay is since the page before.
    const before = await Scrape.of(appliance.operationsUrl);
    own.enable();
    const [{ cpu, seconds }, played, answersMs] = await Promise.all([
      bench.window(MEASURE_MS, appliance.program),
      load.measure(MEASURE_MS),
      askApi(appliance, startMs, MEASURE_MS),
    ]);
    own.disable();
    const after = await Scrape.of(appliance.operationsUrl);
    const { droppedBytes, mediaSeconds, seconds: between } = recordedBetween(before, after);
    await bench.end(load.program, appliance.program, cameras.program);

    const figure = (name: string, value: number, unit: string): Figure => ({
      subject: 'nightjar',
      name,
      value,
      unit,
    });
    const delayMs = (q: string): number =>
      after.greatest('nightjar_event_loop_delay_seconds', { role: 'media', percentile: q }) * 1000;
    const ownMs = Math.max(0, own.percentile(99) / NS_PER_MS - RESOLUTION_MS);
    return [
      {
        ...figure('event-loop delay p99 of media', delayMs('99'), 'ms'),
        reference: { value: ownMs, what: 'a process that only asks' },
        aim: { atMost: 10 },
      },
      figure('event-loop delay at most', delayMs('100'), 'ms'),
      figure('playback', (played.bytes * 8) / 1e6 / played.seconds / PLAYBACKS, 'Mbit/s each'),
      figure('API answer p50', quantile(answersMs, 0.5), 'ms'),
      figure('API answer p99', quantile(answersMs, 0.99), 'ms'),
      figure('CPU of all processes', (cpu[0]! / seconds) * 100, '% of a core'),
      figure('media per camera and second', mediaSeconds / between / CAMERAS, 's'),
      { ...figure('media dropped', droppedBytes, 'bytes'), aim: { atMost: 0 } },
    ];
  },
};

/** The list of cameras and the timeline of one in turn, at a steady rate. @returns how long the answers took, ms */
async function askApi(
  { apiUrl }: Appliance,
  startMs: number,
  durationMs: number,
): Promise<number[]> {
  const span = new URLSearchParams({
    start: new Date(startMs).toISOString(),
    end: new Date(startMs + ARCHIVE_SECONDS * 1000).toISOString(),
  });
  const paths = ['api/v1/cameras', `api/v1/cameras/cam0/timeline?${span.toString()}`];
  const times: Promise<number>[] = [];
  const endMs = performance.now() + durationMs;
  for (let asked = 0; performance.now() < endMs; asked++) {
    times.push(timed(`${apiUrl}/${paths[asked % paths.length]!}`));
    await pause(1000 / REQUESTS_PER_SECOND);
  }
  return await Promise.all(times);
}

async function timed(url: string): Promise<number> {
  const startedMs = performance.now();
  const response = await fetch(url);
  await response.arrayBuffer();
  if (response.status !== 200) throw new Error(`${url}: ${response.status}`);
  return performance.now() - startedMs;
}
