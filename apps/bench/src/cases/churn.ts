import type { Case } from '../case.js';
import { quantile, type Figure } from '../figures.js';
import { pause } from '../scrape.js';

const COUNTED = 90;
const SAMPLED = 10;
const JOINS_PER_SECOND = 50;
const DEFAULT_MINUTES = 1 / 3;
const CALM_MS = 8_000;
const SETTLE_MS = 5_000;

/** Readers that come and go beside steady ones, who should not notice. */
export const churn: Case = {
  name: 'churn',
  summary: '50 joins and leaves per second beside 100 steady readers, 20 s or --minutes',
  default: true,
  async run(bench) {
    const durationMs = (bench.minutes ?? DEFAULT_MINUTES) * 60_000;
    const cameras = await bench.cameras({ count: 1 });
    const media = await bench.media({ cameraUrls: cameras.urls });
    const urls = [media.url(0)];
    const [counting, sampling, coming] = [bench.load(), bench.load(), bench.load()];
    await counting.open(urls, { readers: COUNTED });
    await sampling.open(urls, { readers: SAMPLED, sampled: true });
    await pause(SETTLE_MS);
    const calm = await sampling.measure(CALM_MS);
    const joins = Math.round((durationMs / 1000) * JOINS_PER_SECOND);
    const [joined, steady, { cpu, seconds }, counted] = await Promise.all([
      coming.join(urls, 'tcp', joins, durationMs),
      sampling.measure(durationMs),
      bench.window(durationMs, media.program),
      counting.measure(durationMs),
    ]);
    await bench.end(counting.program, sampling.program, coming.program, media.program);
    const figure = (name: string, value: number, unit: string): Figure => ({
      subject: 'nightjar',
      name,
      value,
      unit,
    });
    const p99 = quantile(steady.latencyMs, 0.99);
    return [
      figure('joins and leaves', joined.keyframeMs.length / seconds, 'per s'),
      { ...figure('packets lost by steady readers', steady.lost, 'packets'), aim: { atMost: 0 } },
      {
        ...figure('latency p99 of steady readers', p99, 'ms'),
        reference: { value: quantile(calm.latencyMs, 0.99), what: 'without churn' },
      },
      figure(
        'least by median bytes of steady readers',
        counted.leastBytes / counted.medianBytes,
        '',
      ),
      figure('first keyframe p50 of who joins', quantile(joined.keyframeMs, 0.5), 'ms'),
      figure('first keyframe p99 of who joins', quantile(joined.keyframeMs, 0.99), 'ms'),
      figure('CPU', (cpu[0]! / seconds) * 100, '% of a core'),
    ];
  },
};
