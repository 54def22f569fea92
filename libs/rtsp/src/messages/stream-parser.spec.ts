import { describe, expect, it } from '@jest/globals';
import type { NightjarError } from '@nightjar/common';
import fc from 'fast-check';
import { outcomeOf } from '../test-support/outcome-of.js';
import { RtspHeaders } from './headers.js';
import { encodeInterleaved } from './interleaved.js';
import { LIMITS } from './limits.js';
import type { RtspRequest, RtspResponse } from './message.js';
import { printRequest, printResponse } from './print.js';
import { RtspStreamParser } from './stream-parser.js';

interface Plain {
  readonly kind: string;
  readonly start: readonly (string | number)[];
  readonly headers: [string, string][];
  readonly body: string;
}

function plain(message: RtspRequest | RtspResponse): Plain {
  const start =
    message.kind === 'request'
      ? [message.method, message.uri, message.version]
      : [message.version, message.status, message.reason];
  return {
    kind: message.kind,
    start,
    headers: [...message.headers.entries()],
    body: message.body.toString('hex'),
  };
}

/** Everything that a parser makes of these chunks, the error last. */
function eventsOf(chunks: readonly Buffer[]): unknown[] {
  const events: unknown[] = [];
  const parser = new RtspStreamParser({
    message: (message) => events.push(plain(message)),
    interleaved: (channel, buf, offset, length) =>
      events.push([channel, buf.toString('hex', offset, offset + length)]),
  });
  const outcome = outcomeOf(() => chunks.forEach((chunk) => parser.push(chunk)));
  if ('error' in outcome) events.push({ code: outcome.error.code, where: outcome.error.where });
  else events.push({ midMessage: parser.midMessage });
  return events;
}

function messagesOf(wire: string | Buffer): (RtspRequest | RtspResponse)[] {
  const messages: (RtspRequest | RtspResponse)[] = [];
  const parser = new RtspStreamParser({
    message: (message) => messages.push(message),
    interleaved: () => undefined,
  });
  parser.push(Buffer.from(wire));
  return messages;
}

function failureOf(wire: string): NightjarError {
  const outcome = outcomeOf(() => messagesOf(wire));
  if ('value' in outcome) throw new Error('was accepted');
  return outcome.error;
}

const WIRE_TABLE: readonly {
  name: string;
  wire: string;
  canonical: string;
  value: Plain;
}[] = [
  {
    name: 'request without a body',
    wire: 'OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n',
    canonical: 'OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n',
    value: {
      kind: 'request',
      start: ['OPTIONS', '*', 'RTSP/1.0'],
      headers: [['CSeq', '1']],
      body: '',
    },
  },
  {
    name: 'request with a body, bare line feeds and its own spelling of names',
    wire: 'SET_PARAMETER rtsp://h/p RTSP/1.0\nCseq:2 \ncontent-length : 3\n\nabc',
    canonical: 'SET_PARAMETER rtsp://h/p RTSP/1.0\r\nCseq: 2\r\ncontent-length: 3\r\n\r\nabc',
    value: {
      kind: 'request',
      start: ['SET_PARAMETER', 'rtsp://h/p', 'RTSP/1.0'],
      headers: [
        ['Cseq', '2'],
        ['content-length', '3'],
      ],
      body: '616263',
    },
  },
  {
    name: 'stray line ends before a response (field: Hikvision pads the session)',
    wire: '\r\n\n\rRTSP/1.0 200 OK\r\nSession:        708345999\r\n\r\n',
    canonical: 'RTSP/1.0 200 OK\r\nSession: 708345999\r\n\r\n',
    value: {
      kind: 'response',
      start: ['RTSP/1.0', 200, 'OK'],
      headers: [['Session', '708345999']],
      body: '',
    },
  },
  {
    name: 'folded header, empty value, colon in a value',
    wire: 'RTSP/1.0 401 Unauthorized\r\nX-A: one\r\n\t two\r\nX-B:\r\nX-C: a:b\r\n\r\n',
    canonical: 'RTSP/1.0 401 Unauthorized\r\nX-A: one two\r\nX-B: \r\nX-C: a:b\r\n\r\n',
    value: {
      kind: 'response',
      start: ['RTSP/1.0', 401, 'Unauthorized'],
      headers: [
        ['X-A', 'one two'],
        ['X-B', ''],
        ['X-C', 'a:b'],
      ],
      body: '',
    },
  },
  {
    name: 'response of RTSP 2.0 without a reason',
    wire: 'RTSP/2.0 454\r\nCSeq: 7\r\n\r\n',
    canonical: 'RTSP/2.0 454 Session Not Found\r\nCSeq: 7\r\n\r\n',
    value: {
      kind: 'response',
      start: ['RTSP/2.0', 454, ''],
      headers: [['CSeq', '7']],
      body: '',
    },
  },
];

