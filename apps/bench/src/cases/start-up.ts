import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { Case } from '../case.js';
import { eventually, Scrape } from '../scrape.js';

const CAMERAS = 200;
/** Low: this is about connections, files and the journal. */
const BITS_PER_SECOND = 500_000;
const LIMIT_MS = 60_000;
/** A page of metrics costs the process that is measured some milliseconds. */
const POLL_MS = 100;

/** From the start of the process until every camera has its first fragment on the disk. */
export const startUp: Case = {
  name: 'start-up',
  summary: '200 cameras from process start to all recording',
  default: true,
  async run(bench) {
    const cameras = await bench.cameras({ count: CAMERAS, bitsPerSecond: BITS_PER_SECOND });
    const folder = path.join(bench.folder, 'bare-start-up');
    await mkdir(folder);
    const bareMs = performance.now();
    const bare = bench.worker('reference', 'bare-recorder', [folder, ...cameras.urls]);
    await bare.message('ready');
    const bareSeconds = secondsSince(bareMs);
    await bench.end(bare);

    const startedMs = performance.now();
    const media = await bench.media({ cameraUrls: cameras.urls, record: true });
    const serving = secondsSince(startedMs);
    let half: number | undefined;
    const all = await eventually(
      `${CAMERAS} cameras recording`,
      LIMIT_MS,
      async () => {
        const page = await Scrape.of(media.operationsUrl);
        const recording = page.active('nightjar_recording_seconds_total');
        if (recording >= CAMERAS / 2) half ??= secondsSince(startedMs);
        return recording >= CAMERAS ? secondsSince(startedMs) : undefined;
      },
      POLL_MS,
    );
    const cpu = media.program.cpuSeconds();
    await bench.end(media.program, cameras.program);
    const subject = 'nightjar';
    const unit = 's';
    return [
      { subject, name: 'process start to serving', value: serving, unit },
      { subject, name: 'to half of 200 cameras recording', value: half ?? Number.NaN, unit },
      {
        subject,
        name: 'to all 200 cameras recording',
        value: all,
        unit,
        reference: { value: bareSeconds, what: 'bare recorder' },
      },
      { subject, name: 'CPU until then', value: cpu, unit: 'CPU s' },
    ];
  },
};

function secondsSince(ms: number): number {
  return (performance.now() - ms) / 1000;
}
