import type { Metrics } from '../e2e/support/metrics.js';
import { eventually } from '../e2e/support/eventually.js';
import type { RtspPlayer } from '../e2e/support/rtsp-player.js';

const MIB = 1024 * 1024;
/** What sessions that outlive their connections, and the collector's leisure, may come to; of one process. */
const MAX_HEAP_GROWTH_BYTES = 64 * MIB;
/** Descriptors open at one moment and not at another without anything being wrong: the scrape itself, a file. */
const MAX_DESCRIPTORS_LEFT = 4;
/** Once the load is over; scraping is what still takes time. */
const MAX_LOOP_DELAY_SECONDS = 0.5;
/** A reader beside the fuzzer gets pictures at least so often, however busy the machine. */
const MAX_SILENCE_MS = 10_000;
const SETTLE_LIMIT_MS = 20_000;
const SCRAPE_EVERY_MS = 500;

/** What tells of itself. */
export interface Watched {
  metrics(): Promise<Metrics>;
}

/** What is measured of the processes under attack. */
export interface Vitals {
  /** How many there are. */
  readonly processes: number;
  readonly heapBytes: number;
  readonly residentBytes: number;
  readonly descriptors: number;
  /** Those over UDP outlive their connection for a minute, and may have a file open. */
  readonly sessions: number;
  /** Of all processes together. */
  readonly loopDelaySeconds: number;
  /** Of all processes together: another when one of them was started again. */
  readonly startedSeconds: number;
}

export async function vitalsOf(nightjar: Watched): Promise<Vitals> {
  const metrics = await nightjar.metrics();
  return {
    processes: metrics.count('process_start_time_seconds'),
    heapBytes:
      metrics.sum('nodejs_heap_size_used_bytes') + metrics.sum('nodejs_external_memory_bytes'),
    residentBytes: metrics.sum('process_resident_memory_bytes'),
    descriptors: metrics.sum('process_open_fds'),
    sessions: metrics.sum('nightjar_rtsp_sessions'),
    loopDelaySeconds: metrics.sum('nightjar_event_loop_delay_seconds', { percentile: '50' }),
    startedSeconds: metrics.sum('process_start_time_seconds'),
  };
}

/** Waits until the process is as it was before the load; rejects, with what is too much, when it does not get there. */
export async function settled(nightjar: Watched, before: Vitals): Promise<Vitals> {
  return await eventually(
    async () => {
      const now = await vitalsOf(nightjar);
      if (now.startedSeconds !== before.startedSeconds)
        throw new Error('a process was started again');
      const grown = now.heapBytes - before.heapBytes;
      if (grown > now.processes * MAX_HEAP_GROWTH_BYTES)
        throw new Error(`the heap grew by ${grown} bytes`);
      const left = now.descriptors - before.descriptors;
      const held = Math.max(0, now.sessions - before.sessions);
      if (left > held + MAX_DESCRIPTORS_LEFT) throw new Error(`${left} descriptors were left open`);
      if (now.loopDelaySeconds > MAX_LOOP_DELAY_SECONDS)
        throw new Error(`the event loop is ${now.loopDelaySeconds} s late`);
      return now;
    },
    { withinMs: SETTLE_LIMIT_MS, everyMs: SCRAPE_EVERY_MS },
  );
}

/** Throws when the well-behaved reader was cut off, lost packets, or waits for one too long. */
export function checkReader({ client, video }: RtspPlayer): void {
  if (client.isClosed) throw new Error('the reader beside was cut off');
  if (video.lost > 0) throw new Error(`the reader beside lost ${video.lost} packets`);
  const silentMs = performance.now() - video.lastArrivalMs;
  if (silentMs > MAX_SILENCE_MS)
    throw new Error(`the reader beside got nothing for ${silentMs} ms`);
}
