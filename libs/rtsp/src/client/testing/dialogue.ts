import type { MonotonicMs, WallTimeMs } from '@nightjar/common';
import {
  RtspHeaders,
  RtspStreamParser,
  type RtspRequest,
  type RtspResponse,
} from '../../messages/index.js';
import type { MikeyMessage } from '../../mikey/index.js';
import type { SignallingTolerance } from '../../tolerated.js';
import { ClientSession, type ClientSessionOptions } from '../client-session.js';
import type { ClientEnd, ClientOutput, ReadyTrack } from '../client-output.js';

export const URL_1 = 'rtsp://cam.test/live';
export const VIDEO = 'm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:trackID=0\r\n';
const AUDIO = 'm=audio 0 RTP/AVP 0\r\na=control:trackID=1\r\n';
export const SDP = `v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=control:*\r\n${VIDEO}${AUDIO}`;

export interface Reply {
  readonly status?: number;
  readonly headers?: Record<string, string | string[]>;
  readonly body?: string;
}

export type Server = (request: RtspRequest) => Reply | undefined;

/** Answers like a plain camera; `overrides` are tried first. */
export function camera(overrides: Server = () => undefined): Server {
  return (request) => overrides(request) ?? plain(request);
}

export function plain(request: RtspRequest): Reply {
  switch (request.method) {
    case 'OPTIONS':
      return { headers: { Public: 'OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, TEARDOWN' } };
    case 'DESCRIBE':
      return {
        headers: { 'Content-Base': `${URL_1}/`, 'Content-Type': 'application/sdp' },
        body: SDP,
      };
    case 'SETUP':
      return {
        headers: { Session: 'abc;timeout=30', Transport: request.headers.get('Transport') ?? '' },
      };
    default:
      return {};
  }
}

function response(reply: Reply, request: RtspRequest): RtspResponse {
  const headers = RtspHeaders.from({ CSeq: request.headers.get('CSeq') ?? '', ...reply.headers });
  if (reply.headers?.['CSeq'] === 'none') headers.set('CSeq', '');
  const body = Buffer.from(reply.body ?? '');
  return {
    kind: 'response',
    version: 'RTSP/1.0',
    status: reply.status ?? 200,
    reason: 'R',
    headers,
    body,
  };
}

/** Plays a session against a scripted server until neither has anything to say. */
export class Dialogue {
  readonly requests: RtspRequest[] = [];
  readonly answered: (RtspRequest | RtspResponse)[] = [];
  readonly ready: ReadyTrack[] = [];
  readonly rekeys: MikeyMessage[] = [];
  readonly tolerated = new Set<SignallingTolerance>();
  backchannel: ReadyTrack | undefined;
  end: ClientEnd | undefined;
  playing = false;
  now = 0;
  readonly session: ClientSession;
  private readonly parser = new RtspStreamParser({
    message: (message) => void this.sent.push(message),
    interleaved: () => undefined,
  });
  private sent: (RtspRequest | RtspResponse)[] = [];

  constructor(
    private readonly server: Server,
    options: Partial<ClientSessionOptions> = {},
  ) {
    this.session = new ClientSession({
      url: URL_1,
      transport: 'tcp',
      fallback: false,
      userAgent: 'test',
      secure: (options.url ?? URL_1).startsWith('rtsps:'),
      ssrc: 7,
      wallMs: () => 0 as WallTimeMs,
      ...options,
    });
  }

  start(): this {
    this.run(this.session.start(this.time()));
    return this;
  }

  run(outputs: readonly ClientOutput[]): void {
    for (const output of outputs) this.take(output);
  }

  /** Moves to the next deadline. */
  tick(): void {
    this.now = this.session.nextDeadline ?? this.now;
    this.run(this.session.onDeadline(this.time()));
  }

  time(): MonotonicMs {
    return this.now as MonotonicMs;
  }

  get methods(): string[] {
    return this.requests.map(({ method }) => method);
  }

  last(method: string): RtspRequest {
    const found = this.requests.findLast((request) => request.method === method);
    if (found === undefined) throw new Error(`no ${method}`);
    return found;
  }

  private take(output: ClientOutput): void {
    if (output.type === 'send') {
      this.parser.push(output.bytes);
      for (const message of this.sent.splice(0)) this.answer(message);
    } else if (output.type === 'need-ports') {
      this.run(this.session.ports([5000 + 2 * output.index, 5001 + 2 * output.index], this.time()));
    } else if (output.type === 'track-ready') {
      this.ready.push(output.ready);
    } else if (output.type === 'backchannel-ready') {
      this.backchannel = output.ready;
    } else if (output.type === 'rekey') {
      this.rekeys.push(output.message);
    } else if (output.type === 'tolerated') {
      this.tolerated.add(output.what);
    } else if (output.type === 'playing') {
      this.playing = true;
    } else if (output.type === 'ended') {
      this.end = output.end;
    }
  }

  private answer(message: RtspRequest | RtspResponse): void {
    if (message.kind === 'response') {
      this.answered.push(message);
      return;
    }
    this.requests.push(message);
    const reply = this.server(message);
    if (reply !== undefined) this.run(this.session.receive(response(reply, message), this.time()));
  }
}

export const only =
  (method: string, reply: Reply | ((request: RtspRequest) => Reply | undefined)): Server =>
  (request) => {
    if (request.method !== method) return undefined;
    return typeof reply === 'function' ? reply(request) : reply;
  };
