import { NightjarError, type MonotonicMs, type WallTimeMs } from '@nightjar/common';
import {
  RtspHeaders,
  printResponse,
  type RtspRequest,
  type RtspResponse,
} from '../messages/index.js';
import type { LoginHistory } from '../auth/index.js';
import type { Answer, Ask } from './ask.js';
import type { ClientEnd, ClientFailure, ClientOutput } from './client-output.js';
import { Exchange, type Credentials, type Purpose } from './exchange.js';
import type { HandshakeContext, LowerTransport } from './handshake-context.js';
import { handshake } from './handshake.js';
import { KEY_MANAGEMENT_FAILURE, parseMikeyParameter } from '../mikey/index.js';
import type { NoteTolerance } from '../tolerated.js';
import { redirectTarget } from './redirect.js';
import { DEFAULT_SESSION_POLICY, type SessionPolicy } from './session-policy.js';
import type { PortPair } from './track-transport.js';

/** How long a server may take for one response. */
const RESPONSE_TIMEOUT_MS = 10_000;
/** How long the response to TEARDOWN is waited for. */
const TEARDOWN_WAIT_MS = 1_000;
/** Keepalives are never further apart, whatever timeout the server names. */
const KEEPALIVE_MAX_MS = 25_000;
const KEEPALIVE_MIN_MS = 1_000;
/** Statuses saying that a keepalive method is not liked. */
const METHOD_REFUSALS: ReadonlySet<number> = new Set([405, 501, 551]);
const SESSION_NOT_FOUND = 454;
/** Requests of the server that are answered with 200; all others with 501. */
const ANSWERED_METHODS = ['OPTIONS', 'GET_PARAMETER', 'SET_PARAMETER', 'TEARDOWN', 'REDIRECT'];

export interface ClientSessionOptions {
  /** Request URL without userinfo, sent as it stands. */
  readonly url: string;
  /** Other hosts that redirects may lead to. */
  readonly redirectHosts?: readonly string[] | undefined;
  readonly credentials?: Credentials | undefined;
  /** Of these credentials at this server, over all connections; absent: of this one. */
  readonly loginHistory?: LoginHistory | undefined;
  /** Lower transport to ask for first. */
  readonly transport: LowerTransport;
  /** Whether the other one may be asked for when the server refuses. */
  readonly fallback: boolean;
  readonly userAgent: string;
  /** Whether all that is sent goes through TLS, whatever the URL says. */
  readonly secure: boolean;
  /** Whether to ask for the back channel; a server that has none, or refuses, plays without. */
  readonly backchannel?: boolean | undefined;
  /** Absent: {@link DEFAULT_SESSION_POLICY}. */
  readonly policy?: SessionPolicy | undefined;
  /** SSRC of our reports; keys are told for it. */
  readonly ssrc: number;
  /** For keys, whose age servers look at. */
  readonly wallMs: () => WallTimeMs;
}

type State =
  | { readonly name: 'idle' }
  | {
      readonly name: 'handshaking';
      readonly dialogue: Generator<Ask, ClientEnd | undefined, Answer>;
    }
  | { readonly name: 'playing' }
  | { readonly name: 'closing'; readonly end: ClientEnd }
  | { readonly name: 'ended' };

/**
 * RTSP 1.0 client of one connection, without I/O: messages and the time go in; requests, what they led to, and the next
 * deadline come out. Media does not pass through here. Never throws; whatever goes wrong is an `ended` output, before
 * which an open session is torn down.
 */
export class ClientSession {
  private state: State = { name: 'idle' };
  private outputs: ClientOutput[] = [];
  private deadline: number | undefined;
  private keepaliveMethod: 'GET_PARAMETER' | 'OPTIONS' = 'OPTIONS';
  private readonly exchange: Exchange;
  private readonly context: HandshakeContext;
  private readonly policy: SessionPolicy;

