import {
  NightjarError,
  messageOf,
  type Clock,
  type MonotonicMs,
  type Timer,
} from '@nightjar/common';
import type { Credentials, LowerTransport } from '@nightjar/rtsp';
import { Backoff } from './backoff.js';
import type { CameraTrust } from './link/camera-trust.js';
import { RtspConnection, type ConnectionEnd } from './rtsp-connection.js';
import { SourceCounters } from './source-counters.js';
import type { OfflineReason, Source, SourceSink, SourceState, SourceStats } from './source.js';
import { parseSourceUrl, type SourceUrl } from './source-url.js';
import type { GateTicket, StartGate } from './start-gate.js';
import { TransportChoice, type TransportMode } from './transport-choice.js';

/** Play of this length makes earlier failures forgotten. */
const GOOD_PLAY_MS = 30_000;
/** A wrong password is retried between 30 s (half of the first ceiling) and 5 min: cameras lock accounts out. */
const UNAUTHORIZED_BACKOFF = { initialMs: 60_000, maxMs: 300_000 };
const MAX_REDIRECTS = 3;

/** The part of a logger that sources use; pino fits. */
export interface SourceLog {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export interface RtspSourceOptions {
  /** Without userinfo. */
  readonly url: string;
  readonly credentials?: Credentials | undefined;
  readonly transport: TransportMode;
  /** Where a tunnel or WebSocket goes, where that is another place than `url` says; of the same host. */
  readonly via?: string | undefined;
  /** How the camera proves with TLS who it is. */
  readonly trust?: CameraTrust | undefined;
  /** Other hosts that redirects may lead to. */
  readonly redirectHosts?: readonly string[] | undefined;
  /** No RTP packet for so long means that the camera has stalled. */
  readonly inactivityMs: number;
  readonly reconnect: {
    /** Delays lie between half of a ceiling and the ceiling, which doubles from `initialMs` up to `maxMs`. */
    readonly initialMs: number;
    readonly maxMs: number;
    /** Reconnect attempts in a row before giving up; undefined = for ever. */
    readonly tries?: number | undefined;
  };
  readonly gate: StartGate;
  readonly clock: Clock;
  readonly log: SourceLog;
}

/**
 * Pulls one RTSP URL and reconnects until it is stopped.
 *
 * `offline` is told of every failed attempt, also when there was no `online` before. `online` may come twice without a
 * new connection, with `offline('closed')` between, when the camera starts another stream on the same session.
 *
 * @throws NightjarError `invalid` when the URL is not an rtsp:// or rtsps:// URL or holds credentials.
 */
export function createRtspSource(options: RtspSourceOptions, sink: SourceSink): Source {
  return new RtspSource(parseSourceUrl(options.url), options, sink);
}

class RtspSource implements Source {
  private state: SourceState = 'idle';
  private readonly counters = new SourceCounters();
  private readonly backoff: Backoff;
  private readonly unauthorizedBackoff = new Backoff(UNAUTHORIZED_BACKOFF);
  private readonly choice: TransportChoice;
  private connection: RtspConnection | undefined;
  private ticket: GateTicket | undefined;
  private retryTimer: Timer | undefined;
  /** What to do once the connection is closed. */
  private afterClose: () => void = () => undefined;
  private target: SourceUrl;
  private redirects = 0;
  private failures = 0;
  private playingSinceMs: MonotonicMs | undefined;
  private lastPacketMs: MonotonicMs | undefined;
  private lastTransport: LowerTransport | undefined;
  private lastError: string | undefined;
  private readonly closeWaiters: (() => void)[] = [];

  constructor(
    private readonly configured: SourceUrl,
    private readonly options: RtspSourceOptions,
    private readonly sink: SourceSink,
  ) {
    this.target = configured;
    this.backoff = new Backoff(options.reconnect);
    this.choice = new TransportChoice(options.transport);
  }

  get stats(): SourceStats {
    const { clock } = this.options;
    const last = this.connection?.media.lastPacketAt ?? this.lastPacketMs;
    return {
      state: this.state,
      connects: this.counters.connects,
      packets: this.counters.packets,
      bytes: this.counters.bytes,
      lost: this.counters.lostBefore + (this.connection?.media.lost ?? 0),
      jitterSeconds: this.connection?.media.jitterSeconds ?? 0,
      lastPacketAtMs:
        last === undefined ? undefined : clock.wallMs() - (clock.monotonicMs() - last),
      dropped: { ...this.counters.dropped },
      transport: this.connection?.transport ?? this.lastTransport,
      lastError: this.lastError,
    };
  }

  /** @throws NightjarError `conflict` while it runs, or before the promise of `stop` is resolved. */
  start(): void {
    const running = this.state !== 'idle' && this.state !== 'given-up';
    if (running || this.connection !== undefined) {
      throw new NightjarError('conflict', 'relay/source-running', 'the source is already started');
    }
    this.failures = 0;
    this.attempt();
  }

