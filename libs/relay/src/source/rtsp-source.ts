import {
  NightjarError,
  messageOf,
  withZone,
  type Clock,
  type MonotonicMs,
  type Timer,
} from '@nightjar/common';
import type { Credentials, LowerTransport } from '@nightjar/rtsp';
import type { CameraSlots } from '../limits/camera-slots.js';
import { Backoff } from './backoff.js';
import {
  CameraAccounts,
  DEFAULT_UNAUTHORIZED,
  NEVER,
  type UnauthorizedPolicy,
} from './camera-accounts.js';
import type { CameraTrust } from './link/camera-trust.js';
import { RtspConnection, type ConnectionEnd } from './rtsp-connection.js';
import { DEFAULT_QUIRKS, type SourceQuirks } from './source-quirks.js';
import { SourceCounters } from './source-counters.js';
import type {
  OfflineReason,
  RefusedLogin,
  Source,
  SourceSink,
  SourceState,
  SourceStats,
} from './source.js';
import { parseSourceUrl, type SourceUrl } from './source-url.js';
import type { GateTicket, StartGate } from './start-gate.js';
import { TransportChoice, type TransportMode } from './transport-choice.js';

/** Play of this length makes earlier failures forgotten. */
const GOOD_PLAY_MS = 30_000;
const MAX_REDIRECTS = 3;
const LOGIN_REFUSED = 'the camera refused the login';
const LOGIN_GIVEN_UP =
  'the camera refuses the login: it is not tried again until the credentials change';

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
  /** Whether to ask for the back channel (ONVIF Streaming s.5.3). */
  readonly backchannel?: boolean;
  /** How a camera that has its ways is dealt with; what is absent: by its default. */
  readonly quirks?: Partial<SourceQuirks> | undefined;
  /** No RTP packet for so long means that the camera has stalled. */
  readonly inactivityMs: number;
  readonly reconnect: {
    /** Delays lie between half of a ceiling and the ceiling, which doubles from `initialMs` up to `maxMs`. */
    readonly initialMs: number;
    readonly maxMs: number;
    /** Reconnect attempts in a row before giving up; undefined = for ever. */
    readonly tries?: number | undefined;
    /** When the camera refuses the login; absent: {@link DEFAULT_UNAUTHORIZED}. */
    readonly unauthorized?: UnauthorizedPolicy | undefined;
  };
  /** Shared by all sources; absent: this one counts for itself. */
  readonly accounts?: CameraAccounts | undefined;
  /** Connections to cameras that there may be at once; absent: any number. */
  readonly slots?: CameraSlots | undefined;
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
  private readonly accounts: CameraAccounts;
  private readonly account: string;
  private login: RefusedLogin | undefined;
  private leaveSlot: () => void = () => undefined;
  private readonly choice: TransportChoice;
  private connection: RtspConnection | undefined;
  private ticket: GateTicket | undefined;
  private retryTimer: Timer | undefined;
  /** What to do once the connection is closed. */
  private afterClose: () => void = () => undefined;
  private target: SourceUrl;
  private redirects = 0;
  /** The camera broke the session off when it was asked for its back channel: it plays without. */
  private backchannelBreaks = false;
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
    this.accounts = options.accounts ?? new CameraAccounts(options.clock);
    this.account = CameraAccounts.keyOf(configured.host, options.credentials);
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
      quirks: this.counters.quirks,
      login: this.login,
    };
  }

  /** @throws NightjarError `conflict` while it runs, or before the promise of `stop` is resolved. */
  start(): void {
    if (this.state === 'given-up' && this.connection !== undefined) return this.startAfterClose();
    const running = this.state !== 'idle' && this.state !== 'given-up';
    if (running || this.connection !== undefined) {
      throw new NightjarError('conflict', 'relay/source-running', 'the source is already started');
    }
    this.failures = 0;
    this.login = undefined;
    this.attempt();
  }

  /** Somebody asks anew before the connection that was given up is closed. */
  private startAfterClose(): void {
    this.failures = 0;
    this.login = undefined;
    this.state = 'waiting';
    this.afterClose = () => this.attempt();
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
    const waitMs = this.accounts.waitMs(this.account);
    if (waitMs > 0) {
      this.holdBack(waitMs);
      return;
    }
    this.state = 'queued';
    this.ticket = this.options.gate.enter(() => this.connect());
    // There was no place for it: that was known before the ticket.
    if (this.isPausing) this.releaseGate();
  }

  private get isPausing(): boolean {
    return this.state === 'waiting' || this.state === 'given-up';
  }

  /** The account was refused, for this stream or another one: it is not tried before its time. */
  private holdBack(waitMs: number): void {
    // A timer may come a moment early, and another stream may have been refused meanwhile.
    const told = this.login !== undefined;
    this.login = this.refused(waitMs);
    this.state = waitMs === NEVER ? 'given-up' : 'waiting';
    if (waitMs !== NEVER)
      this.retryTimer = this.options.clock.setTimer(waitMs, () => this.attempt());
    if (told) return;
    // Not before whoever started this is ready to hear it.
    queueMicrotask(() => {
      if (this.state !== 'idle') this.sink.offline('unauthorized', LOGIN_REFUSED);
    });
  }

  private connect(): void {
    const leave = this.options.slots === undefined ? () => undefined : this.options.slots.take();
    if (leave === undefined) {
      this.failed('limit', 'limits.cameraConnections is reached');
      this.closed();
      return;
    }
    this.leaveSlot();
    this.leaveSlot = leave;
    this.state = 'connecting';
    const { credentials, inactivityMs, clock, redirectHosts, quirks } = this.options;
    const { transport, fallback, via } = this.choice;
    const { target, counters } = this;
    const backchannel = this.options.backchannel === true && !this.backchannelBreaks;
    this.connection = new RtspConnection(
      {
        target,
        via,
        viaUrl: this.options.via,
        trust: this.options.trust,
        redirectHosts,
        credentials,
        loginHistory: this.accounts.historyOf(this.account),
        transport,
        fallback,
        backchannel,
        policy: { ...DEFAULT_QUIRKS, ...quirks },
        inactivityMs,
        clock,
        counters,
      },
      this.sink,
      {
        online: (tracks) => {
          this.wentOnline();
          this.sink.online(tracks, this.connection?.backchannel);
        },
        newEpoch: (tracks, detail) => {
          this.options.log.info({ detail }, 'camera began a new stream');
          this.sink.offline('closed', detail);
          this.sink.online(tracks, this.connection?.backchannel);
        },
        ended: (end) => this.ended(end),
        closed: () => this.closed(),
      },
    );
  }

  private wentOnline(): void {
    this.releaseGate();
    this.state = 'playing';
    this.login = undefined;
    this.accounts.wasAccepted(this.account);
    this.counters.connects += 1;
    this.playingSinceMs = this.options.clock.monotonicMs();
    this.lastTransport = this.connection?.transport;
    const { quirks } = this.counters;
    const met = quirks.length === 0 ? {} : { quirks };
    this.options.log.info({ transport: this.lastTransport, ...met }, 'camera is online');
  }

  private ended(end: ConnectionEnd): void {
    this.lastPacketMs = this.connection?.media.lastPacketAt ?? this.lastPacketMs;
    if (this.state === 'idle') return;
    if (end.kind === 'failed' && this.playingSinceMs === undefined)
      this.backchannelBreaks ||= this.connection?.askedBackchannel === true;
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
    this.leaveSlot();
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
      const [, zone] = this.target.host.split('%');
      this.target = parseSourceUrl(withZone(url, zone));
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
    const isLogin = reason === 'unauthorized';
    const delayMs = Math.round(isLogin ? this.leaveAlone() : this.backoff.nextMs());
    this.login = isLogin ? this.refused(delayMs) : undefined;
    const tooOften = reconnect.tries !== undefined && this.failures > reconnect.tries;
    const hopeless = tooOften || delayMs === NEVER;
    const known = this.lastError === detail && this.failures > 1;
    const fields = hopeless ? { reason, detail } : { reason, detail, retryMs: delayMs };
    const said = delayMs === NEVER ? LOGIN_GIVEN_UP : 'camera is given up';
    log[known && !hopeless ? 'debug' : 'warn'](fields, hopeless ? said : 'camera is offline');
    this.lastError = detail;
    this.state = hopeless ? 'given-up' : 'waiting';
    this.afterClose = () => {
      if (!hopeless) this.retryTimer = this.options.clock.setTimer(delayMs, () => this.attempt());
    };
    this.sink.offline(reason, detail);
  }

  /** How long the account is left alone after this refusal. */
  private leaveAlone(): number {
    const { unauthorized = DEFAULT_UNAUTHORIZED } = this.options.reconnect;
    return this.accounts.wasRefused(this.account, unauthorized);
  }

  /** How the account stands that is not tried for so long. */
  private refused(waitMs: number): RefusedLogin {
    const retryAtMs = waitMs === NEVER ? undefined : this.options.clock.wallMs() + waitMs;
    return { refusals: this.accounts.refusals(this.account), retryAtMs };
  }

  private forgiveAfterGoodPlay(): void {
    const { playingSinceMs } = this;
    this.playingSinceMs = undefined;
    if (playingSinceMs === undefined) {
      this.choice.reset();
      return;
    }
    if (this.options.clock.monotonicMs() - playingSinceMs < GOOD_PLAY_MS) return;
    this.backoff.reset();
    this.failures = 0;
  }

  private releaseGate(): void {
    this.ticket?.leave();
    this.ticket = undefined;
  }
}
