import type { Principal } from '@nightjar/access';
import {
  NightjarError,
  messageOf,
  type Clock,
  type MonotonicMs,
  type Timer,
  type TokenBucket,
} from '@nightjar/common';
import {
  RtspHeaders,
  RTSP_1_0,
  RTSP_2_0,
  RtspStreamParser,
  printRequest,
  printResponse,
  type RtspRequest,
  type RtspResponse,
  type RtspVersion,
} from '@nightjar/rtsp';
import type { ByteStream, MovableStream, Peer } from './carriage/byte-stream.js';
import type { Announced } from './announced.js';
import type { Elsewhere } from './elsewhere.js';
import type { MediaConnection } from './interleaved-output.js';
import { KeptBytes } from './kept-bytes.js';
import {
  MAX_PASSED_ON_BYTES,
  MAX_PIPELINED_REQUESTS,
  MAX_RESPONSE_QUEUE_BYTES,
  REQUEST_TIMEOUT_MS,
  RETRY_AFTER_SECONDS,
} from './limits.js';
import type { RtspSession } from './session.js';
import { reasonFor, statusOf } from './status-of-error.js';

/** A presentation that was described, with the feature tags that were named for it. */
export interface Described {
  readonly resource: string;
  readonly required: readonly string[];
}

/** An answer on its way out. `after` runs when it is queued: media may follow, or the connection is closed. */
export interface Answer {
  readonly status: number;
  /** Words for the one who reads the player's log, in place of those of the status. */
  readonly reason?: string | undefined;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: Buffer;
  readonly after?: () => void;
}

export interface ConnectionHandler {
  /** Answers one request; called for one request at a time, in order of arrival (RFC 2326 s.9.1). */
  handle(request: RtspRequest, connection: RtspConnection): Promise<Answer>;
  /** An interleaved frame of the client; the view is valid until the call returns. */
  interleaved(
    channel: number,
    buf: Buffer,
    offset: number,
    length: number,
    connection: RtspConnection,
  ): void;
  /** All that one socket read brought was handed on. */
  readEnded(connection: RtspConnection): void;
  /** Counts an answer. */
  answered(method: string, status: number): void;
  closed(connection: RtspConnection): void;
}

export interface ConnectionOptions {
  /** Where other requests than the first may have to go. */
  readonly elsewhere?: Elsewhere | undefined;
}

interface WaitingRequest {
  readonly request: RtspRequest;
  /** Where it begins in the byte stream. */
  readonly startOffset: number;
}

const NO_BYTES = Buffer.alloc(0);

/** One connection of a client: reads requests, answers them in order, and carries interleaved media. */
export class RtspConnection implements MediaConnection {
  /** Who logged in on this connection, once somebody has. */
  principal: Principal | undefined;
  /** Feature tags that the client named with its last DESCRIBE. */
  described: Described | undefined;
  /** What the client is about to publish. */
  announced: Announced | undefined;
  lastRequestMs: MonotonicMs;
  /** How many requests it may still make now, where that is limited. */
  requests: TokenBucket | undefined;
  readonly sessions = new Set<RtspSession>();
  /** Sessions by the names that their client gave them on this connection (RFC 7826 s.18.33). */
  readonly pipelined = new Map<string, RtspSession>();
  readonly peer: Peer;
  private readonly parser: RtspStreamParser;
  private readonly waiting: WaitingRequest[] = [];
  /** What is not answered yet, where it may have to be passed on. */
  private readonly unanswered = new KeptBytes();
  private busy = false;
  private asked = false;
  private requestTimer: Timer | undefined;
  /** Where in the stream that began which `requestTimer` waits for. */
  private watchedOffset: number | undefined;
  private ended = false;
  private closing = false;
  private nextCseq = 1;
  /** Version of the last request: what is no request is answered in it. */
  private spoken: RtspVersion = RTSP_1_0;

  constructor(
    private readonly stream: ByteStream,
    private readonly handler: ConnectionHandler,
    private readonly clock: Clock,
    private readonly options: ConnectionOptions = {},
  ) {
    this.peer = stream.peer;
    this.lastRequestMs = clock.monotonicMs();
    this.parser = new RtspStreamParser({
      message: (message) => this.received(message),
      interleaved: (channel, buf, offset, length) =>
        handler.interleaved(channel, buf, offset, length, this),
    });
  }

  /** Begins to read; call it once. @param head bytes that were read before the stream came here */
  begin(head: Buffer): void {
    this.stream.open({
      data: (chunk) => this.receive(chunk),
      ended: () => this.close(),
      closed: () => this.finish(),
    });
    if (head.length > 0) this.receive(head);
  }

  get peerAddress(): string {
    return this.peer.address;
  }

  get queuedBytes(): number {
    return this.stream.queuedBytes;
  }

  get closed(): boolean {
    return this.ended;
  }

  writeMedia(bytes: Buffer): boolean {
    return !this.ended && this.stream.write(bytes);
  }

  onceDrained(listener: () => void): void {
    this.stream.onceDrained(listener);
  }

  /** Closes at once, dropping what is queued. */
  close(): void {
    this.stream.close();
    this.finish();
  }

  /** Lets what is queued go out first. */
  closeGently(): void {
    // Several of its sessions may end at once.
    if (this.closing) return;
    this.closing = true;
    this.stream.closeGently();
  }

  /** The client takes too long: a request that it has begun is answered so. */
  timeOut(): void {
    if (!this.closing && this.parser.midMessage)
      this.write('', this.spoken, { status: 408 }, undefined);
    this.closeGently();
  }

