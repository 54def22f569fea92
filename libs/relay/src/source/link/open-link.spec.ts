import { describe, expect, it } from '@jest/globals';
import { parseSourceUrl } from '../source-url.js';
import { isSecureLink } from './open-link.js';

describe('whether keys may go to a camera', () => {
  it.each([
    ['rtsp://c/', 'direct', undefined, false],
    ['rtsps://c/', 'direct', undefined, true],
    ['rtsps://c/', 'http', undefined, true],
    ['rtsp://c/', 'websocket', undefined, false],
    ['rtsps://c/', 'http', 'http://c/x', false],
    ['rtsps://[fe80::7%eth0]/', 'http', 'http://[fe80::7%eth0]/x', false],
    ['rtsps://c/', 'websocket', 'ws://c/x', false],
    ['rtsp://c/', 'http', 'https://c/x', true],
    ['rtsp://c/', 'websocket', 'WSS://c/x', true],
  ] as const)('%s, %s %s: %s', (url, via, viaUrl, secure) => {
    const target = parseSourceUrl(url);
    expect(isSecureLink({ target, via, viaUrl, trust: undefined })).toBe(secure);
  });
});