describe('RtspStreamParser: messages', () => {
  it.each(WIRE_TABLE)('reads and prints: $name', ({ wire, canonical, value }) => {
    const [message] = messagesOf(wire);
    expect(plain(message!)).toEqual(value);
    const printed = message!.kind === 'request' ? printRequest(message!) : printResponse(message!);
    expect(printed.toString()).toBe(canonical);
  });

  it('reads messages and frames in stream order', () => {
    const wire = Buffer.concat([
      encodeInterleaved(0, Buffer.from('rtp')),
      Buffer.from('RTSP/1.0 200 OK\r\nCSeq: 4\r\nContent-Length: 1\r\n\r\n$'),
      encodeInterleaved(1, Buffer.alloc(0)),
      Buffer.from('OPTIONS * RTSP/1.0\r\nCSeq: 5\r\n\r\n'),
    ]);
    expect(eventsOf([wire])).toEqual([
      [0, Buffer.from('rtp').toString('hex')],
      expect.objectContaining({ kind: 'response', body: '24' }),
      [1, ''],
      expect.objectContaining({ kind: 'request' }),
      { midMessage: false },
    ]);
  });

  it('keeps the body apart from the chunk', () => {
    const chunk = Buffer.from('RTSP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nab');
    const messages: (RtspRequest | RtspResponse)[] = [];
    new RtspStreamParser({ message: (m) => messages.push(m), interleaved: () => undefined }).push(
      chunk,
    );
    chunk.fill(0);
    expect(messages[0]?.body.toString()).toBe('ab');
  });
});

describe('RtspStreamParser: frames', () => {
  it('gives a frame that lies in the chunk as a view of it', () => {
    const chunk = Buffer.concat([
      encodeInterleaved(2, Buffer.from('first')),
      encodeInterleaved(3, Buffer.from('second')),
    ]);
    const seen: [number, Buffer, number, number][] = [];
    new RtspStreamParser({
      message: () => undefined,
      interleaved: (...frame) => seen.push(frame),
    }).push(chunk);
    expect(seen).toEqual([
      [2, chunk, 4, 5],
      [3, chunk, 13, 6],
    ]);
    expect(seen.every(([, buf]) => buf === chunk)).toBe(true);
  });

  it('gives a frame that spans chunks in a buffer of its size', () => {
    const wire = encodeInterleaved(7, Buffer.from('0123456789'));
    const seen: [number, Buffer, number, number][] = [];
    const parser = new RtspStreamParser({
      message: () => undefined,
      interleaved: (...frame) => seen.push(frame),
    });
    for (const [from, to] of [
      [0, 2],
      [2, 7],
      [7, 14],
    ]) {
      expect(seen).toHaveLength(0);
      parser.push(wire.subarray(from, to));
      expect(parser.midMessage).toBe(to !== 14);
    }
    expect(seen).toEqual([[7, Buffer.from('0123456789'), 0, 10]]);
    expect(seen[0]?.[1]).toHaveLength(10);
  });

  it('takes the longest frame', () => {
    const frame = encodeInterleaved(255, Buffer.alloc(65535, 1));
    expect(eventsOf([frame])).toEqual(eventsOf([frame.subarray(0, 3), frame.subarray(3)]));
  });
});

