import { describe, expect, it } from '@jest/globals';
import { NightjarError } from '@nightjar/common';
import { parseSourceUrl } from './source-url.js';

describe('parseSourceUrl', () => {
  it.each([
    ['rtsp://cam', 'cam', 554],
    ['RTSP://10.0.0.1:8554/a%20b#c', '10.0.0.1', 8554],
    ['rtsp://cam?channel=1&subtype=0', 'cam', 554],
  ])('reads %s and keeps it as it is', (url, host, port) => {
    expect(parseSourceUrl(url)).toMatchObject({ host, port, url, secure: false });
  });

  it('keeps the interface of a link-local address to itself', () => {
    for (const zone of ['%eth0', '%25eth0'])
      expect(parseSourceUrl(`rtsp://[fe80::1${zone}]:554/x`)).toMatchObject({
        host: 'fe80::1%eth0',
        port: 554,
        url: 'rtsp://[fe80::1]:554/x',
      });
  });

  it.each([
    'http://cam/',
    'rtsp://',
    'rtsp://cam:0/',
    'rtsp://cam:70000/',
    'rtsp://u:geheim@cam/',
    'rtsp://cam/geheim x',
    'rtsp://cam/\r\nX: geheim',
  ])('refuses %j without repeating it', (url) => {
    let error: unknown;
    try {
      parseSourceUrl(url);
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(NightjarError);
    expect(String(error)).not.toContain('geheim');
  });
});
