import type { Clock, MonotonicMs } from '@nightjar/common';
import type { RelayStream } from '../live/relay-stream.js';

interface Measured {
  readonly bytes: number;
  readonly atMs: MonotonicMs;
  readonly bytesPerSecond: number | undefined;
}

/** How much streams bring, from one look to the next. */
export class StreamRates {
  private readonly measured = new WeakMap<RelayStream, Measured>();

  constructor(
    private readonly clock: Clock,
    private readonly streams: () => Iterable<RelayStream>,
  ) {}

  look(): void {
    const atMs = this.clock.monotonicMs();
    for (const stream of this.streams()) {
      const { bytes } = stream.hub.stats;
      const before = this.measured.get(stream);
      const elapsedMs = before === undefined ? 0 : atMs - before.atMs;
      const bytesPerSecond =
        before === undefined || elapsedMs === 0 || bytes === before.bytes
          ? undefined
          : ((bytes - before.bytes) * 1000) / elapsedMs;
      this.measured.set(stream, { bytes, atMs, bytesPerSecond });
    }
  }

  /** Bytes per second; undefined for a stream that is not known well enough, or brings nothing. */
  of(stream: RelayStream): number | undefined {
    return this.measured.get(stream)?.bytesPerSecond;
  }
}
