import { describe, expect, it } from '@jest/globals';
import { NightjarError } from '@nightjar/common';
import { RtspHeaders } from './headers.js';
import { encodeInterleaved } from './interleaved.js';
import { printRequest, printResponse } from './print.js';
import { reasonOf } from './status.js';

const NO_BODY = Buffer.alloc(0);

describe('printing', () => {
  it('refuses a line break in a value, a name and a URI', () => {
    for (const [name, value, uri] of [
      ['Location', 'a\r\nX: y', '*'],
      ['X\nY', 'z', '*'],
      ['X', 'y', 'rtsp://h/\r\n\r\n'],
      ['X', 'nul\0', '*'],
    ] as const) {
      const headers = RtspHeaders.from({ [name]: value });
      const print = (): Buffer => printRequest({ method: 'OPTIONS', uri, headers, body: NO_BODY });
      expect(print).toThrow(NightjarError);
    }
  });

  it('never tells a wrong Content-Length', () => {
    const headers = RtspHeaders.from({ 'content-length': '99', CSeq: '1' });
    expect(printResponse({ status: 200, headers }).toString()).toBe(
      'RTSP/1.0 200 OK\r\nCSeq: 1\r\n\r\n',
    );
    expect(printResponse({ status: 200, headers, body: Buffer.from('x') }).toString()).toBe(
      'RTSP/1.0 200 OK\r\ncontent-length: 1\r\nCSeq: 1\r\n\r\nx',
    );
  });

  it('answers in the version asked for, with the reason of the table', () => {
    const headers = new RtspHeaders();
    const wire = printResponse({ version: 'RTSP/2.0', status: 461, headers }).toString();
    expect(wire).toBe('RTSP/2.0 461 Unsupported Transport\r\n\r\n');
    expect(reasonOf(599)).toBe('Unknown');
  });

  it('says in words of its own why, on one line', () => {
    const headers = new RtspHeaders();
    const wire = (reason: string): string =>
      printResponse({ status: 404, reason, headers }).toString();
    expect(wire('No such stream: a has b')).toBe('RTSP/1.0 404 No such stream: a has b\r\n\r\n');
    expect(wire('a\r\nX: 1\0\u00e4')).toBe('RTSP/1.0 404 a X: 1 \r\n\r\n');
    expect(wire('')).toBe('RTSP/1.0 404 Not Found\r\n\r\n');
    expect(wire('x'.repeat(5_000)).length).toBeLessThan(300);
  });

  it('frames a packet', () => {
    expect(encodeInterleaved(5, Buffer.from('ab'))).toEqual(Buffer.from('\x24\x05\x00\x02ab'));
    expect(() => encodeInterleaved(256, NO_BODY)).toThrow(NightjarError);
    expect(() => encodeInterleaved(0, Buffer.alloc(65536))).toThrow(NightjarError);
  });
});