const HEAD = 'OPTIONS * RTSP/1.0\r\nCSeq: 9\r\n';
const REFUSALS: readonly { name: string; wire: string; code: string; where: object }[] = [
  { name: 'a TLS hello', wire: '\x16\x03\x01', code: 'rtsp/start-byte', where: { status: 400 } },
  {
    name: 'words that are no request',
    wire: 'hello\r\n\r\n',
    code: 'rtsp/request-line',
    where: { status: 400 },
  },
  {
    name: 'blanks in a URI',
    wire: 'PLAY a b RTSP/1.0\r\nCSeq: 9\r\n\r\n',
    code: 'rtsp/request-line',
    where: { status: 400, cseq: 9 },
  },
  {
    name: 'an HTTP request',
    wire: 'GET / HTTP/1.1\r\nHost: h\r\n\r\n',
    code: 'rtsp/http-request',
    where: { status: 400 },
  },
  {
    name: 'an answer in a version to come',
    wire: 'RTSP/3.0 200 OK\r\ncseq:9\r\n\r\n',
    code: 'rtsp/version',
    where: { status: 505, cseq: 9 },
  },
  {
    name: 'a request in no version',
    wire: 'OPTIONS * RTSP/two\r\ncseq:9\r\n\r\n',
    code: 'rtsp/request-line',
    where: { status: 400, cseq: 9 },
  },
  {
    name: 'a status line without a status',
    wire: 'RTSP/1.0 OK\r\n\r\n',
    code: 'rtsp/status-line',
    where: { status: 400 },
  },
  {
    name: 'a header without a colon',
    wire: `${HEAD}nonsense\r\n\r\n`,
    code: 'rtsp/header',
    where: { status: 400, cseq: 9 },
  },
  {
    name: 'a header name with a blank',
    wire: `${HEAD}a b: c\r\n\r\n`,
    code: 'rtsp/header',
    where: { status: 400, cseq: 9 },
  },
  {
    name: 'a carriage return in a value',
    wire: `${HEAD}X: a\rCSeq: 1\r\n\r\n`,
    code: 'rtsp/control-character',
    where: { status: 400, cseq: 9 },
  },
  {
    name: 'a negative Content-Length',
    wire: `${HEAD}Content-Length: -1\r\n\r\n`,
    code: 'rtsp/content-length',
    where: { status: 400, cseq: 9 },
  },
  {
    name: 'two Content-Lengths',
    wire: `${HEAD}Content-Length: 1\r\nContent-Length: 2\r\n\r\n`,
    code: 'rtsp/content-length',
    where: { status: 400, cseq: 9 },
  },
  {
    name: 'a body over the limit',
    wire: `${HEAD}Content-Length: ${LIMITS.bodyBytes + 1}\r\n\r\n`,
    code: 'rtsp/body',
    where: { status: 413, cseq: 9 },
  },
  {
    name: 'a Content-Length beyond numbers',
    wire: `${HEAD}Content-Length: ${'9'.repeat(400)}\r\n\r\n`,
    code: 'rtsp/body',
    where: { status: 413, cseq: 9 },
  },
  {
    name: 'a URI over the limit',
    wire: `OPTIONS rtsp://h/${'x'.repeat(LIMITS.uriBytes)} RTSP/1.0\r\nCSeq: 9\r\n\r\n`,
    code: 'rtsp/uri',
    where: { status: 414, cseq: 9 },
  },
  {
    name: 'a start line without an end',
    wire: `OPTIONS rtsp://h/${'x'.repeat(LIMITS.lineBytes)}`,
    code: 'rtsp/line',
    where: { status: 414 },
  },
  {
    name: 'a header line without an end',
    wire: `${HEAD}X: ${'x'.repeat(LIMITS.lineBytes)}`,
    code: 'rtsp/line',
    where: { status: 400, cseq: 9 },
  },
  {
    name: 'a header block over the limit',
    wire: `${HEAD}${`X: ${'x'.repeat(4000)}\r\n`.repeat(5)}`,
    code: 'rtsp/header-block',
    where: { status: 400, cseq: 9 },
  },
  {
    name: 'too many headers',
    wire: `${HEAD}${'X: y\r\n'.repeat(LIMITS.headers)}`,
    code: 'rtsp/headers',
    where: { status: 400, cseq: 9 },
  },
];

describe('RtspStreamParser: refusals', () => {
  it.each(REFUSALS)('refuses $name', ({ wire, code, where }) => {
    expect(failureOf(wire)).toMatchObject({ code, where });
  });

  it('accepts what lies exactly at the limits', () => {
    const uri = `rtsp://h/${'x'.repeat(LIMITS.uriBytes - 'rtsp://h/'.length)}`;
    const long = `X: ${'x'.repeat(LIMITS.lineBytes - 'X: \r'.length)}\r\n`;
    const many = 'X: y\r\n'.repeat(LIMITS.headers - 2);
    const length = `Content-Length: ${LIMITS.bodyBytes}\r\n`;
    const body = 'b'.repeat(LIMITS.bodyBytes);
    expect(messagesOf(`OPTIONS ${uri} RTSP/1.0\r\n${long}\r\n`)).toHaveLength(1);
    expect(messagesOf(`OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n${many}${length}\r\n${body}`)).toHaveLength(
      1,
    );
  });

  it('stays refused: the position in the stream is lost', () => {
    const parser = new RtspStreamParser({
      message: () => undefined,
      interleaved: () => undefined,
    });
    const first = outcomeOf(() => parser.push(Buffer.from('\0')));
    const second = outcomeOf(() => parser.push(Buffer.from('OPTIONS * RTSP/1.0\r\n\r\n')));
    expect(second).toEqual(first);
  });
});