  async stop(): Promise<void> {
    const wasStarted = this.state !== 'idle';
    this.state = 'idle';
    this.retryTimer?.cancel();
    this.releaseGate();
    this.connection?.stop();
    if (wasStarted) this.sink.offline('stopped', 'the source was stopped');
    if (this.connection !== undefined)
      await new Promise<void>((resolve) => this.closeWaiters.push(resolve));
  }

  private attempt(): void {
    this.target = this.configured;
    this.redirects = 0;
    this.state = 'queued';
    this.ticket = this.options.gate.enter(() => this.connect());
  }

  private connect(): void {
    this.state = 'connecting';
    const { credentials, inactivityMs, clock, redirectHosts } = this.options;
    const { transport, fallback, via } = this.choice;
    const { target, counters } = this;
    this.connection = new RtspConnection(
      {
        target,
        via,
        viaUrl: this.options.via,
        trust: this.options.trust,
        redirectHosts,
        credentials,
        transport,
        fallback,
        inactivityMs,
        clock,
        counters,
      },
      this.sink,
      {
        online: (tracks) => {
          this.wentOnline();
          this.sink.online(tracks);
        },
        newEpoch: (tracks, detail) => {
          this.options.log.info({ detail }, 'camera began a new stream');
          this.sink.offline('closed', detail);
          this.sink.online(tracks);
        },
        ended: (end) => this.ended(end),
        closed: () => this.closed(),
      },
    );
  }

  private wentOnline(): void {
    this.releaseGate();
    this.state = 'playing';
    this.counters.connects += 1;
    this.playingSinceMs = this.options.clock.monotonicMs();
    this.lastTransport = this.connection?.transport;
    this.options.log.info({ transport: this.lastTransport }, 'camera is online');
  }

  private ended(end: ConnectionEnd): void {
    this.lastPacketMs = this.connection?.media.lastPacketAt ?? this.lastPacketMs;
    if (this.state === 'idle') return;
    switch (end.kind) {
      case 'redirected':
        this.redirect(end.url);
        break;
      case 'transport-refused':
        if (this.choice.refused()) {
          const transport = this.choice.transport;
          this.options.log.info({ transport, detail: end.detail }, 'another transport is tried');
          this.again();
        } else {
          this.failed('refused', end.detail);
        }
        break;
      case 'udp-silent':
        if (this.choice.silent()) {
          this.sink.offline('stalled', `${end.detail}, going on with TCP`);
          this.again();
        } else {
          this.failed('stalled', end.detail);
        }
        break;
      case 'failed':
        this.failed(end.reason, end.detail);
        break;
      case 'stopped':
        break;
    }
  }

  private closed(): void {
    this.connection = undefined;
    if (this.state !== 'idle') this.afterClose();
    for (const resolve of this.closeWaiters.splice(0)) resolve();
  }

  private redirect(url: string): void {
    this.redirects += 1;
    if (this.redirects > MAX_REDIRECTS) {
      this.failed('refused', `more than ${MAX_REDIRECTS} redirects`);
      return;
    }
    try {
      this.target = parseSourceUrl(url);
      this.again();
    } catch (error) {
      this.failed('protocol', `redirect to ${messageOf(error)}`);
    }
  }

  /** Connects anew as soon as the old connection is closed: no failure, so no delay. */
  private again(): void {
    this.state = 'connecting';
    this.playingSinceMs = undefined;
    this.afterClose = () => this.connect();
  }

  private failed(reason: OfflineReason, detail: string): void {
    this.releaseGate();
    this.forgiveAfterGoodPlay();
    const { log, reconnect } = this.options;
    this.failures += 1;
    const hopeless = reconnect.tries !== undefined && this.failures > reconnect.tries;
    const delayMs = Math.round(
      (reason === 'unauthorized' ? this.unauthorizedBackoff : this.backoff).nextMs(),
    );
    const known = this.lastError === detail && this.failures > 1;
    const fields = hopeless ? { reason, detail } : { reason, detail, retryMs: delayMs };
    log[known ? 'debug' : 'warn'](fields, hopeless ? 'camera is given up' : 'camera is offline');
    this.lastError = detail;
    this.state = hopeless ? 'given-up' : 'waiting';
    this.afterClose = () => {
      if (!hopeless) this.retryTimer = this.options.clock.setTimer(delayMs, () => this.attempt());
    };
    this.sink.offline(reason, detail);
  }

  private forgiveAfterGoodPlay(): void {
    const { playingSinceMs } = this;
    this.playingSinceMs = undefined;
    if (playingSinceMs === undefined) {
      this.choice.reset();
      return;
    }
    this.unauthorizedBackoff.reset();
    if (this.options.clock.monotonicMs() - playingSinceMs < GOOD_PLAY_MS) return;
    this.backoff.reset();
    this.failures = 0;
  }

  private releaseGate(): void {
    this.ticket?.leave();
    this.ticket = undefined;
  }
}
