import { parseCSeq } from '../headers/cseq.js';
import { messageDefect } from './defect.js';
import { RtspHeaders } from './headers.js';
import { LIMITS } from './limits.js';
import { isRtspVersion } from './message.js';

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const RTSP_VERSION = /^RTSP\/\d+\.\d+$/;
const HTTP_VERSION = /^HTTP\/\d/;
const STATUS_LINE = /^(RTSP\/\d+\.\d+)[ \t]+([1-5]\d\d)(?:[ \t]+(.*))?$/;
// eslint-disable-next-line no-control-regex
const FORBIDDEN_IN_LINE = /[\r\0]/;
const DIGITS = /^\d{1,10}$/;

/** Start line of a message. */
export type StartLine =
  | {
      readonly kind: 'request';
      readonly method: string;
      readonly uri: string;
      readonly version: string;
    }
  | {
      readonly kind: 'response';
      readonly version: string;
      readonly status: number;
      readonly reason: string;
    };

/** Head of a message. */
export interface Head {
  readonly start: StartLine;
  readonly headers: RtspHeaders;
  /** Content-Length, 0 when absent. */
  readonly bodyBytes: number;
}

/** CSeq among the lines of a head, also of one that is otherwise defective. */
export function cseqOfLines(lines: readonly string[]): number | undefined {
  const line = lines.find((one) => /^cseq[ \t]*:/i.test(one));
  return line === undefined ? undefined : parseCSeq(line.slice(line.indexOf(':') + 1));
}

/**
 * Reads start line, headers and body length. RFC 2326 s.4-7, s.12.14.
 * A request may be in any version: it can be answered (505), a response cannot.
 * @throws NightjarError with the status to answer: 400, 413, 414 or 505.
 */
export function parseHead(lines: readonly string[]): Head {
  const cseq = cseqOfLines(lines);
  if (lines.some((line) => FORBIDDEN_IN_LINE.test(line))) {
    throw messageDefect(
      'protocol',
      'rtsp/control-character',
      'control character in head',
      400,
      cseq,
    );
  }
  const start = parseStartLine(lines[0] ?? '', cseq);
  const headers = parseHeaderLines(lines.slice(1), cseq);
  return { start, headers, bodyBytes: bodyLength(headers, cseq) };
}

function parseStartLine(line: string, cseq: number | undefined): StartLine {
  return line.startsWith('RTSP/') ? parseStatusLine(line, cseq) : parseRequestLine(line, cseq);
}

function parseStatusLine(line: string, cseq: number | undefined): StartLine {
  const match = STATUS_LINE.exec(line.trimEnd());
  if (match === null) {
    throw messageDefect('protocol', 'rtsp/status-line', 'malformed status line', 400, cseq);
  }
  const [, version = '', status = '', reason = ''] = match;
  if (!isRtspVersion(version))
    throw messageDefect('protocol', 'rtsp/version', `version ${version} is unknown`, 505, cseq);
  return { kind: 'response', version, status: Number(status), reason };
}

function parseRequestLine(line: string, cseq: number | undefined): StartLine {
  const [method = '', uri = '', version = '', ...rest] = line.trimEnd().split(/[ \t]+/);
  if (HTTP_VERSION.test(version)) {
    throw messageDefect('protocol', 'rtsp/http-request', 'HTTP request on an RTSP port', 400, cseq);
  }
  if (rest.length > 0 || !TOKEN.test(method) || !RTSP_VERSION.test(version)) {
    throw messageDefect('protocol', 'rtsp/request-line', 'malformed request line', 400, cseq);
  }
  if (Buffer.byteLength(uri) > LIMITS.uriBytes) {
    throw messageDefect(
      'exhausted',
      'rtsp/uri',
      `URI longer than ${LIMITS.uriBytes} bytes`,
      414,
      cseq,
    );
  }
  return { kind: 'request', method, uri, version };
}

/** Reads header lines, folded ones too. @throws NightjarError with status 400 */
export function parseHeaderLines(lines: readonly string[], cseq: number | undefined): RtspHeaders {
  const headers = new RtspHeaders();
  for (const line of unfold(lines)) {
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(colon, 0)).trimEnd();
    if (!TOKEN.test(name)) {
      throw messageDefect('protocol', 'rtsp/header', 'malformed header line', 400, cseq);
    }
    headers.append(name, line.slice(colon + 1).trim());
  }
  return headers;
}

/** Joins continuation lines, which start with white space, to the line before. RFC 2326 s.4.2. */
function unfold(lines: readonly string[]): string[] {
  const whole: string[] = [];
  for (const line of lines) {
    const last = whole.length - 1;
    if (/^[ \t]/.test(line) && last >= 0) whole[last] = `${whole[last]} ${line.trim()}`;
    else whole.push(line);
  }
  return whole;
}

function bodyLength(headers: RtspHeaders, cseq: number | undefined): number {
  const values = new Set(headers.getAll('Content-Length'));
  if (values.size === 0) return 0;
  const [value = ''] = values;
  // Two different lengths would let two parsers see two different streams of messages.
  if (values.size > 1 || !/^\d+$/.test(value)) {
    throw messageDefect('protocol', 'rtsp/content-length', 'malformed Content-Length', 400, cseq);
  }
  if (!DIGITS.test(value) || Number(value) > LIMITS.bodyBytes) {
    throw messageDefect(
      'exhausted',
      'rtsp/body',
      `body longer than ${LIMITS.bodyBytes} bytes`,
      413,
      cseq,
    );
  }
  return Number(value);
}
