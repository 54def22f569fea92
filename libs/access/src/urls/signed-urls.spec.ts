import { describe, expect, it } from '@jest/globals';
import { signedUrls } from './signed-urls.js';

const HOSTS = { rtsp: 'nvr:8554', http: 'nvr:8080' };
const RANGE = { startMs: Date.UTC(2026, 0, 1), endMs: Date.UTC(2026, 0, 1, 0, 5) };
const TIMES = 'start=2026-01-01T00:00:00.000Z&end=2026-01-01T00:05:00.000Z';

describe('signed URLs', () => {
  it('name a live stream', () => {
    expect(signedUrls({ action: 'view', camera: 'front', stream: 'sub' }, 'a.b', HOSTS)).toEqual({
      rtsp: 'rtsp://nvr:8554/front/sub?token=a.b',
    });
  });

  it('name a range for every kind of player', () => {
    expect(signedUrls({ action: 'playback', camera: 'front', ...RANGE }, 'a.b', HOSTS)).toEqual({
      rtsp: `rtsp://nvr:8554/playback/front?${TIMES}&token=a.b`,
      clip: `http://nvr:8080/api/v1/cameras/front/clip.mp4?${TIMES}&token=a.b`,
      playlist: `http://nvr:8080/api/v1/cameras/front/playlist.m3u8?${TIMES}&token=a.b`,
    });
  });

  it('name the whole archive for RTSP alone', () => {
    expect(signedUrls({ action: 'playback', camera: 'front' }, 'a.b', HOSTS)).toEqual({
      rtsp: 'rtsp://nvr:8554/playback/front?token=a.b',
    });
  });
});
