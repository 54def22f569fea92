import { messageDefect } from '../messages/defect.js';
import { HeadReader } from '../messages/head-reader.js';
import type { RtspHeaders } from '../messages/headers.js';
import { parseHeaderLines } from '../messages/parse-head.js';

const REQUEST_LINE = /^([A-Z]{1,16}) (\S{1,2048}) HTTP\/1\.[01]$/;
const STATUS_LINE = /^HTTP\/1\.[01] ([1-5]\d\d)(?: (.*))?$/;
// eslint-disable-next-line no-control-regex
const FORBIDDEN_IN_LINE = /[\r\0]/;

export interface HttpRequestHead {
  readonly method: string;
  /** As it was sent: a path with its query, or a URL. */
  readonly target: string;
  readonly headers: RtspHeaders;
}

export interface HttpResponseHead {
  readonly status: number;
  readonly reason: string;
  readonly headers: RtspHeaders;
}

/** Collects the head of one HTTP/1 message, within the limits of RTSP's (LIMITS), wherever the chunks are cut. */
export class HttpHeadReader {
  private readonly reader = new HeadReader();

  get done(): boolean {
    return this.reader.done;
  }

  /**
   * Reads from `chunk` at `from`; returns the offset behind what was used: the body begins there.
   * @throws NightjarError `exhausted` beyond a limit
   */
  read(chunk: Buffer, from: number): number {
    return this.reader.read(chunk, from);
  }

  /** @throws NightjarError `protocol` with the status to answer */
  request(): HttpRequestHead {
    const [line = '', ...rest] = this.lines();
    const [, method = '', target = ''] = REQUEST_LINE.exec(line) ?? [];
    if (method === '')
      throw messageDefect('protocol', 'rtsp/http-line', 'malformed HTTP request line', 400);
    return { method, target, headers: parseHeaderLines(rest, undefined) };
  }

  /** @throws NightjarError `protocol` */
  response(): HttpResponseHead {
    const [line = '', ...rest] = this.lines();
    const [, status = '', reason = ''] = STATUS_LINE.exec(line) ?? [];
    if (status === '')
      throw messageDefect('protocol', 'rtsp/http-line', 'malformed HTTP status line', 400);
    return { status: Number(status), reason, headers: parseHeaderLines(rest, undefined) };
  }

  private lines(): string[] {
    const { lines } = this.reader;
    if (lines.some((line) => FORBIDDEN_IN_LINE.test(line)))
      throw messageDefect('protocol', 'rtsp/control-character', 'control character in head', 400);
    return lines.map((line) => line.trimEnd());
  }
}
