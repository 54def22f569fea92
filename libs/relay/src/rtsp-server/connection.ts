import type { Socket } from 'node:net';
import type { Principal } from '@nightjar/access';
import {
  NightjarError,
  messageOf,
  type Clock,
  type MonotonicMs,
  type Timer,
} from '@nightjar/common';
import {
  RtspHeaders,
  RtspStreamParser,
  STATUS_OF_KIND,
  printResponse,
  type RtspRequest,
  type RtspResponse,
} from '@nightjar/rtsp';
import type { MediaConnection } from './interleaved-output.js';
import { MAX_PIPELINED_REQUESTS, MAX_RESPONSE_QUEUE_BYTES, REQUEST_TIMEOUT_MS } from './limits.js';
import type { RtspSession } from './session.js';

/** An answer on its way out. `after` runs when it is queued: media may follow, or the connection is closed. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: Buffer;
  readonly after?: () => void;
}

export interface ConnectionHandler {
  /** Answers one request; called for one request at a time, in order of arrival (RFC 2326 s.9.1). */
  handle(request: RtspRequest, connection: RtspConnection): Promise<Answer>;
  /** An interleaved frame of the client: an RTCP receiver report, or media it should not send. */
  interleaved(channel: number, connection: RtspConnection): void;
  /** Counts an answer. */
  answered(method: string, status: number): void;
  closed(connection: RtspConnection): void;
}

/** One TCP connection of a client: reads requests, answers them in order, and carries interleaved media. */
export class RtspConnection implements MediaConnection {
  /** Who logged in on this connection, once somebody has. */
  principal: Principal | undefined;
  lastRequestMs: MonotonicMs;
  readonly sessions = new Set<RtspSession>();
  readonly peerAddress: string;
  private readonly parser: RtspStreamParser;
  private readonly waiting: RtspRequest[] = [];
  private busy = false;
  private requestTimer: Timer | undefined;
  private ended = false;

  constructor(
    private readonly socket: Socket,
    private readonly handler: ConnectionHandler,
    private readonly clock: Clock,
  ) {
    this.peerAddress = socket.remoteAddress ?? '';
    this.lastRequestMs = clock.monotonicMs();
    this.parser = new RtspStreamParser({
      message: (message) => this.received(message),
      interleaved: (channel) => handler.interleaved(channel, this),
    });
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.receive(chunk));
    socket.on('error', () => this.close());
    socket.on('close', () => this.finish());
    socket.on('end', () => this.close());
  }

  get queuedBytes(): number {
    return this.socket.writableLength;
  }

  get closed(): boolean {
    return this.ended;
  }

  writeMedia(bytes: Buffer): void {
    if (!this.ended) this.socket.write(bytes);
  }

  onceDrained(listener: () => void): void {
    let called = false;
    const once = (): void => {
      if (called) return;
      called = true;
      this.socket.off('drain', once);
      this.socket.off('close', once);
      listener();
    };
    this.socket.on('drain', once);
    this.socket.on('close', once);
  }

  /** Closes at once, dropping what is queued. */
  close(): void {
    this.socket.destroy();
    this.finish();
  }

  /** Lets what is queued go out first. */
  closeGently(): void {
    this.socket.end();
    this.socket.setTimeout(1000, () => this.close());
  }

  private receive(chunk: Buffer): void {
    try {
      this.parser.push(chunk);
    } catch (error) {
      this.refuse(error);
      return;
    }
    this.requestTimer?.cancel();
    this.requestTimer = this.parser.midMessage
      ? this.clock.setTimer(REQUEST_TIMEOUT_MS, () => {
          this.write('', { status: 408 }, undefined);
          this.closeGently();
        })
      : undefined;
  }

  private received(message: RtspRequest | RtspResponse): void {
    if (message.kind === 'response') return;
    this.lastRequestMs = this.clock.monotonicMs();
    if (this.waiting.length >= MAX_PIPELINED_REQUESTS) {
      throw new NightjarError('exhausted', 'rtsp/pipeline', 'too many requests waiting', {
        status: 503,
      });
    }
    this.waiting.push(message);
    if (!this.busy) void this.work();
  }

  private async work(): Promise<void> {
    this.busy = true;
    for (;;) {
      const request = this.waiting.shift();
      if (request === undefined || this.ended) break;
      let answer: Answer;
      try {
        answer = await this.handler.handle(request, this);
      } catch (error) {
        answer = { status: statusOf(error) };
      }
      this.write(request.method, answer, request.headers.get('CSeq')?.trim());
      answer.after?.();
    }
    this.busy = false;
  }

  private refuse(error: unknown): void {
    const where = error instanceof NightjarError ? error.where : {};
    const cseq = where['cseq'];
    this.write('', { status: statusOf(error) }, cseq === undefined ? undefined : String(cseq));
    this.waiting.length = 0;
    this.closeGently();
  }

  private write(method: string, answer: Answer, cseq: string | undefined): void {
    if (this.ended) return;
    const headers = new RtspHeaders();
    if (cseq !== undefined) headers.append('CSeq', cseq);
    headers.append('Date', new Date(this.clock.wallMs()).toUTCString());
    headers.append('Server', 'Nightjar');
    for (const [name, value] of Object.entries(answer.headers ?? {})) {
      for (const one of typeof value === 'string' ? [value] : value) headers.append(name, one);
    }
    this.handler.answered(method, answer.status);
    let bytes: Buffer;
    try {
      bytes = printResponse({
        status: answer.status,
        headers,
        ...(answer.body === undefined ? {} : { body: answer.body }),
      });
    } catch (error) {
      // Something of the request was reflected that must not be: answer without it.
      bytes = Buffer.from(`RTSP/1.0 400 ${messageOf(error)}\r\n\r\n`);
    }
    this.socket.write(bytes);
    if (this.sessions.size === 0 && this.queuedBytes > MAX_RESPONSE_QUEUE_BYTES) this.close();
  }

  private finish(): void {
    if (this.ended) return;
    this.ended = true;
    this.requestTimer?.cancel();
    this.waiting.length = 0;
    this.handler.closed(this);
  }
}

function statusOf(error: unknown): number {
  if (!(error instanceof NightjarError)) return 500;
  const status = error.where['status'];
  return typeof status === 'number' ? status : STATUS_OF_KIND[error.kind];
}
