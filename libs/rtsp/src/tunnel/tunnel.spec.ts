import { describe, expect, it } from '@jest/globals';
import { NightjarError } from '@nightjar/common';
import fc from 'fast-check';
import { Base64Stream } from './base64-stream.js';
import { protocolOf } from './first-bytes.js';
import { HttpHeadReader } from './http-head.js';
import { printHttpRefusal, printTunnelOpened, printTunnelRequest } from './print-http.js';
import { parseTunnelRequest, TUNNEL_TYPE } from './tunnel-request.js';

/** Cuts bytes at places anywhere. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const ends = places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b);
  return [0, ...ends].map((from, index) => bytes.subarray(from, ends[index] ?? bytes.length));
}

const headOf = (text: string) => {
  const reader = new HttpHeadReader();
  reader.read(Buffer.from(text, 'latin1'), 0);
  return reader.request();
};

const statusOf = (work: () => unknown): unknown => {
  try {
    work();
    return undefined;
  } catch (error) {
    if (!(error instanceof NightjarError)) throw error;
    return error.where['status'];
  }
};

describe('protocolOf', () => {
  it.each([
    ['', 'more'],
    ['\x16\x03\x01', 'tls'],
    ['GET', 'more'],
    ['GET /front HTTP/1.1\r\n', 'http'],
    ['POST /front HTTP/1.0\r\n', 'http'],
    ['P', 'more'],
    ['PLAY rtsp://h/ RTSP/1.0\r\n', 'rtsp'],
    ['GET_PARAMETER rtsp://h/ RTSP/1.0\r\n', 'rtsp'],
    ['OPTIONS * RTSP/1.0\r\n', 'rtsp'],
    ['\r\nOPTIONS * RTSP/1.0\r\n', 'rtsp'],
    ['$\x00', 'rtsp'],
    ['\x00', 'rtsp'],
  ])('knows %j as %s', (text, protocol) => {
    expect(protocolOf(Buffer.from(text, 'latin1'))).toBe(protocol);
  });

  it('decides by seven bytes at most, and does not change its mind', () => {
    const start = fc.constantFrom('', 'GET ', 'POST /', 'OPTIONS', 'DELET', '\x16');
    fc.assert(
      fc.property(start, fc.uint8Array({ maxLength: 20 }), (text, rest) => {
        const bytes = Buffer.concat([Buffer.from(text, 'latin1'), rest]);
        const whole = protocolOf(bytes);
        if (bytes.length >= 7) expect(whole).not.toBe('more');
        for (let length = 0; length < bytes.length; length += 1) {
          const soFar = protocolOf(bytes.subarray(0, length));
          if (soFar !== 'more') expect(soFar).toBe(whole);
        }
      }),
    );
  });
});

describe('the body of a tunnel', () => {
  it('is the same bytes however it was padded, broken into lines and cut', () => {
    const message = fc.uint8Array({ maxLength: 80 });
    const blank = fc.constantFrom('', '\r\n', ' ', '\n\n');
    fc.assert(
      fc.property(
        fc.array(fc.tuple(message, blank, fc.nat(200)), { maxLength: 6 }),
        fc.array(fc.nat(), { maxLength: 12 }),
        (messages, places) => {
          // Each message is encoded by itself, as GStreamer and ffmpeg do, and broken somewhere.
          const wire = messages.map(([bytes, gap, at]) => {
            const text = Buffer.from(bytes).toString('base64');
            const middle = text.length === 0 ? 0 : at % text.length;
            return text.slice(0, middle) + gap + text.slice(middle) + gap;
          });
          const decoder = new Base64Stream();
          const pieces = cut(Buffer.from(wire.join('')), places).map((chunk) =>
            decoder.push(chunk),
          );
          const sent = messages.map(([bytes]) => Buffer.from(bytes));
          expect(Buffer.concat(pieces)).toEqual(Buffer.concat(sent));
        },
      ),
    );
  });

  it('throws nothing but NightjarError, and makes no more of it than there was', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 5 }), (chunks) => {
        const decoder = new Base64Stream();
        statusOf(() => {
          for (const chunk of chunks) {
            expect(decoder.push(Buffer.from(chunk)).length).toBeLessThanOrEqual(chunk.length);
          }
        });
      }),
    );
  });

  it.each([
    ['a character of another alphabet', 'QUJD-A=='],
    ['a zero', 'QUJD\0'],
    ['padding first', '='],
    ['padding after one character', 'Q==='],
    ['data after padding in its group', 'QQ=Q'],
    ['three of padding', 'QQ==='],
  ])('is refused with %s', (_what, text) => {
    expect(statusOf(() => new Base64Stream().push(Buffer.from(text, 'latin1')))).toBe(400);
  });

  it('begins anew after a restart', () => {
    const decoder = new Base64Stream();
    decoder.push(Buffer.from('QU'));
    decoder.restart();
    expect(decoder.push(Buffer.from('QUJD')).toString()).toBe('ABC');
  });
});

describe('the head of an HTTP request', () => {
  it('is read wherever it is cut, and what follows is left', () => {
    const text = 'GET /front?x=1 HTTP/1.1\r\nHost: h\r\nX-SessionCookie: abcdefgh\r\n\r\nrest';
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 8 }), (places) => {
        const reader = new HttpHeadReader();
        let rest = '';
        for (const chunk of cut(Buffer.from(text), places)) {
          const at = reader.done ? 0 : reader.read(chunk, 0);
          if (reader.done) rest += chunk.subarray(at).toString();
        }
        const { method, target, headers } = reader.request();
        expect([method, target, headers.get('x-sessioncookie'), rest]).toEqual([
          'GET',
          '/front?x=1',
          'abcdefgh',
          'rest',
        ]);
      }),
    );
  });

  it('throws nothing but NightjarError', () => {
    const line = fc.constantFrom('GET / HTTP/1.1', 'HTTP/1.1 200 OK', 'a: b', ': x', ' folded', '');
    fc.assert(
      fc.property(fc.array(fc.oneof(line, fc.string())), (lines) => {
        const bytes = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`);
        statusOf(() => {
          const reader = new HttpHeadReader();
          expect(reader.read(bytes, 0)).toBeLessThanOrEqual(bytes.length);
          parseTunnelRequest(reader.request());
        });
      }),
    );
  });

  it.each([
    ['a bad line', 'GET  /front HTTP/1.1\r\n\r\n', 400],
    ['another version', 'GET /front HTTP/2.0\r\n\r\n', 400],
    ['a control character', 'GET / HTTP/1.1\r\na: b\0c\r\n\r\n', 400],
    ['a header without a name', 'GET / HTTP/1.1\r\n: b\r\n\r\n', 400],
    ['an endless line', `GET /${'x'.repeat(9000)}`, 414],
    ['too many headers', `GET / HTTP/1.1\r\n${'a: b\r\n'.repeat(65)}\r\n`, 400],
    ['an endless block', `GET / HTTP/1.1\r\n${`a: ${'b'.repeat(8000)}\r\n`.repeat(3)}`, 400],
  ])('is refused with %s', (_what, text, status) => {
    expect(statusOf(() => headOf(text))).toBe(status);
  });
});

describe('what HTTP asks for on the port of RTSP', () => {
  const request = (method: string, headers: Record<string, string>) =>
    headOf(
      `${method} /front HTTP/1.1\r\n${Object.entries(headers)
        .map(([name, value]) => `${name}: ${value}\r\n`)
        .join('')}\r\n`,
    );
  const COOKIE = { 'x-sessioncookie': 'mBhU9JMqaaaa' };
  const BODY = { ...COOKIE, 'Content-Type': TUNNEL_TYPE };
  const SOCKET = { Connection: 'Upgrade', Upgrade: 'WebSocket' };
  const ONVIF = { ...SOCKET, 'Sec-WebSocket-Protocol': 'chat, rtsp.onvif.org' };

  it('is half of a tunnel, or a WebSocket', () => {
    expect(parseTunnelRequest(request('GET', COOKIE))).toEqual({
      kind: 'get',
      cookie: 'mBhU9JMqaaaa',
    });
    expect(parseTunnelRequest(request('POST', BODY)).kind).toBe('post');
    expect(parseTunnelRequest(request('GET', { ...ONVIF, Origin: 'https://x' }))).toEqual({
      kind: 'websocket',
      origin: 'https://x',
    });
  });

  it.each([
    ['a page', 'GET', {}, 400],
    ['a cookie that can be guessed', 'GET', { 'x-sessioncookie': '1234567' }, 400],
    ['a cookie without end', 'GET', { 'x-sessioncookie': 'x'.repeat(129) }, 400],
    ['two cookies', 'GET', { 'x-sessioncookie': 'abcdefgh', 'X-SessionCookie': 'ijklmnop' }, 400],
    ['a body that is no tunnel', 'POST', { ...COOKIE, 'Content-Type': 'text/plain' }, 415],
    ['another method', 'PUT', BODY, 405],
    ['a WebSocket without a protocol', 'GET', SOCKET, 400],
    ['another protocol', 'GET', { ...SOCKET, 'Sec-WebSocket-Protocol': 'chat' }, 400],
    ['a WebSocket by POST', 'POST', ONVIF, 405],
  ])('is refused: %s', (_what, method, headers, status) => {
    expect(statusOf(() => parseTunnelRequest(request(method, headers)))).toBe(status);
  });

  it('is what we ask of cameras ourselves', () => {
    const at = { target: '/live', host: 'camera', cookie: 'abcdefgh' };
    expect(parseTunnelRequest(headOf(printTunnelRequest('GET', at).toString())).kind).toBe('get');
    expect(parseTunnelRequest(headOf(printTunnelRequest('POST', at).toString())).kind).toBe('post');
    for (const bytes of [
      printTunnelOpened(),
      printHttpRefusal(409, 'no'),
      printHttpRefusal(599, ''),
    ]) {
      const reader = new HttpHeadReader();
      reader.read(bytes, 0);
      expect(reader.response().headers.has('Content-Type')).toBe(true);
    }
  });
});
