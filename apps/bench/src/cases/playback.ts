import { open, readdir } from 'node:fs/promises';
import path from 'node:path';
import type { Bench } from '../bench.js';
import type { Case } from '../case.js';
import { quantile, type Figure } from '../figures.js';
import { makeArchive } from '../made-archive.js';
import type { Program } from '../program.js';
import type { Media } from '../relay.js';
import { pause, Scrape } from '../scrape.js';

const CAMERA = 'archive';
const ARCHIVE_SECONDS = 40 * 60;
const BITS_PER_SECOND = 4_000_000;
const SEEKS = 100;
const REPLAYS = 20;
/** The replays begin so far apart, so that they read different files. */
const APART_MS = 60_000;
const MEASURE_MS = 6_000;
const SETTLE_MS = 1_000;
/** A keyframe of such a camera, roughly. */
const KEYFRAME_BYTES = 140_000;

/** Seeking in an archive, and fetching from it as fast as it comes. */
export const playback: Case = {
  name: 'playback',
  summary: 'seek to first picture in 40 min of footage; 20 parallel fast replays of it',
  default: true,
  async run(bench) {
    const volume = path.join(bench.folder, 'archive');
    const startMs = Date.now() - ARCHIVE_SECONDS * 1000;
    await makeArchive(volume, {
      camera: CAMERA,
      seconds: ARCHIVE_SECONDS,
      bitsPerSecond: BITS_PER_SECOND,
      framesPerSecond: 25,
      gopFrames: 50,
      startMs,
    });
    const files = (await readdir(volume, { recursive: true }))
      .filter((file) => file.endsWith('.mp4'))
      .map((file) => path.join(volume, file))
      .sort();
    const bareSeeks = await bareSeek(files);
    const bareReplay = await measureBareReplay(bench, files);

    const config = { volumes: { main: { path: volume, adopt: 'empty' } } };
    const media = await bench.media({ cameraUrls: [], config });
    const figures = [
      ...(await measureSeek(bench, media, bareSeeks)),
      ...(await measureReplay(bench, media, startMs, bareReplay)),
    ];
    await bench.end(media.program);
    return figures;
  },
};

async function measureSeek(
  bench: Bench,
  media: Media,
  bareMs: readonly number[],
): Promise<Figure[]> {
  const url = `rtsp://127.0.0.1:${media.rtspPort}/playback/${CAMERA}`;
  const lastSecond = ARCHIVE_SECONDS - 10;
  const client = bench.worker('load', 'playback-client', [
    'seek',
    url,
    String(SEEKS),
    String(lastSecond),
  ]);
  const { timesMs } = await client.message<{ timesMs: number[] }>('result');
  await bench.end(client);
  return [0.5, 0.99].map((q) => ({
    subject: 'nightjar',
    name: `seek to first picture p${q * 100}`,
    value: quantile(timesMs, q),
    unit: 'ms',
    reference: { value: quantile(bareMs, q), what: 'bare read of a keyframe' },
  }));
}

/** Opening a file and reading a keyframe's worth at a random place, ms each. */
async function bareSeek(files: readonly string[]): Promise<number[]> {
  const timesMs: number[] = [];
  const buffer = Buffer.alloc(KEYFRAME_BYTES);
  for (let done = 0; done < SEEKS; done++) {
    const startedMs = performance.now();
    const file = await open(files[Math.floor(Math.random() * files.length)]!);
    const { size } = await file.stat();
    await file.read(buffer, 0, buffer.length, Math.floor(Math.random() * (size - buffer.length)));
    await file.close();
    timesMs.push(performance.now() - startedMs);
  }
  return timesMs;
}

async function measureReplay(
  bench: Bench,
  media: Media,
  startMs: number,
  barePerGigabit: number,
): Promise<Figure[]> {
  const urls = Array.from({ length: REPLAYS }, (_, i) => {
    const start = new Date(startMs + i * APART_MS).toISOString();
    return `rtsp://127.0.0.1:${media.rtspPort}/playback/${CAMERA}?start=${start}`;
  });
  const client = bench.worker('load', 'playback-client', ['replay', ...urls]);
  await client.message('ready');
  await pause(SETTLE_MS);
  await Scrape.of(media.operationsUrl);
  const before = await bytesOf(client);
  const { seconds, cpu } = await bench.window(MEASURE_MS, media.program);
  const megabits = ((await bytesOf(client)) - before) / 125_000;
  const page = await Scrape.of(media.operationsUrl);
  await bench.end(client);
  const figure = (name: string, value: number, unit: string): Figure => ({
    subject: 'nightjar',
    name: `${name}, ${REPLAYS} fast replays`,
    value,
    unit,
  });
  return [
    figure('throughput', megabits / seconds, 'Mbit/s'),
    {
      ...figure('CPU', (cpu[0]! / megabits) * 1000, 'CPU s/Gbit'),
      reference: { value: barePerGigabit, what: 'bare files to sockets' },
    },
    {
      ...figure('event-loop delay p99', loopDelayMs(page), 'ms'),
      aim: { atMost: 10 },
    },
  ];
}

/** CPU-seconds per gigabit of a program that writes the files to as many sockets. */
async function measureBareReplay(bench: Bench, files: readonly string[]): Promise<number> {
  const bare = bench.worker('reference', 'bare-replay', files);
  const { port } = await bare.message<{ port: number }>('ready');
  const load = bench.load();
  const urls = [`tcp://127.0.0.1:${port}`];
  await load.open(urls, { readers: REPLAYS, transport: 'raw-tcp' });
  const [{ cpu }, { bytes }] = await Promise.all([
    bench.window(MEASURE_MS / 2, bare),
    load.measure(MEASURE_MS / 2),
  ]);
  await bench.end(load.program, bare);
  return cpu[0]! / ((bytes * 8) / 1e9);
}

async function bytesOf(client: Program): Promise<number> {
  const answer = client.message<{ bytes: number }>('bytes');
  client.child.send('bytes');
  return (await answer).bytes;
}

/** Since the page before. */
function loopDelayMs(page: Scrape): number {
  return page.greatest('nightjar_event_loop_delay_seconds', { percentile: '99' }) * 1000;
}
