import { NightjarError, TokenBucket, type Clock } from '@nightjar/common';
import type { LimitsConfig } from '@nightjar/config';
import type { Mount } from '../rtsp-server/mount.js';
import type { RtspSession } from '../rtsp-server/session.js';
import { ClientBook } from './client-book.js';
import { defaultMemoryBytes, ProcessLoad } from './process-load.js';

/** What may be too much; a metric label. */
export type LimitName =
  | 'connections'
  | 'connections-per-address'
  | 'silent-connections'
  | 'requests'
  | 'readers'
  | 'publishers'
  | 'reader-bandwidth'
  | 'stream-bandwidth'
  | 'camera-connections'
  | 'memory'
  | 'cpu';

export interface ServerLimitsOptions {
  readonly limits: () => LimitsConfig;
  /** Media processes that share the limits on connections. */
  readonly processes: number;
  readonly clock: Clock;
  readonly load?: ProcessLoad;
  /** Measures what streams bring; looked at with the figures of this process. */
  readonly rates?: { look(): void };
  readonly refused: (limit: LimitName) => void;
}

/** Twice a second's requests may come at once: players set up all tracks in one go. */
const REQUEST_BURST_SECONDS = 2;

/** Decides whether one more client fits, so that those who are there lose nothing. */
export class ServerLimits {
  private readonly clients = new ClientBook();
  private readonly load: ProcessLoad;

  constructor(private readonly options: ServerLimitsOptions) {
    this.load = options.load ?? new ProcessLoad();
  }

  /** Brings the figures of this process up to date; to be called every few seconds. */
  look(): void {
    this.load.look();
    this.options.rates?.look();
  }

  /** Counts a connection, or says why there may be none; then it is not counted. */
  connect(address: string): LimitName | undefined {
    const { connections, connectionsPerAddress } = this.options.limits();
    const reason =
      this.clients.size >= this.shareOf(connections)
        ? 'connections'
        : this.clients.of(address) >= this.shareOf(connectionsPerAddress)
          ? 'connections-per-address'
          : undefined;
    if (reason === undefined) this.clients.enter(address);
    else this.options.refused(reason);
    return reason;
  }

  disconnect(address: string): void {
    this.clients.leave(address);
  }

  /** Connections that may be open without having asked anything. */
  get silentConnections(): number {
    return this.options.limits().silentConnections;
  }

  /** A connection had to go for another. */
  silentClosed(): void {
    this.options.refused('silent-connections');
  }

  /** For the requests of one connection. */
  requestBucket(): TokenBucket {
    const { requestsPerSecond } = this.options.limits();
    const nowMs = this.options.clock.monotonicMs();
    return new TokenBucket(requestsPerSecond, REQUEST_BURST_SECONDS * requestsPerSecond, nowMs);
  }

  /** @throws NightjarError 'exhausted' when the connection asks faster than it may */
  requireRequest(bucket: TokenBucket): void {
    if (!bucket.take(1, this.options.clock.monotonicMs()))
      throw this.refusal('requests', 'Too Many Requests');
  }

  /** @throws NightjarError 'exhausted' (503), with status 453 for bandwidth, when one more session is too many */
  requireRoom(mount: Mount, sessions: Iterable<RtspSession>): void {
    const limits = this.options.limits();
    const memoryBytes = limits.memoryBytes ?? defaultMemoryBytes(this.options.processes);
    if (this.load.rssBytes > memoryBytes) throw this.refusal('memory', 'Out Of Memory');
    if (limits.cpu < 1 && this.load.busyShare > limits.cpu) throw this.refusal('cpu', 'Too Busy');
    if (mount.kind === 'publish') {
      if (count(sessions, (other) => other.kind === 'publish') >= limits.publishers)
        throw this.refusal('publishers', 'Too Many Publishers');
      return;
    }
    const name = nameOf(mount);
    const readers = count(sessions, (other) => nameOf(other) === name);
    if (readers >= limits.readersPerStream) throw this.refusal('readers', 'Too Many Readers');
    this.requireBandwidth(mount, readers, limits);
  }

  private requireBandwidth(mount: Mount, readers: number, limits: LimitsConfig): void {
    const { readerBytesPerSecond = Infinity, streamBytesPerSecond = Infinity } = limits;
    const rate = mount.bytesPerSecond?.();
    if (rate === undefined) return;
    if (rate > readerBytesPerSecond)
      throw this.refusal('reader-bandwidth', 'Not Enough Bandwidth', 453);
    if (rate * (readers + 1) > streamBytesPerSecond)
      throw this.refusal('stream-bandwidth', 'Not Enough Bandwidth', 453);
  }

  private refusal(limit: LimitName, reason: string, status = 503): NightjarError {
    this.options.refused(limit);
    return new NightjarError('exhausted', 'relay/limit', `limit of ${limit} is reached`, {
      status,
      reason,
    });
  }

  private shareOf(limit: number): number {
    return Math.ceil(limit / this.options.processes);
  }
}

/** What counts as one stream: all who watch a live stream, or what was recorded of a camera. */
function nameOf({ kind, shared, access }: Mount): string {
  return `${kind} ${shared ?? access?.camera ?? ''}`;
}

function count(sessions: Iterable<RtspSession>, matches: (mount: Mount) => boolean): number {
  let found = 0;
  for (const { options } of sessions) if (matches(options.mount)) found += 1;
  return found;
}
