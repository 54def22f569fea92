import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MAX_FIRST_LINE_BYTES, readFirstLine } from './first-line.js';

const read = (text: string) => readFirstLine(Buffer.from(text, 'latin1'));
const known = (camera: string | undefined) => ({ state: 'known', camera });

describe('readFirstLine', () => {
  it.each([
    ['a live stream', 'OPTIONS rtsp://h:8554/front RTSP/1.0\r\n', 'front'],
    ['a stream by name', 'DESCRIBE rtsp://h/front/sub RTSP/1.0\r\nCSeq: 1\r\n', 'front'],
    ['a track', 'SETUP rtsp://h/front/sub/trackID=1 RTSP/1.0\r\n', 'front'],
    [
      'a recording',
      'DESCRIBE rtsp://h/playback/front?start=2026-01-01T00:00:00Z RTSP/1.0\n',
      'front',
    ],
    ['a login in the URL', 'DESCRIBE rtsp://u:p@h/front RTSP/1.0\r\n', 'front'],
    ['an encoded name', 'DESCRIBE rtsp://h/fr%6Fnt RTSP/1.0\r\n', 'front'],
    ['doubled slashes', 'DESCRIBE rtsp://h//front/ RTSP/1.0\r\n', 'front'],
    ['line breaks before it', '\r\n\r\nOPTIONS rtsp://h/front RTSP/1.0\r\n', 'front'],
    ['a version of the future', 'OPTIONS rtsp://h/front RTSP/2.0\r\n', 'front'],
    ['the server itself', 'OPTIONS * RTSP/1.0\r\n', undefined],
    ['no path', 'OPTIONS rtsp://h RTSP/1.0\r\n', undefined],
    ['no camera', 'DESCRIBE rtsp://h/playback RTSP/1.0\r\n', undefined],
    ['a file', 'DESCRIBE rtsp://h/files/front/film.mp4 RTSP/1.0\r\n', undefined],
    ['another protocol', 'GET /front HTTP/1.1\r\n', undefined],
    ['a bad encoding', 'DESCRIBE rtsp://h/%zz RTSP/1.0\r\n', undefined],
    ['a frame', '$\x00\x00\x04', undefined],
    ['TLS', '\x16\x03\x01', undefined],
    ['binary in the line', 'OPTIONS rtsp://h/\x01 RTSP/1.0\r\n', undefined],
  ])('finds the camera of %s', (_what, text, camera) => {
    expect(read(text)).toEqual(known(camera));
  });

  it('waits for the end of the line, but not for ever', () => {
    expect(read('')).toEqual({ state: 'more' });
    expect(read('\r\n')).toEqual({ state: 'more' });
    expect(read('OPTIONS rtsp://h/front RTSP/1.')).toEqual({ state: 'more' });
    expect(read('A'.repeat(MAX_FIRST_LINE_BYTES))).toEqual(known(undefined));
    expect(read('\n'.repeat(MAX_FIRST_LINE_BYTES))).toEqual(known(undefined));
  });

  it('throws at nothing, and comes to one and the same end however the bytes arrive', () => {
    const line = fc
      .tuple(
        fc.constantFrom('OPTIONS', 'DESCRIBE', '', 'x y'),
        fc.oneof(fc.webUrl({ validSchemes: ['rtsp', 'http'] }), fc.string()),
        fc.constantFrom('RTSP/1.0', 'RTSP', ''),
      )
      .map(([method, uri, version]) => `${method} ${uri} ${version}\r\n`);
    fc.assert(
      fc.property(fc.oneof(line, fc.string()), fc.uint8Array(), (text, rest) => {
        const bytes = Buffer.concat([Buffer.from(text), rest]);
        const whole = readFirstLine(bytes);
        for (let length = 0; length <= bytes.length; length += 1) {
          const soFar = readFirstLine(bytes.subarray(0, length));
          if (soFar.state === 'known') {
            expect(soFar).toEqual(whole);
            break;
          }
        }
      }),
    );
  });

  it('goes to the owner of whatever camera is named', () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,62}$/).filter((name) => name !== 'playback'),
        fc.constantFrom('', '/main', '/sub/trackID=0'),
        fc.boolean(),
        (camera, rest, recorded) => {
          const path = `${recorded ? 'playback/' : ''}${camera}${rest}`;
          expect(read(`DESCRIBE rtsp://h:1/${path} RTSP/1.0\r\n`)).toEqual(known(camera));
        },
      ),
    );
  });
});
