import { describe, expect, it } from '@jest/globals';
import { hostOfUrl, splitZone, withZone } from './zoned-url.js';

describe('a URL', () => {
  it.each([
    ['http://[fe80::1%eth0]:81/a?b', 'http://[fe80::1]:81/a?b', 'eth0', 'fe80::1%eth0'],
    ['rtsp://[fe80::1%25eth0.7]/a', 'rtsp://[fe80::1]/a', 'eth0.7', 'fe80::1%eth0.7'],
    ['rtsps://[fd00::7]:322/%65', 'rtsps://[fd00::7]:322/%65', undefined, 'fd00::7'],
    ['http://10.0.0.7/a%25b]', 'http://10.0.0.7/a%25b]', undefined, '10.0.0.7'],
  ])('%s is %s at interface %s', (text, url, zone, host) => {
    expect(splitZone(text)).toEqual({ url, zone });
    expect(hostOfUrl(text)).toBe(host);
  });

  it('gets an interface where its host is a link-local address', () => {
    expect(withZone('rtsp://[fe80::7]:554/main', 'eth0')).toBe('rtsp://[fe80::7%eth0]:554/main');
    expect(withZone('rtsp://[fe80::7]/main', undefined)).toBe('rtsp://[fe80::7]/main');
    expect(withZone('rtsp://[fd00::7]/main', 'eth0')).toBe('rtsp://[fd00::7]/main');
    expect(withZone('rtsp://10.0.0.7/main', 'eth0')).toBe('rtsp://10.0.0.7/main');
  });
});