  constructor(options: ClientSessionOptions) {
    this.policy = options.policy ?? DEFAULT_SESSION_POLICY;
    const note: NoteTolerance = (what) => this.outputs.push({ type: 'tolerated', what });
    this.exchange = new Exchange(
      options.userAgent,
      options.credentials,
      options.loginHistory,
      this.policy,
      note,
    );
    this.context = {
      url: options.url,
      redirectHosts: options.redirectHosts,
      transport: options.transport,
      fallback: options.fallback,
      secure: options.secure,
      backchannel: options.backchannel === true,
      ssrc: options.ssrc,
      wallMs: options.wallMs,
      policy: this.policy,
      emit: (output) => this.outputs.push(output),
      note,
      aggregateUrl: options.url,
      publicMethods: new Set(),
    };
  }

  /** When {@link onDeadline} is to be called, in ms of the clock that is passed in; changes with every call. */
  get nextDeadline(): number | undefined {
    return this.deadline;
  }

  /** The connection is open. To be called once. */
  start(now: MonotonicMs): readonly ClientOutput[] {
    return this.step(() => {
      const dialogue = handshake(this.context);
      this.state = { name: 'handshaking', dialogue };
      this.follow(dialogue.next(), now);
    });
  }

  /** A message of the server. */
  receive(message: RtspRequest | RtspResponse, now: MonotonicMs): readonly ClientOutput[] {
    return this.step(() => {
      if (this.state.name === 'ended') return;
      if (message.kind === 'request') this.serve(message, now);
      else if (message.status >= 200) this.settle(message, now);
    });
  }

  /** Answer to a `need-ports` output. */
  ports(ports: PortPair, now: MonotonicMs): readonly ClientOutput[] {
    return this.step(() => this.advance({ kind: 'ports', ports }, now));
  }

  onDeadline(now: MonotonicMs): readonly ClientOutput[] {
    return this.step(() => {
      if (this.deadline === undefined || now < this.deadline) return;
      switch (this.state.name) {
        case 'handshaking':
          this.end(failed('timeout', `no answer within ${RESPONSE_TIMEOUT_MS / 1000} s`));
          break;
        case 'playing':
          this.send('keepalive', this.keepaliveMethod);
          this.deadline = now + this.keepaliveIntervalMs();
          break;
        case 'closing':
          this.end(this.state.end);
          break;
        case 'idle':
        case 'ended':
          break;
      }
    });
  }

  /** Tears the session down; `ended` follows, at once or within a second. */
  stop(now: MonotonicMs): readonly ClientOutput[] {
    return this.step(() => this.close({ kind: 'stopped' }, now));
  }

  private step(act: () => void): readonly ClientOutput[] {
    try {
      act();
    } catch (error) {
      if (!(error instanceof NightjarError)) throw error;
      this.end(failed('protocol', error.message));
    }
    const outputs = this.outputs;
    this.outputs = [];
    return outputs;
  }

  private settle(response: RtspResponse, now: MonotonicMs): void {
    const settled = this.exchange.settle(response);
    if (settled === undefined) return;
    if (settled.type === 'repeat') {
      this.outputs.push({ type: 'send', bytes: settled.bytes });
      if (this.state.name === 'handshaking') this.deadline = now + RESPONSE_TIMEOUT_MS;
      return;
    }
    switch (settled.purpose) {
      case 'handshake':
        this.advance(response, now);
        break;
      case 'keepalive':
        if (response.status === SESSION_NOT_FOUND)
          this.end(failed('closed', 'the server forgot the session'));
        else if (METHOD_REFUSALS.has(response.status) && this.policy.keepAlive === 'auto')
          this.doWithout(this.keepaliveMethod);
        break;
      case 'teardown':
        if (this.state.name === 'closing') this.end(this.state.end);
        break;
    }
  }

  private advance(answer: Answer, now: MonotonicMs): void {
    if (this.state.name === 'handshaking') this.follow(this.state.dialogue.next(answer), now);
  }

