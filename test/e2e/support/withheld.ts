import type { Cameras } from './cameras.js';
import type { Interval } from './intervals.js';

const POLL_MS = 100;
/** Packets come every 40 ms; two looks in a row without one are an interruption, not a slow machine. */
const INTERRUPTED_MS = 250;

/** Watches how many packets each simulated camera has sent: the time in which it sent none to anybody was withheld. */
export class Withheld {
  private readonly intervals = new Map<string, Interval[]>();
  private readonly last = new Map<string, { packets: number; atMs: number }>();
  private stopped = false;
  private readonly watching: Promise<void>;

  constructor(
    private readonly cameras: Cameras,
    private readonly names: readonly string[],
  ) {
    for (const name of names) this.intervals.set(name, []);
    this.watching = this.watch();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.watching;
  }

  /** Of a camera, inside `[startMs, endMs)`, Unix epoch ms. */
  within(name: string, startMs: number, endMs: number): Interval[] {
    return (this.intervals.get(name) ?? [])
      .map((one) => ({
        startMs: Math.max(one.startMs, startMs),
        endMs: Math.min(one.endMs, endMs),
      }))
      .filter((one) => one.endMs > one.startMs);
  }

  private async watch(): Promise<void> {
    while (!this.stopped) {
      for (const { name, packets } of await this.cameras.statuses()) this.look(name, packets);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    for (const name of this.names) this.look(name, Infinity);
  }

  private look(name: string, packets: number): void {
    const atMs = Date.now();
    const before = this.last.get(name);
    if (before !== undefined && packets <= before.packets) return;
    if (before !== undefined && atMs - before.atMs > INTERRUPTED_MS)
      this.intervals.get(name)?.push({ startMs: before.atMs, endMs: atMs });
    this.last.set(name, { packets, atMs });
  }
}
