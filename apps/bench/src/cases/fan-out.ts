import { quantile, type Figure } from '../figures.js';
import type { Peer } from '../peers.js';
import type { Bench, Relay } from '../processes.js';
import type { LoadMeasured, LoadOpened } from '../worker-message.js';

const READERS = 200;
const SAMPLED = 10;
const MEASURE_MS = 10_000;

/** One 4 Mbit/s camera to 200 TCP readers, beside a bare loop that writes the same bytes to as many sockets. */
export async function fanOut(bench: Bench, peers: readonly Peer[]): Promise<Figure[]> {
  const cameras = await bench.cameras(1, '4M', 50);
  const reference = await measureBareLoop(bench, `${cameras.url}/cam0`);
  const direct = await measureDirect(bench, `${cameras.url}/cam0`);
  const media = await bench.media(cameras.url, 1, false);
  const figures = await measureRelay(bench, media, 'nightjar', direct, reference);
  for (const peer of peers) {
    const relay = await bench.peer(peer, cameras.url);
    figures.push(...(await measureRelay(bench, relay, peer.name, direct, reference)));
  }
  await bench.end(cameras.child);
  return figures;
}

async function measureRelay(
  bench: Bench,
  relay: Relay,
  name: string,
  direct: LoadMeasured,
  reference: number,
): Promise<Figure[]> {
  // The first viewer brings the camera up; the others join a running stream.
  const first = bench.load();
  const url = `${relay.url}/cam0`;
  await first.ask({ kind: 'open', url, readers: 1, protocol: 'rtsp', sampled: 1 });
  const load = bench.load();
  const opened: LoadOpened = await load.ask({
    kind: 'open',
    url,
    readers: READERS,
    protocol: 'rtsp',
    sampled: SAMPLED,
  });
  const before = await relay.cpuSeconds();
  const measured = await load.ask({ kind: 'measure', durationMs: MEASURE_MS });
  const cpu = (await relay.cpuSeconds()) - before;
  for (const child of [first.child, load.child, relay.child]) await bench.end(child);
  const gigabits = (measured.bytes * 8) / 1e9;
  const added = (q: number): number =>
    quantile(measured.latencyMs, q) - quantile(direct.latencyMs, 0.5);
  const figure = (what: string, value: number, unit: string): Figure => ({
    name: `${name}: ${what}`,
    value,
    unit,
  });
  return [
    {
      ...figure(`fan-out to ${READERS} TCP readers`, cpu / gigabits, 'CPU s/Gbit'),
      reference,
      ...(name === 'nightjar' && { aim: 2 }),
    },
    figure('relayed', gigabits / (MEASURE_MS / 1000), 'Gbit/s'),
    figure('packets lost', measured.lost, `in ${SAMPLED} readers`),
    figure('added latency p50', added(0.5), 'ms'),
    figure('added latency p99', added(0.99), 'ms'),
    figure('first keyframe p50', quantile(opened.keyframeMs, 0.5), 'ms'),
    figure('first keyframe p99', quantile(opened.keyframeMs, 0.99), 'ms'),
    figure('load client', measured.cpuSeconds / gigabits, 'CPU s/Gbit'),
  ];
}

/** What a viewer of the camera itself sees. */
async function measureDirect(bench: Bench, cameraUrl: string): Promise<LoadMeasured> {
  const load = bench.load();
  await load.ask({ kind: 'open', url: cameraUrl, readers: 1, protocol: 'rtsp', sampled: 1 });
  const measured = await load.ask({ kind: 'measure', durationMs: MEASURE_MS / 2 });
  await bench.end(load.child);
  return measured;
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
