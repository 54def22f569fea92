import type { Bench, Cameras } from '../bench.js';
import type { Case } from '../case.js';
import { quantile, type Figure } from '../figures.js';
import type { LoadMeasured } from '../load/messages.js';
import { allRecording, pause, recordedBetween, Scrape, type Recorded } from '../scrape.js';

const CAMERAS = 16;
const READERS_EACH = 10;
const MEASURE_MS = 10_000;
const SETTLE_MS = 4_000;

interface Round {
  readonly cpuSeconds: number;
  readonly seconds: number;
  /** Readers that are only counted. */
  readonly counted: LoadMeasured;
  /** One reader per camera that looks at every packet. */
  readonly sampled: LoadMeasured;
  readonly recorded: Recorded;
}

/** Cameras recorded while each of them is watched, beside the same readers without recording. */
export const relayAndRecord: Case = {
  name: 'relay-and-record',
  summary: '16 cameras recorded while each has 10 TCP readers',
  default: true,
  async run(bench) {
    const cameras = await bench.cameras({ count: CAMERAS });
    const relayed = await measure(bench, cameras, false);
    const both = await measure(bench, cameras, true);
    await bench.end(cameras.program);
    const figure = (name: string, value: number, unit: string): Figure => ({
      subject: 'nightjar',
      name,
      value,
      unit,
    });
    const perGigabit = ({ cpuSeconds, counted, sampled }: Round): number =>
      cpuSeconds / (((counted.bytes + sampled.bytes) * 8) / 1e9);
    const recording = both.cpuSeconds / both.seconds - relayed.cpuSeconds / relayed.seconds;
    const { mediaSeconds, seconds, droppedBytes } = both.recorded;
    const without = 'without recording';
    return [
      {
        ...figure('CPU, all together', perGigabit(both), 'CPU s/Gbit'),
        reference: { value: perGigabit(relayed), what: without },
      },
      figure('what recording adds per camera', (recording / CAMERAS) * 100, '% of a core'),
      {
        ...figure('packets lost by readers', both.sampled.lost, 'packets'),
        aim: { atMost: 0 },
      },
      {
        ...figure('latency p99', quantile(both.sampled.latencyMs, 0.99), 'ms'),
        reference: { value: quantile(relayed.sampled.latencyMs, 0.99), what: without },
      },
      figure('media per camera and second', mediaSeconds / seconds / CAMERAS, 's'),
      { ...figure('media dropped', droppedBytes, 'bytes'), aim: { atMost: 0 } },
    ];
  },
};

async function measure(bench: Bench, cameras: Cameras, record: boolean): Promise<Round> {
  const media = await bench.media({ cameraUrls: cameras.urls, record });
  const urls = cameras.urls.map((_, camera) => media.url(camera));
  const [counting, sampling] = [bench.load(), bench.load()];
  await counting.open(urls, { readers: CAMERAS * (READERS_EACH - 1) });
  await sampling.open(urls, { readers: CAMERAS, sampled: true });
  if (record) await allRecording(media.operationsUrl, CAMERAS);
  await pause(SETTLE_MS);
  const before = await Scrape.of(media.operationsUrl);
  const [window, counted, sampled] = await Promise.all([
    bench.window(MEASURE_MS, media.program),
    counting.measure(MEASURE_MS),
    sampling.measure(MEASURE_MS),
  ]);
  const recorded = recordedBetween(before, await Scrape.of(media.operationsUrl));
  await bench.end(counting.program, sampling.program, media.program);
  return { cpuSeconds: window.cpu[0]!, seconds: window.seconds, counted, sampled, recorded };
}
