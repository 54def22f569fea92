import { describe, expect, it } from '@jest/globals';
import { resolveControl } from './control.js';

describe('resolveControl', () => {
  it.each([
    ['rtsp://h/p', '', 'rtsp://h/p'],
    ['rtsp://h/p/', '*', 'rtsp://h/p/'],
    ['rtsp://h/p', 'trackID=0', 'rtsp://h/p/trackID=0'],
    ['rtsp://h/p/', 'trackID=0', 'rtsp://h/p/trackID=0'],
    ['rtsp://h/p/', '/trackID=0', 'rtsp://h/p/trackID=0'],
    ['rtsp://h/p?channel=1&subtype=0', 'trackID=0', 'rtsp://h/p?channel=1&subtype=0/trackID=0'],
    ['rtsp://h/p?channel=1/', 'trackID=0', 'rtsp://h/p?channel=1/trackID=0'],
    ['rtsp://h/p', '?ctype=video', 'rtsp://h/p?ctype=video'],
    ['rtsp://h/p', 'RTSP://other/x', 'RTSP://other/x'],
    ['rtsp://h/p', 'rtsps://h/x', 'rtsps://h/x'],
  ])('%s with %j', (base, control, url) => {
    expect(resolveControl(base, control)).toBe(url);
  });
});
