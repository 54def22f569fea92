import { messageDefect } from './defect.js';
import { HeadReader } from './head-reader.js';
import { FRAME_HEADER_BYTES, FRAME_MARK } from './interleaved.js';
import type { RtspRequest, RtspResponse } from './message.js';
import { parseHead } from './parse-head.js';

const CR = 0x0d;
const LF = 0x0a;
const FIRST_PRINTABLE = 0x21;
const LAST_PRINTABLE = 0x7e;

/** Where a {@link RtspStreamParser} puts what it finds. Called synchronously, in stream order. */
export interface RtspStreamSink {
  message(message: RtspRequest | RtspResponse): void;
  /** Payload of one `$` frame: `length` bytes of `buf` at `offset`, a view valid as long as `buf` is referenced. */
  interleaved(channel: number, buf: Buffer, offset: number, length: number): void;
}

/** What began in an earlier chunk, or begins in this one without ending there. */
type Pending =
  | { readonly kind: 'frame-header'; readonly bytes: number[] }
  | { readonly kind: 'frame'; readonly channel: number; readonly payload: Buffer; filled: number }
  | { readonly kind: 'head'; readonly reader: HeadReader }
  | { readonly kind: 'body'; readonly message: RtspRequest | RtspResponse; filled: number };

/**
 * Incremental parser of one RTSP byte stream: requests, responses and `$` frames. RFC 2326 s.10.12.
 * Frames that lie whole in a chunk are handed on as views of it, without allocation; one that spans
 * chunks is copied into a buffer of exactly its size.
 */
export class RtspStreamParser {
  private pending: Pending | undefined;
  private failure: { readonly error: unknown } | undefined;
  /** Bytes in the chunks before the present one. */
  private earlierBytes = 0;
  private beganAt = 0;

  constructor(private readonly sink: RtspStreamSink) {}

  /** Offset in the stream at which the message begins that is handed on now, or else what is awaited to its end. */
  get startOffset(): number {
    return this.beganAt;
  }

  /** Something has begun and not ended: a message or frame is awaited. */
  get midMessage(): boolean {
    return this.pending !== undefined;
  }

  /**
   * Takes the next bytes of the stream; the chunk must not be reused while views of it are in use.
   * @throws NightjarError `protocol` or `exhausted` on what cannot be parsed; `where.status` is the RTSP
   * status to answer, `where.cseq` the CSeq if known. The position in the stream is lost then: every
   * later call throws the same error, as it does after an error thrown by the sink.
   */
  push(chunk: Buffer): void {
    if (this.failure !== undefined) throw this.failure.error;
    try {
      this.consume(chunk);
      this.earlierBytes += chunk.length;
    } catch (error) {
      this.failure = { error };
      this.pending = undefined;
      throw error;
    }
  }

  private consume(chunk: Buffer): void {
    const end = chunk.length;
    let at = 0;
    while (at < end) {
      if (this.pending !== undefined) {
        at = this.advance(this.pending, chunk, at);
        continue;
      }
      const first = chunk[at]!;
      this.beganAt = this.earlierBytes + at;
      if (first === FRAME_MARK) {
        const start = at + FRAME_HEADER_BYTES;
        if (start <= end) {
          const length = (chunk[at + 2]! << 8) | chunk[at + 3]!;
          if (start + length <= end) {
            this.sink.interleaved(chunk[at + 1]!, chunk, start, length);
            at = start + length;
            continue;
          }
        }
        this.pending = { kind: 'frame-header', bytes: [] };
      } else if (first === CR || first === LF) {
        at += 1;
      } else if (first < FIRST_PRINTABLE || first > LAST_PRINTABLE) {
        throw messageDefect('protocol', 'rtsp/start-byte', 'neither a message nor a frame', 400);
      } else {
        this.pending = { kind: 'head', reader: new HeadReader() };
      }
    }
  }

  /** Adds bytes of `chunk` from `at` on to what is pending; returns the offset behind the bytes used. */
  private advance(pending: Pending, chunk: Buffer, at: number): number {
    if (pending.kind === 'frame-header') {
      pending.bytes.push(chunk[at]!);
      if (pending.bytes.length === FRAME_HEADER_BYTES) this.beginFrame(pending.bytes);
      return at + 1;
    }
    if (pending.kind === 'head') {
      const next = pending.reader.read(chunk, at);
      if (pending.reader.done) this.endHead(pending.reader.lines);
      return next;
    }
    const target = pending.kind === 'frame' ? pending.payload : pending.message.body;
    const used = chunk.copy(target, pending.filled, at);
    pending.filled += used;
    if (pending.filled === target.length) this.endAssembly(pending);
    return at + used;
  }

  private endAssembly(whole: Extract<Pending, { filled: number }>): void {
    this.pending = undefined;
    if (whole.kind === 'body') this.sink.message(whole.message);
    else this.sink.interleaved(whole.channel, whole.payload, 0, whole.payload.length);
  }

  private beginFrame(header: readonly number[]): void {
    const [, channel = 0, high = 0, low = 0] = header;
    const payload = Buffer.allocUnsafe((high << 8) | low);
    if (payload.length > 0) {
      this.pending = { kind: 'frame', channel, payload, filled: 0 };
    } else {
      this.pending = undefined;
      this.sink.interleaved(channel, payload, 0, 0);
    }
  }

  private endHead(lines: readonly string[]): void {
    const { start, headers, bodyBytes } = parseHead(lines);
    const message = { ...start, headers, body: Buffer.allocUnsafe(bodyBytes) };
    if (bodyBytes > 0) {
      this.pending = { kind: 'body', message, filled: 0 };
    } else {
      this.pending = undefined;
      this.sink.message(message);
    }
  }
}
