import { totalmem } from 'node:os';
import { performance, type EventLoopUtilization } from 'node:perf_hooks';

/** Without a limit of one's own: so much of what the machine or the container has, for all media processes together. */
const DEFAULT_MEMORY_SHARE = 0.7;
/** The busy share is that since so many looks ago. */
const LOOKS = 2;

/** Where the figures come from. */
export interface LoadReadings {
  rssBytes(): number;
  utilization(since?: EventLoopUtilization): EventLoopUtilization;
}

const ACTUAL: LoadReadings = {
  rssBytes: () => process.memoryUsage.rss(),
  utilization: (since) => performance.eventLoopUtilization(since),
};

/** What this process takes of the machine, as of the last {@link look}. */
export class ProcessLoad {
  rssBytes = 0;
  /** Share of its time that the event loop was busy over the last looks, 0 to 1. */
  busyShare = 0;
  private readonly before: EventLoopUtilization[] = [];

  constructor(private readonly readings: LoadReadings = ACTUAL) {}

  look(): void {
    this.rssBytes = this.readings.rssBytes();
    const [oldest] = this.before;
    if (this.before.length === LOOKS) {
      this.busyShare = this.readings.utilization(oldest).utilization;
      this.before.shift();
    }
    this.before.push(this.readings.utilization());
  }
}

/** Bytes that one of `processes` media processes may take where the configuration does not say. */
export function defaultMemoryBytes(processes: number): number {
  const constrained = process.constrainedMemory();
  const total = totalmem();
  const available = constrained > 0 ? Math.min(constrained, total) : total;
  return Math.floor((available * DEFAULT_MEMORY_SHARE) / processes);
}
