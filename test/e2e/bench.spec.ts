import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from '@jest/globals';
import type { Bench } from '../../apps/bench/src/bench.js';
import { DIST } from './support/node-process.js';

/** The built one: it starts built programs. */
async function openBench(): Promise<Bench> {
  const file = path.join(DIST, 'bench', 'src', 'bench.js');
  const built = (await import(pathToFileURL(file).href)) as {
    readonly Bench: { open(): Promise<Bench> };
  };
  return await built.Bench.open();
}

it('the benchmark sees every byte that a relay sends over TCP and UDP, and what it costs', async () => {
  const bench = await openBench();
  try {
    const cameras = await bench.cameras({ count: 2, bitsPerSecond: 1_000_000, gopSeconds: 0.4 });
    const media = await bench.media({ cameraUrls: cameras.urls });
    const urls = [media.url(0), media.url(1)];
    const load = bench.load();
    await load.open(urls, { readers: 4 });
    await load.open(urls, { readers: 2, sampled: true });
    await load.open(urls, { readers: 2, transport: 'udp' });
    await load.open(urls, { readers: 2, transport: 'udp', gro: true });
    await load.open(urls, { readers: 2, transport: 'udp', sampled: true });
    const { keyframeMs } = await load.join(urls, 'udp', 4, 200);
    expect(keyframeMs).toHaveLength(4);
    const [window, measured] = await Promise.all([
      bench.window(2000, media.program, load.program, cameras.program),
      load.measure(2000),
    ]);
    const expectedBytes = (12 * 1_000_000 * 2) / 8;
    expect(measured.bytes / expectedBytes).toBeGreaterThan(0.8);
    expect(measured.bytes / expectedBytes).toBeLessThan(1.3);
    expect(measured.leastBytes / measured.medianBytes).toBeGreaterThan(0.6);
    expect([measured.lost, measured.droppedHere]).toEqual([0, 0]);
    expect(measured.packets).toBeGreaterThan(0);
    // Two cameras at 25 frames/s, two readers each: one latency per frame.
    expect(measured.latencyMs.length).toBeGreaterThan(150);
    expect(Math.min(...measured.latencyMs)).toBeGreaterThan(0);
    for (const seconds of window.cpu) expect(seconds).toBeGreaterThan(0);
    const { cpu } = await bench.takeUsage();
    expect([...cpu.keys()].toSorted()).toEqual(['camera', 'load', 'subject']);
    expect([media, load, cameras].some(({ program }) => program.running)).toBe(false);
  } finally {
    await bench.close();
  }
});
