import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { PEERS } from './peers.js';

const cameraUrls = ['rtsp://127.0.0.1:1/cam0', 'rtsp://127.0.0.1:1/cam1'];
const setup = { rtspPort: 8555, cameraUrls };

describe('peers', () => {
  it('make mediamtx pull every camera over TCP and serve on the loopback interface', () => {
    const mediamtx = PEERS['mediamtx']!;
    expect(parse(mediamtx.configuration!(setup))).toMatchObject({
      rtspAddress: '127.0.0.1:8555',
      rtpAddress: '127.0.0.1:8554',
      rtcpAddress: '127.0.0.1:8555',
      paths: {
        cam0: { source: cameraUrls[0], rtspTransport: 'tcp' },
        cam1: { source: cameraUrls[1], rtspTransport: 'tcp' },
      },
    });
    expect(parse(mediamtx.configuration!(setup))).not.toHaveProperty('pathDefaults');
    expect(parse(mediamtx.configuration!({ ...setup, recordTo: '/tmp/x' }))).toMatchObject({
      pathDefaults: { record: true, recordPath: expect.stringMatching(/^\/tmp\/x\/%path\//) },
    });
    expect(mediamtx.mount(1, 2)).toBe('cam1');
    expect(mediamtx.arguments('file.yml', setup)).toEqual(['file.yml']);
  });

  it('make go2rtc do the same', () => {
    const go2rtc = PEERS['go2rtc']!;
    expect(parse(go2rtc.configuration!(setup))).toMatchObject({
      rtsp: { listen: '127.0.0.1:8555' },
      streams: { cam0: cameraUrls[0], cam1: cameraUrls[1] },
    });
  });

  it('tell live555ProxyServer all in its arguments, and where it serves', () => {
    const live555 = PEERS['live555']!;
    expect('configuration' in live555).toBe(false);
    expect(live555.arguments('', setup)).toEqual(['-t', '-p', '8555', ...cameraUrls]);
    expect([live555.mount(0, 1), live555.mount(0, 2), live555.mount(1, 2)]).toEqual([
      'proxyStream',
      'proxyStream-1',
      'proxyStream-2',
    ]);
  });
});
