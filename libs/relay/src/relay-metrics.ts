import { metrics } from '@nightjar/monitoring';
import type { Relay, RelayStream } from './live/relay.js';

/** What a stream's counters were at the last look. */
interface Seen {
  sessions: number;
  packets: number;
  bytes: number;
  lost: number;
  readonly offline: Map<string, number>;
}

/**
 * Brings the plain counters of hubs and sources into Prometheus series. Called at scrape time, so that the packet path
 * counts with plain numbers only.
 */
export class RelayMetrics {
  private readonly seen = new WeakMap<RelayStream, Seen>();

  constructor(private readonly relay: Relay) {}

  collect(): void {
    for (const entry of this.relay.all()) this.collectStream(entry);
  }

  private collectStream(entry: RelayStream): void {
    const { camera, stream, hub } = entry;
    const labels = { camera, stream };
    const seen = this.seen.get(entry) ?? {
      sessions: 0,
      packets: 0,
      bytes: 0,
      lost: 0,
      offline: new Map(),
    };
    this.seen.set(entry, seen);
    if (hub.state === 'idle') metrics.cameraUp.remove(labels);
    else metrics.cameraUp.set(labels, hub.state === 'online' ? 1 : 0);
    const sessions = hub.stats.sessions - seen.sessions;
    metrics.sourceSessions.inc(labels, sessions);
    metrics.sourceConnects.inc({ ...labels, result: 'ok' }, sessions);
    seen.sessions = hub.stats.sessions;
    for (const [reason, count] of hub.stats.offline) {
      metrics.sourceConnects.inc(
        { ...labels, result: reason },
        count - (seen.offline.get(reason) ?? 0),
      );
      seen.offline.set(reason, count);
    }
    metrics.rtpPackets.inc({ ...labels, direction: 'in' }, hub.stats.packets - seen.packets);
    metrics.rtpBytes.inc({ ...labels, direction: 'in' }, hub.stats.bytes - seen.bytes);
    seen.packets = hub.stats.packets;
    seen.bytes = hub.stats.bytes;
    // A source made anew after an on-demand pause counts from zero again.
    const lost = hub.sourceStats?.lost ?? 0;
    metrics.rtpPacketsLost.inc(labels, lost >= seen.lost ? lost - seen.lost : lost);
    seen.lost = lost;
  }
}
