import { Reader } from './reader.js';
import type { LoadAnswer, LoadRequest } from './worker-message.js';

/** Viewers opened at once while ramping up. */
const RAMP = 20;

let readers: Reader[] = [];

async function open(request: Extract<LoadRequest, { kind: 'open' }>): Promise<LoadAnswer> {
  const url = new URL(request.url);
  readers = Array.from({ length: request.readers }, (_, i) => new Reader(url, i < request.sampled));
  for (let i = 0; i < readers.length; i += RAMP) {
    const group = readers.slice(i, i + RAMP);
    await Promise.all(
      group.map((reader) => (request.protocol === 'raw' ? reader.openRaw() : reader.open())),
    );
  }
  return { kind: 'open', connected: readers.length, keyframeMs: await keyframes() };
}

/** Waits until every sampled reader had its keyframe. */
async function keyframes(): Promise<number[]> {
  const sampled = readers.flatMap(({ sample }) => (sample === undefined ? [] : [sample]));
  while (sampled.some((sample) => sample.keyframeMs === undefined)) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  return sampled.map((sample) => sample.keyframeMs!);
}

async function measure(durationMs: number): Promise<LoadAnswer> {
  for (const { sample } of readers) {
    if (sample === undefined) continue;
    sample.latencyMs = [];
    sample.lost = 0;
  }
  const total = (): number => readers.reduce((sum, reader) => sum + reader.bytes, 0);
  const before = total();
  const cpu = process.cpuUsage();
  await new Promise((resolve) => setTimeout(resolve, durationMs));
  const used = process.cpuUsage(cpu);
  return {
    kind: 'measure',
    bytes: total() - before,
    lost: readers.reduce((sum, { sample }) => sum + (sample?.lost ?? 0), 0),
    latencyMs: readers.flatMap(({ sample }) => sample?.latencyMs ?? []),
    cpuSeconds: (used.user + used.system) / 1e6,
  };
}

async function answer(request: LoadRequest): Promise<LoadAnswer> {
  switch (request.kind) {
    case 'open':
      return await open(request);
    case 'measure':
      return await measure(request.durationMs);
    case 'close':
      for (const reader of readers) reader.close();
      readers = [];
      return { kind: 'close' };
  }
}

process.on('message', (request: LoadRequest) => {
  answer(request).then(
    (result) => process.send?.(result),
    (error: unknown) => {
      process.stderr.write(`load: ${String(error)}\n`);
      process.exit(1);
    },
  );
});
process.on('disconnect', () => process.exit(0));