const token = fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,11}$/);
const text = fc
  .string({ unit: 'grapheme', maxLength: 40 })
  // eslint-disable-next-line no-control-regex
  .map((value) => value.replace(/[\u0000-\u001f\u007f\ufeff\u2028\u2029]/g, '').trim())
  .filter((value) => Buffer.from(value).toString() === value);
const headers = fc
  .array(fc.tuple(token, text), { maxLength: 6 })
  .map((fields) => fields.filter(([name]) => name.toLowerCase() !== 'content-length'));
const body = fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes));
const uri = fc.webUrl({ withQueryParameters: true });

const anyItem = fc.oneof(
  fc.record({ method: token, uri, headers, body }).map(({ method, uri, headers, body }) => {
    const fields = new RtspHeaders();
    for (const [name, value] of headers) fields.append(name, value);
    return printRequest({ method, uri, headers: fields, body });
  }),
  fc.record({ status: fc.integer({ min: 100, max: 599 }), headers, body }).map((response) => {
    const fields = new RtspHeaders();
    for (const [name, value] of response.headers) fields.append(name, value);
    return printResponse({ ...response, headers: fields });
  }),
  fc
    .tuple(fc.integer({ min: 0, max: 255 }), fc.uint8Array({ maxLength: 60 }))
    .map(([channel, packet]) => encodeInterleaved(channel, packet)),
  fc.constantFrom('\r\n', '\n', '').map((stray) => Buffer.from(stray)),
);
const anyDefect = fc.oneof(
  fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
  fc.constantFrom(...REFUSALS.map(({ wire }) => Buffer.from(wire, 'latin1'))),
);
const anyStream = fc
  .tuple(fc.array(anyItem, { maxLength: 5 }), fc.option(anyDefect, { nil: Buffer.alloc(0) }))
  .map(([items, defect]) => Buffer.concat([...items, defect]));

function split(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const at = [...cuts.map((cut) => cut % (bytes.length + 1)), 0, bytes.length].sort(
    (a, b) => a - b,
  );
  return at.slice(1).map((end, index) => bytes.subarray(at[index], end));
}

describe('RtspStreamParser: properties', () => {
  it('yields the same events wherever the stream is cut', () => {
    fc.assert(
      fc.property(anyStream, fc.array(fc.nat(), { maxLength: 12 }), (stream, cuts) => {
        expect(eventsOf(split(stream, cuts))).toEqual(eventsOf([stream]));
      }),
      { numRuns: 300 },
    );
  });

  it('yields the same events byte by byte', () => {
    fc.assert(
      fc.property(anyStream, (stream) => {
        const bytes = Array.from(stream, (byte) => Buffer.of(byte));
        expect(eventsOf(bytes)).toEqual(eventsOf([stream]));
      }),
      { numRuns: 40 },
    );
  });

  it('throws nothing but NightjarError with a status', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const outcome = outcomeOf(() => messagesOf(Buffer.from(bytes)));
        if ('error' in outcome) expect(outcome.error.where['status']).toEqual(expect.any(Number));
      }),
    );
  });

  it('reads back the requests that were printed', () => {
    fc.assert(
      fc.property(token, uri, headers, body, (method, uri, headers, body) => {
        const fields = new RtspHeaders();
        for (const [name, value] of headers) fields.append(name, value);
        const [message] = messagesOf(printRequest({ method, uri, headers: fields, body }));
        const length: [string, string][] =
          body.length > 0 ? [['Content-Length', String(body.length)]] : [];
        expect(plain(message!)).toEqual({
          kind: 'request',
          start: [method, uri, 'RTSP/1.0'],
          headers: [...headers, ...length],
          body: body.toString('hex'),
        });
      }),
    );
  });
});
