import type { Figure } from '../figures.js';
import type { Bench, MediaProcess } from '../processes.js';

const CAMERAS = 16;
const MEASURE_MS = 15_000;

/** Sixteen 4 Mbit/s cameras recorded, fdatasync per fragment, beside the same cameras only pulled. */
export async function recording(bench: Bench): Promise<Figure[]> {
  const cameras = await bench.cameras(CAMERAS, '4M', 50);
  const media = await bench.media(cameras.url, CAMERAS, true);
  while ((await media.metric('nightjar_recording_bytes_total')) === 0) {
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  const [bytes, seconds] = [
    await media.metric('nightjar_recording_bytes_total'),
    await media.metric('nightjar_recording_seconds_total'),
  ];
  const cpu = await cpuOver(media, MEASURE_MS);
  const written = (await media.metric('nightjar_recording_bytes_total')) - bytes;
  const covered = (await media.metric('nightjar_recording_seconds_total')) - seconds;
  for (const child of [media.child, cameras.child]) await bench.end(child);
  return [
    {
      name: 'recording, per 4 Mbit/s camera',
      value: (cpu / (MEASURE_MS / 1000) / CAMERAS) * 100,
      unit: '% of a core',
    },
    {
      name: 'recorded',
      value: (written * 8) / 1e6 / (MEASURE_MS / 1000) / CAMERAS,
      unit: 'Mbit/s each',
    },
    {
      name: 'recorded time per camera and second',
      value: covered / CAMERAS / (MEASURE_MS / 1000),
      unit: 's',
    },
  ];
}

async function cpuOver(media: MediaProcess, durationMs: number): Promise<number> {
  const before = await media.cpuSeconds();
  await new Promise((resolve) => setTimeout(resolve, durationMs));
  return (await media.cpuSeconds()) - before;
}
