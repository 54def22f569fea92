import { REQUEST_BURST_SECONDS, RequestRates } from '@nightjar/access';
import { NightjarError, TokenBucket, type Clock } from '@nightjar/common';
import type { LimitsConfig } from '@nightjar/config';
import type { Mount } from '../rtsp-server/mount.js';
import type { OutputAllowance } from '../rtsp-server/rate-limited-output.js';
import { ClientBook } from './client-book.js';
import { defaultMemoryBytes, ProcessLoad } from './process-load.js';
import type { SessionBook } from './session-book.js';
import { SilentConnections, type SilentEnd } from './silent-connections.js';

/** What may be too much; a metric label. */
export type LimitName =
  | 'connections'
  | 'connections-per-address'
  | 'silent-connections'
  | 'silent-time'
  | 'requests'
  | 'requests-per-address'
  | 'readers'
  | 'publishers'
  | 'reader-bandwidth'
  | 'stream-bandwidth'
  | 'camera-connections'
  | 'memory'
  | 'cpu';

/** The limit that a connection without a request came to. */
export function limitOf(how: SilentEnd): LimitName {
  return how === 'overload' ? 'silent-connections' : 'silent-time';
}

export interface ServerLimitsOptions {
  readonly limits: () => LimitsConfig;
  /** Media processes that share the limits on connections. */
  readonly processes: number;
  readonly clock: Clock;
  readonly load?: ProcessLoad;
  /** Measures what streams bring; looked at with the figures of this process. */
  readonly rates?: { look(): void };
  /** Told of what was refused, closed or slowed down. */
  readonly refused: (limit: LimitName) => void;
}

/** Decides whether one more client fits, so that those who are there lose nothing. */
export class ServerLimits {
  /** Connections without a completed request. */
  readonly silent: SilentConnections;
  private readonly clients = new ClientBook();
  private readonly load: ProcessLoad;
  private readonly addressRates: RequestRates;

  constructor(private readonly options: ServerLimitsOptions) {
    const { clock, limits, refused } = options;
    this.load = options.load ?? new ProcessLoad();
    this.addressRates = new RequestRates(clock, () =>
      this.shareOf(limits().requestsPerSecondPerAddress),
    );
    this.silent = new SilentConnections(clock, limits, (how) => refused(limitOf(how)));
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

  /** For the requests of one connection. */
  requestBucket(): TokenBucket {
    const { requestsPerSecond } = this.options.limits();
    const nowMs = this.options.clock.monotonicMs();
    return new TokenBucket(requestsPerSecond, REQUEST_BURST_SECONDS * requestsPerSecond, nowMs);
  }

  /** @throws NightjarError 'exhausted' when the connection, or all of its address, ask faster than they may */
  requireRequest(bucket: TokenBucket, address: string): void {
    if (!bucket.take(1, this.options.clock.monotonicMs()))
      throw this.refusal('requests', 'Too Many Requests');
    if (!this.addressRates.take(address))
      throw this.refusal('requests-per-address', 'Too Many Requests');
  }

  /** @throws NightjarError 'exhausted' (503) when one more session, beside those of the book, is too many */
  requireRoom(mount: Mount, sessions: SessionBook): void {
    const limits = this.options.limits();
    const memoryBytes = limits.memoryBytes ?? defaultMemoryBytes(this.options.processes);
    if (this.load.rssBytes > memoryBytes) throw this.refusal('memory', 'Out Of Memory');
    if (limits.cpu < 1 && this.load.busyShare > limits.cpu) throw this.refusal('cpu', 'Too Busy');
    if (mount.kind === 'publish') {
      if (sessions.publishers >= limits.publishers)
        throw this.refusal('publishers', 'Too Many Publishers');
      return;
    }
    if (sessions.readersOf(mount) >= limits.readersPerStream)
      throw this.refusal('readers', 'Too Many Readers');
  }

  /**
   * To be asked once the mount was described: before, nobody may know what it brings.
   * @throws NightjarError 'exhausted', with status 453, when a stream brings too much for one more reader
   */
  requireBandwidth(mount: Mount, sessions: SessionBook): void {
    const { readerBytesPerSecond = Infinity, streamBytesPerSecond = Infinity } =
      this.options.limits();
    const rate = mount.bytesPerSecond?.();
    if (rate === undefined) return;
    if (rate > readerBytesPerSecond)
      throw this.refusal('reader-bandwidth', 'Not Enough Bandwidth', 453);
    if (rate * (sessions.readersOf(mount) + 1) > streamBytesPerSecond)
      throw this.refusal('stream-bandwidth', 'Not Enough Bandwidth', 453);
  }

  /** What one reader of something stored is sent at most; undefined: any. */
  get readerAllowance(): OutputAllowance | undefined {
    const { readerBytesPerSecond: bytesPerSecond } = this.options.limits();
    const slowedDown = (): void => this.options.refused('reader-bandwidth');
    return bytesPerSecond === undefined ? undefined : { bytesPerSecond, slowedDown };
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
