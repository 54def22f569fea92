import type { Reader } from './reader.js';
import { StreamSample } from './stream-sample.js';
import { TcpReader } from './tcp-reader.js';
import { SampledUdpReader } from './udp-reader.js';

export interface JoinPlan {
  /** Join i takes url i modulo their number. */
  readonly urls: readonly string[];
  readonly transport: 'tcp' | 'udp';
  readonly joins: number;
  /** The joins happen at random moments of this time. */
  readonly durationMs: number;
}

/** How long a viewer waits for its first keyframe, ms; who waits longer fails the run. */
const TIMEOUT_MS = 30_000;

/**
 * Viewers that come at random and leave after their first complete keyframe.
 * @returns per join the time from connect() to the last packet of that keyframe, ms
 */
export async function join(plan: JoinPlan): Promise<number[]> {
  const moments = Array.from({ length: plan.joins }, () => Math.random() * plan.durationMs);
  return await Promise.all(
    moments.map(async (moment, i) => {
      await new Promise((resolve) => setTimeout(resolve, moment));
      return await joinOnce(new URL(plan.urls[i % plan.urls.length]!), plan.transport);
    }),
  );
}

async function joinOnce(url: URL, transport: 'tcp' | 'udp'): Promise<number> {
  const startedAt = performance.now();
  let reader: Reader | undefined;
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<number>((resolve, reject) => {
      const sample = new StreamSample(() => resolve(performance.now() - startedAt));
      reader = transport === 'tcp' ? new TcpReader(url, sample) : new SampledUdpReader(url, sample);
      timer = setTimeout(() => reject(new Error(`${url.href}: no keyframe`)), TIMEOUT_MS);
      reader.open().catch(reject);
    });
  } finally {
    clearTimeout(timer);
    reader?.close();
  }
}