  /** Sends a request of ours in RTSP 2.0; nothing depends on the answer. */
  ask(method: string, uri: string, headers: Readonly<Record<string, string>>): void {
    if (this.ended) return;
    const head = RtspHeaders.from({
      CSeq: String(this.nextCseq++),
      Date: new Date(this.clock.wallMs()).toUTCString(),
      ...headers,
    });
    this.stream.write(printRequest({ method, uri, headers: head, body: NO_BYTES }, RTSP_2_0));
  }

  private receive(chunk: Buffer): void {
    // What belongs to a session stays here, and media that a client sends is not worth keeping.
    const stays = this.options.elsewhere === undefined || this.sessions.size > 0;
    if (stays || this.unanswered.length + chunk.length > MAX_PASSED_ON_BYTES)
      this.unanswered.skip(chunk.length);
    else this.unanswered.push(chunk);
    try {
      this.parser.push(chunk);
    } catch (error) {
      this.refuse(error);
      return;
    }
    this.handler.readEnded(this);
    if (!this.busy) this.unanswered.dropBefore(this.firstUnanswered);
    this.watchRequest();
  }

  /** What has begun must end in time, counted from its first byte: bytes that drip in buy no more of it. */
  private watchRequest(): void {
    const beganAt = this.parser.midMessage ? this.parser.startOffset : undefined;
    if (beganAt === this.watchedOffset) return;
    this.watchedOffset = beganAt;
    this.requestTimer?.cancel();
    if (beganAt === undefined) return;
    this.requestTimer = this.clock.setTimer(REQUEST_TIMEOUT_MS, () => this.timeOut());
  }

  private received(message: RtspRequest | RtspResponse): void {
    if (message.kind === 'response') return;
    this.lastRequestMs = this.clock.monotonicMs();
    this.spoken = message.version === RTSP_1_0 ? RTSP_1_0 : RTSP_2_0;
    if (this.waiting.length >= MAX_PIPELINED_REQUESTS) {
      throw new NightjarError('exhausted', 'rtsp/pipeline', 'too many requests waiting', {
        status: 503,
      });
    }
    this.waiting.push({ request: message, startOffset: this.parser.startOffset });
    if (!this.busy) void this.work();
  }

  private async work(): Promise<void> {
    this.busy = true;
    for (;;) {
      const next = this.waiting.shift();
      if (next === undefined || this.ended) break;
      const { request } = next;
      // Who passed the connection on decided that the first request is for this process.
      const elsewhere = this.asked ? this.options.elsewhere : undefined;
      this.asked = true;
      let answer: Answer;
      if (elsewhere?.serves(request.uri) === true) {
        if (await this.passOn(elsewhere, next.startOffset)) return;
        elsewhere.refused(request.uri);
        answer = { status: 503, headers: { 'Retry-After': String(RETRY_AFTER_SECONDS) } };
      } else {
        answer = await this.answerTo(request);
      }
      this.write(
        request.method,
        request.version === RTSP_1_0 ? RTSP_1_0 : RTSP_2_0,
        answer,
        request.headers.get('CSeq')?.trim(),
      );
      answer.after?.();
      this.unanswered.dropBefore(this.firstUnanswered);
    }
    this.busy = false;
  }

  private async answerTo(request: RtspRequest): Promise<Answer> {
    try {
      return await this.handler.handle(request, this);
    } catch (error) {
      return { status: statusOf(error), reason: reasonFor(error) };
    }
  }

  /** Where in the byte stream that begins which nobody has answered. */
  private get firstUnanswered(): number {
    const [next] = this.waiting;
    if (next !== undefined) return next.startOffset;
    return this.parser.midMessage ? this.parser.startOffset : Infinity;
  }

  /**
   * Gives the connection away, with the bytes from `startOffset` on.
   * @returns false when it has to stay here: media of a session flows on it
   */
  private async passOn(elsewhere: Elsewhere, startOffset: number): Promise<boolean> {
    const { movable } = this.stream;
    const stays = this.sessions.size > 0 || this.unanswered.from(startOffset) === undefined;
    if (stays || movable === undefined) return false;
    if (this.stream.closed) return true;
    this.requestTimer?.cancel();
    this.unanswered.push(movable.stopReading());
    await this.giveTo(elsewhere, movable, startOffset);
    return true;
  }

  private async giveTo(
    elsewhere: Elsewhere,
    movable: MovableStream,
    startOffset: number,
  ): Promise<void> {
    const socket = await movable.release();
    if (this.ended) return;
    this.finish();
    elsewhere.take(socket, this.unanswered.from(startOffset) ?? NO_BYTES, this.peer);
  }

  private refuse(error: unknown): void {
    const where = error instanceof NightjarError ? error.where : {};
    const cseq = where['cseq'];
    const status = statusOf(error);
    this.write('', this.spoken, { status }, cseq === undefined ? undefined : String(cseq));
    this.waiting.length = 0;
    this.closeGently();
  }

  private write(
    method: string,
    version: RtspVersion,
    answer: Answer,
    cseq: string | undefined,
  ): void {
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
        version,
        status: answer.status,
        reason: answer.reason,
        headers,
        ...(answer.body === undefined ? {} : { body: answer.body }),
      });
    } catch (error) {
      // Something of the request was reflected that must not be: answer without it.
      bytes = Buffer.from(`${version} 400 ${messageOf(error)}\r\n\r\n`);
    }
    this.stream.write(bytes);
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
