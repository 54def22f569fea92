import type { RelayStream } from '@nightjar/relay';

/** Measures how much goes in and out of each camera between two looks. */
export class LoadMeter {
  private readonly before = new WeakMap<RelayStream, number>();

  /**
   * Bytes per second in and out since the last look, by camera. A stream that is seen for the first time counts from the next.
   * @param seconds since the last look
   */
  read(streams: Iterable<RelayStream>, seconds: number): Record<string, number> {
    const rates: Record<string, number> = {};
    for (const stream of streams) {
      const { hub, traffic } = stream;
      const out = Object.values(traffic).reduce((sum, { bytes }) => sum + bytes, 0);
      const total = hub.stats.bytes + out;
      const before = this.before.get(stream);
      this.before.set(stream, total);
      if (before === undefined) continue;
      rates[stream.camera] = (rates[stream.camera] ?? 0) + Math.max(0, total - before) / seconds;
    }
    return rates;
  }
}
