import { matching, parseMetrics, sumOf, type Sample } from './metrics-text.js';

const POLL_MS = 200;

/** What a `/metrics` page said at one moment. */
export class Scrape {
  private constructor(
    readonly samples: readonly Sample[],
    /** Monotonic, ms: the middle of the request. */
    readonly atMs: number,
  ) {}

  /** @param operationsUrl such as `http://127.0.0.1:9464` */
  static async of(operationsUrl: string): Promise<Scrape> {
    const startedMs = performance.now();
    const text = await (await fetch(`${operationsUrl}/metrics`)).text();
    return new Scrape(parseMetrics(text), (startedMs + performance.now()) / 2);
  }

  /** Sum of the series of a metric with these labels; 0 when there is none. */
  sum(name: string, labels: Readonly<Record<string, string>> = {}): number {
    return sumOf(this.samples, name, labels);
  }

  /** The greatest of the series of a metric with these labels. @throws Error when there is none: a figure needs one */
  greatest(name: string, labels: Readonly<Record<string, string>> = {}): number {
    const values = matching(this.samples, name, labels).map(({ value }) => value);
    if (values.length === 0) throw new Error(`no series ${name} ${JSON.stringify(labels)}`);
    return Math.max(...values);
  }

  /** Number of series of a metric above 0. */
  active(name: string): number {
    return matching(this.samples, name).filter(({ value }) => value > 0).length;
  }

  /** How much a sum grew since an earlier page. */
  growth(earlier: Scrape, name: string, labels: Readonly<Record<string, string>> = {}): number {
    return this.sum(name, labels) - earlier.sum(name, labels);
  }

  /** Seconds since an earlier page. */
  secondsSince(earlier: Scrape): number {
    return (this.atMs - earlier.atMs) / 1000;
  }
}

/** Asks again and again until an answer is there. @throws Error when that takes too long */
export async function eventually<T>(
  what: string,
  limitMs: number,
  attempt: () => Promise<T | undefined>,
  pollMs = POLL_MS,
): Promise<T> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const answer = await attempt();
    if (answer !== undefined) return answer;
    if (performance.now() > deadline) throw new Error(`${what}: not within ${limitMs} ms`);
    await pause(pollMs);
  }
}

/** Waits until so many streams have a fragment on the disk. */
export async function allRecording(
  operationsUrl: string,
  streams: number,
  limitMs = 30_000,
): Promise<Scrape> {
  return await eventually(`${streams} streams recording`, limitMs, async () => {
    const page = await Scrape.of(operationsUrl);
    return page.active('nightjar_recording_seconds_total') >= streams ? page : undefined;
  });
}

/** What a recorder reports between two pages. */
export interface Recorded {
  readonly seconds: number;
  readonly bytes: number;
  /** Media time that became durable, all streams together. */
  readonly mediaSeconds: number;
  readonly fragments: number;
  readonly droppedBytes: number;
  readonly gaps: number;
}

export function recordedBetween(before: Scrape, after: Scrape): Recorded {
  const growth = (name: string): number => after.growth(before, `nightjar_${name}`);
  return {
    seconds: after.secondsSince(before),
    bytes: growth('recording_bytes_total'),
    mediaSeconds: growth('recording_seconds_total'),
    fragments: growth('fragment_write_duration_seconds_count'),
    droppedBytes: growth('recording_dropped_bytes_total'),
    gaps: growth('recording_gaps_total'),
  };
}

/** Lets time pass. */
export async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}
