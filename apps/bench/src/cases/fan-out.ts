import { quantile, type Figure } from '../figures.js';
import type { Bench } from '../processes.js';

const READERS = 200;
const SAMPLED = 10;
const MEASURE_MS = 10_000;

/** One 4 Mbit/s camera to 200 TCP readers, beside a bare loop that writes the same bytes to as many sockets. */
export async function fanOut(bench: Bench): Promise<Figure[]> {
  const cameras = await bench.cameras(1, '4M', 50);
  const reference = await measureBareLoop(bench, `${cameras.url}/cam0`);
  const media = await bench.media(cameras.url, 1, false);
  const load = bench.load();
  // The first viewer brings the camera up; the others join a running stream.
  const first = bench.load();
  await first.ask({
    kind: 'open',
    url: `${media.url}/cam0`,
    readers: 1,
    protocol: 'rtsp',
    sampled: 1,
  });
  const opened = await load.ask({
    kind: 'open',
    url: `${media.url}/cam0`,
    readers: READERS,
    protocol: 'rtsp',
    sampled: SAMPLED,
  });
  const before = await media.cpuSeconds();
  const measured = await load.ask({ kind: 'measure', durationMs: MEASURE_MS });
  const cpu = (await media.cpuSeconds()) - before;
  const direct = bench.load();
  await direct.ask({
    kind: 'open',
    url: `${cameras.url}/cam0`,
    readers: 1,
    protocol: 'rtsp',
    sampled: 1,
  });
  const straight = await direct.ask({ kind: 'measure', durationMs: MEASURE_MS / 2 });
  for (const child of [first.child, load.child, direct.child, media.child, cameras.child])
    await bench.end(child);
  const gigabits = (measured.bytes * 8) / 1e9;
  const added = (q: number): number =>
    quantile(measured.latencyMs, q) - quantile(straight.latencyMs, 0.5);
  return [
    {
      name: `fan-out to ${READERS} TCP readers`,
      value: cpu / gigabits,
      unit: 'CPU s/Gbit',
      reference,
      aim: 2,
    },
    { name: 'relayed', value: gigabits / (MEASURE_MS / 1000), unit: 'Gbit/s' },
    { name: 'packets lost', value: measured.lost, unit: `in ${SAMPLED} readers` },
    { name: 'added latency p50', value: added(0.5), unit: 'ms' },
    { name: 'added latency p99', value: added(0.99), unit: 'ms' },
    { name: 'first keyframe p50', value: quantile(opened.keyframeMs, 0.5), unit: 'ms' },
    { name: 'first keyframe p99', value: quantile(opened.keyframeMs, 0.99), unit: 'ms' },
    { name: 'load client', value: measured.cpuSeconds / gigabits, unit: 'CPU s/Gbit' },
  ];
}

async function measureBareLoop(bench: Bench, cameraUrl: string): Promise<number> {
  const loop = await bench.bareLoop(cameraUrl);
  const load = bench.load();
  await load.ask({ kind: 'open', url: loop.url, readers: READERS, protocol: 'raw', sampled: 0 });
  const before = await loop.cpuSeconds();
  const measured = await load.ask({ kind: 'measure', durationMs: MEASURE_MS });
  const cpu = (await loop.cpuSeconds()) - before;
  await bench.end(load.child);
  await bench.end(loop.child);
  return cpu / ((measured.bytes * 8) / 1e9);
}
