import { NightjarError } from '@nightjar/common';
import type { RtspHeaders } from './headers.js';
import { RTSP_1_0, type RtspRequest, type RtspVersion } from './message.js';
import { reasonOf } from './status.js';

const CONTENT_LENGTH = 'Content-Length';
const NO_BODY = Buffer.alloc(0);
// eslint-disable-next-line no-control-regex
const LINE_BREAKING = /[\r\n\0]/;

/**
 * Bytes of a request, in RTSP/1.0 unless said otherwise; Content-Length follows from the body, whatever the headers say.
 * @throws NightjarError `invalid` if a line break hides in a part of the head (header injection).
 */
export function printRequest(
  request: Omit<RtspRequest, 'kind' | 'version'>,
  version: RtspVersion = RTSP_1_0,
): Buffer {
  return printMessage(`${request.method} ${request.uri} ${version}`, request.headers, request.body);
}

/** Longest reason phrase of our own wording. */
const MAX_REASON_LENGTH = 200;

/**
 * Bytes of a response; Content-Length follows from the body. A reason phrase that is given takes the place of that of the
 * table (RFC 2326 s.7.1.1 leaves the words open), without what is not printable ASCII.
 * @throws NightjarError `invalid` if a line break hides in a part of the head (header injection).
 */
export function printResponse(response: {
  readonly version?: string;
  readonly status: number;
  readonly reason?: string | undefined;
  readonly headers: RtspHeaders;
  readonly body?: Buffer;
}): Buffer {
  const { version = RTSP_1_0, status, headers, body = NO_BODY } = response;
  const reason = response.reason?.replace(/[^ -~]+/g, ' ').slice(0, MAX_REASON_LENGTH);
  return printMessage(`${version} ${status} ${reason || reasonOf(status, version)}`, headers, body);
}

function printMessage(startLine: string, headers: RtspHeaders, body: Buffer): Buffer {
  const lines = [startLine];
  let lengthNeeded = body.length > 0;
  for (const [name, value] of headers.entries()) {
    if (name.toLowerCase() !== CONTENT_LENGTH.toLowerCase()) {
      lines.push(`${name}: ${value}`);
    } else if (lengthNeeded) {
      lines.push(`${name}: ${body.length}`);
      lengthNeeded = false;
    }
  }
  if (lengthNeeded) lines.push(`${CONTENT_LENGTH}: ${body.length}`);
  for (const line of lines) {
    if (LINE_BREAKING.test(line)) {
      throw new NightjarError('invalid', 'rtsp/line-break', 'a header value holds a line break');
    }
  }
  const head = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'utf8');
  return body.length === 0 ? head : Buffer.concat([head, body]);
}
