import type { Case } from '../case.js';
import { quantile, type Figure, type Reference } from '../figures.js';
import { eventually, pause, Scrape } from '../scrape.js';

const READERS = 200;
const STALLED = 20;
const SAMPLED = 20;
const MEASURE_MS = 7_000;
const SETTLE_MS = 4_000;
/** Time for 4 MiB per stalled reader to gather at 4 Mbit/s, and more. */
const STALL_LIMIT_MS = 30_000;
/** What may wait for one reader by default: `rtsp.maxReaderQueueBytes`. */
const QUEUE_BYTES = 4 * 2 ** 20;
const MIB = 2 ** 20;

/** One reader in ten stops reading; the others should not notice, and what waits for the slow ones is bounded. */
export const slowReaders: Case = {
  name: 'slow-readers',
  summary: '10 % of 200 TCP readers stop reading',
  default: true,
  async run(bench) {
    const cameras = await bench.cameras({ count: 1 });
    const media = await bench.media({ cameraUrls: cameras.urls });
    const urls = [media.url(0)];
    const [counting, sampling, stalling] = [bench.load(), bench.load(), bench.load()];
    await counting.open(urls, { readers: READERS - STALLED - SAMPLED });
    await stalling.open(urls, { readers: STALLED });
    await sampling.open(urls, { readers: SAMPLED, sampled: true });
    await pause(SETTLE_MS);
    const calm = await sampling.measure(MEASURE_MS);
    const before = media.program.rssBytes();

    await stalling.stall(true);
    // All queues are full when every one of them has begun to skip.
    await eventually('stalled readers held back', STALL_LIMIT_MS, async () => {
      const page = await Scrape.of(media.operationsUrl);
      const held = page.sum('nightjar_reader_skips_total') + page.sum('nightjar_reader_cuts_total');
      return held >= STALLED ? held : undefined;
    });
    const beside = await sampling.measure(MEASURE_MS);
    const during = media.program.rssBytes();
    await bench.end(stalling.program, counting.program, sampling.program, media.program);

    const figure = (name: string, value: number, unit: string): Figure => ({
      subject: 'nightjar',
      name,
      value,
      unit,
    });
    const reference = (q: number): Reference => ({
      value: quantile(calm.latencyMs, q),
      what: 'before they stalled',
    });
    return [
      { ...figure('packets lost by the others', beside.lost, 'packets'), aim: { atMost: 0 } },
      {
        ...figure('latency p50 of the others', quantile(beside.latencyMs, 0.5), 'ms'),
        reference: reference(0.5),
      },
      {
        ...figure('latency p99 of the others', quantile(beside.latencyMs, 0.99), 'ms'),
        reference: reference(0.99),
      },
      {
        ...figure('memory of the server', during / MIB, 'MiB'),
        reference: { value: before / MIB, what: 'before they stalled' },
        // Queues that were copies would come to this; what waits is shared among readers of one stream.
        aim: { atMost: (before + STALLED * QUEUE_BYTES) / MIB },
      },
    ];
  },
};
