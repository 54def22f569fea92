import { PerformanceObserver } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';

/** What the probe is asked by IPC. */
export interface ProbeRequest {
  readonly probe: 'begin' | 'end';
}

/** What was allocated from `begin` to `end`; true only when nothing was collected meanwhile. */
export interface ProbeAnswer {
  readonly probed: 'begin' | 'end';
  readonly heapBytes: number;
  /** Outside V8's heap, in buffers. */
  readonly bufferBytes: number;
  readonly collections: number;
}

// Loaded into the process that is measured, before its main module: `node --expose-gc --import heap-probe.js main.js`.
let collections = 0;
new PerformanceObserver((list) => {
  collections += list.getEntries().length;
}).observe({ entryTypes: ['gc'] });

let heapBefore = 0;
let buffersBefore = 0;

async function probe({ probe: what }: ProbeRequest): Promise<void> {
  if (what === 'begin') {
    globalThis.gc?.();
    globalThis.gc?.();
    // What was just collected is told to the observer later.
    await turns();
    collections = 0;
    buffersBefore = process.memoryUsage().arrayBuffers;
    heapBefore = getHeapStatistics().used_heap_size;
  }
  const heapBytes = getHeapStatistics().used_heap_size - heapBefore;
  const bufferBytes = process.memoryUsage().arrayBuffers - buffersBefore;
  await turns();
  const answer: ProbeAnswer = { probed: what, heapBytes, bufferBytes, collections };
  process.send?.(answer);
}

async function turns(): Promise<void> {
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
}

process.on('message', (message: Partial<ProbeRequest>) => {
  if (message.probe !== undefined) void probe({ probe: message.probe });
});
// The channel alone keeps no process alive.
process.channel?.unref();
// The media role stays when its parent goes; a guard that was killed must not leave one behind.
process.once('disconnect', () => process.exit());