  private follow(step: IteratorResult<Ask, ClientEnd | undefined>, now: MonotonicMs): void {
    if (step.done !== true) {
      this.deadline = now + RESPONSE_TIMEOUT_MS;
      if (step.value.ask === 'ports')
        this.outputs.push({ type: 'need-ports', index: step.value.index });
      else
        this.outputs.push({
          type: 'send',
          bytes: this.exchange.print('handshake', step.value.request),
        });
      return;
    }
    if (step.value !== undefined) {
      this.close(step.value, now);
      return;
    }
    this.state = { name: 'playing' };
    this.keepaliveMethod = this.keepaliveMethodOf(this.policy.keepAlive);
    this.deadline = this.policy.keepAlive === 'off' ? undefined : now + this.keepaliveIntervalMs();
    this.outputs.push({ type: 'playing' });
  }

  private serve(request: RtspRequest, now: MonotonicMs): void {
    const known = ANSWERED_METHODS.includes(request.method);
    const status = known ? this.takeKeys(request) : 501;
    const headers = RtspHeaders.from({
      CSeq: request.headers.get('CSeq') ?? '0',
      Public: ANSWERED_METHODS.join(', '),
    });
    const bytes = printResponse({ version: request.version, status, headers });
    this.outputs.push({ type: 'send', bytes });
    if (request.method === 'TEARDOWN') {
      this.end(failed('closed', 'the server ended the session'));
    } else if (request.method === 'REDIRECT') {
      const url = redirectTarget(
        this.context.url,
        request.headers.get('Location') ?? this.context.url,
        this.context.redirectHosts,
      );
      this.close(
        url === undefined
          ? failed('refused', 'REDIRECT to another host or out of TLS')
          : { kind: 'redirected', url },
        now,
      );
    }
  }

  /** Status of the answer: whether new keys, if that is what the request brings, could be read. */
  private takeKeys(request: RtspRequest): number {
    if (request.method !== 'SET_PARAMETER' || !this.context.secure) return 200;
    try {
      const message = parseMikeyParameter(request.body);
      if (message !== undefined) this.outputs.push({ type: 'rekey', message });
      return 200;
    } catch (error) {
      if (!(error instanceof NightjarError)) throw error;
      return KEY_MANAGEMENT_FAILURE;
    }
  }

  /** Ends in good manners: an open session is torn down first, so that the camera has its slot free. */
  private close(end: ClientEnd, now: MonotonicMs): void {
    if (this.state.name === 'closing' || this.state.name === 'ended') return;
    if (this.exchange.sessionId === undefined || this.policy.teardown === 'never') {
      this.end(end);
      return;
    }
    this.state = { name: 'closing', end };
    this.deadline = now + TEARDOWN_WAIT_MS;
    this.send('teardown', 'TEARDOWN');
  }

  private end(end: ClientEnd): void {
    if (this.state.name === 'ended') return;
    this.state = { name: 'ended' };
    this.deadline = undefined;
    this.outputs.push({ type: 'ended', end });
  }

  private send(purpose: Purpose, method: string): void {
    const request = { method, uri: this.context.aggregateUrl, headers: {} };
    this.outputs.push({ type: 'send', bytes: this.exchange.print(purpose, request) });
  }

  /** The server does not like how its session is kept. */
  private doWithout(method: 'GET_PARAMETER' | 'OPTIONS'): void {
    if (method === 'OPTIONS') return;
    this.outputs.push({ type: 'tolerated', what: 'keep-alive-unknown' });
    this.keepaliveMethod = 'OPTIONS';
  }

  private keepaliveMethodOf(policy: SessionPolicy['keepAlive']): 'GET_PARAMETER' | 'OPTIONS' {
    const known = this.context.publicMethods.has('GET_PARAMETER');
    return policy === 'get-parameter' || (policy === 'auto' && known) ? 'GET_PARAMETER' : 'OPTIONS';
  }

  private keepaliveIntervalMs(): number {
    const half = (this.exchange.timeoutSeconds * 1000) / 2;
    return Math.max(KEEPALIVE_MIN_MS, Math.min(half, KEEPALIVE_MAX_MS));
  }
}

function failed(reason: ClientFailure, detail: string): ClientEnd {
  return { kind: 'failed', reason, detail };
}
