import type { Clock } from '@nightjar/common';
import { metrics } from '@nightjar/monitoring';
import type { CameraReport } from './hub/stream-hub.js';
import type { Relay } from './live/relay.js';
import type { RelayStream } from './live/relay-stream.js';
import type { TalkDesk } from './live/talk-desk.js';
import type { Publication } from './publish/publication.js';
import type { DropCounts } from './source/source-counters.js';
import { READER_TRANSPORTS } from './rtsp-server/mount.js';

/** As label values, which are in lower case. */
const DROP_REASONS: Readonly<Record<keyof DropCounts, string>> = {
  malformed: 'malformed',
  payloadType: 'payload-type',
  ssrc: 'ssrc',
  channel: 'channel',
  address: 'address',
  srtp: 'srtp',
};

/** How far counters stood at the last look, by name. */
class Seen {
  private readonly values = new Map<string, number>();

  /** What a counter rose by. One that stands lower than before was made anew and counts from zero. */
  rise(name: string, value: number): number {
    const before = this.values.get(name) ?? 0;
    this.values.set(name, value);
    return value >= before ? value - before : value;
  }
}

/**
 * Brings the plain counters of hubs and sources into Prometheus series. Called at scrape time, so that the packet path
 * counts with plain numbers only.
 */
export class RelayMetrics {
  private readonly seen = new WeakMap<RelayStream, Seen>();

  constructor(
    private readonly relay: Relay,
    private readonly clock: Clock,
  ) {}

  collect(): void {
    for (const entry of this.relay.all()) {
      const seen = this.seen.get(entry) ?? new Seen();
      this.seen.set(entry, seen);
      collectStream(entry, seen, this.clock);
    }
  }
}

/** How far the camera's clock is ahead of ours by its report: what ours said when it came is taken off. */
function cameraAheadMs({ ntpMs, arrivalMs }: CameraReport, clock: Clock): number {
  return ntpMs - (clock.wallMs() - (clock.monotonicMs() - arrivalMs));
}

function collectStream(
  { camera, stream, hub, traffic, publication, talk }: RelayStream,
  seen: Seen,
  clock: Clock,
): void {
  const labels = { camera, stream };
  const { stats, sourceStats } = hub;
  if (hub.state === 'idle') metrics.cameraUp.remove(labels);
  else metrics.cameraUp.set(labels, hub.delivering ? 1 : 0);
  if (hub.cameraReport === undefined) metrics.cameraClockAheadSeconds.remove(labels);
  else metrics.cameraClockAheadSeconds.set(labels, cameraAheadMs(hub.cameraReport, clock) / 1000);
  metrics.cameraLoginRefused.set(labels, sourceStats?.login === undefined ? 0 : 1);
  const sessions = seen.rise('sessions', stats.sessions);
  metrics.sourceSessions.inc(labels, sessions);
  metrics.sourceConnects.inc({ ...labels, result: 'ok' }, sessions);
  for (const [reason, count] of stats.offline) {
    metrics.sourceConnects.inc(
      { ...labels, result: reason },
      seen.rise(`offline ${reason}`, count),
    );
  }
  const inbound = { ...labels, direction: 'in' };
  metrics.rtpPackets.inc(inbound, seen.rise('packets', stats.packets));
  metrics.rtpBytes.inc(inbound, seen.rise('bytes', stats.bytes));
  metrics.rtpPacketsLost.inc(labels, seen.rise('lost', sourceStats?.lost ?? 0));
  for (const [cause, count] of Object.entries(sourceStats?.dropped ?? {})) {
    const reason = DROP_REASONS[cause as keyof DropCounts];
    if (count > 0)
      metrics.sourcePacketsDropped.inc(
        { ...labels, reason },
        seen.rise(`dropped ${reason}`, count),
      );
  }
  metrics.gopCacheBytes.set(labels, hub.gopCacheBytes);
  metrics.readerQueueBytes.set(labels, hub.queuedBytes);
  for (const reason of ['too-large', 'budget'] as const) {
    const drops = hub.gopDrops[reason];
    if (drops > 0) metrics.gopCacheDrops.inc({ ...labels, reason }, seen.rise(reason, drops));
  }
  if (publication !== undefined) collectPublishers(labels, publication, seen);
  if (talk !== undefined) collectTalkers(labels, talk, seen);
  for (const transport of READER_TRANSPORTS) {
    const { bytes, packets } = traffic[transport];
    if (packets === 0) continue;
    metrics.readerBytes.inc({ ...labels, transport }, seen.rise(`${transport} bytes`, bytes));
    metrics.readerPackets.inc({ ...labels, transport }, seen.rise(`${transport} packets`, packets));
  }
}

interface StreamLabels {
  readonly camera: string;
  readonly stream: string;
}

function collectPublishers(labels: StreamLabels, publication: Publication, seen: Seen): void {
  const { publishers, replaced, refused } = publication.publishing;
  metrics.publishing.set(labels, publication.taken ? 1 : 0);
  const told = { accepted: publishers - replaced, replaced, refused };
  for (const [result, count] of Object.entries(told))
    metrics.publishers.inc({ ...labels, result }, seen.rise(`publishers ${result}`, count));
}

function collectTalkers(labels: StreamLabels, talk: TalkDesk, seen: Seen): void {
  const { talks, refused, packets, bytes } = talk.stats;
  metrics.talking.set(labels, talk.taken ? 1 : 0);
  for (const [result, count] of Object.entries({ accepted: talks, refused }))
    metrics.talkers.inc({ ...labels, result }, seen.rise(`talkers ${result}`, count));
  metrics.talkPackets.inc(labels, seen.rise('talk packets', packets));
  metrics.talkBytes.inc(labels, seen.rise('talk bytes', bytes));
}
