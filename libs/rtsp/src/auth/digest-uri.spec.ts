import { describe, expect, it } from '@jest/globals';
import { digestUriMatches } from './digest-uri.js';

const BASE = 'rtsp://h:8554/front/sub';

describe('digestUriMatches', () => {
  it.each([
    ['PLAY', BASE, BASE, 'equal URLs'],
    ['OPTIONS', '*', '*', 'the server itself'],
    ['PLAY', `${BASE}/`, BASE, 'a slash too many'],
    ['PLAY', BASE, `${BASE}/`, 'a slash too few'],
    ['DESCRIBE', '/front/sub', BASE, 'a path (Bosch)'],
    ['DESCRIBE', 'front/sub', BASE, 'never: a path without slash', false],
    ['SETUP', BASE, `${BASE}/trackID=0`, 'the base in SETUP (VLC)'],
    ['SETUP', `${BASE}/`, `${BASE}/trackID=0`, 'the base with slash in SETUP (VLC)'],
    ['SETUP', '/front/sub/', `${BASE}/trackID=0`, 'the path of the base in SETUP'],
    ['SETUP', `${BASE}?a=b`, `${BASE}?a=b/trackID=0`, 'a base with a query'],
    [
      'SETUP',
      `${BASE}?a=b/`,
      `${BASE}/trackID=0?a=b`,
      'a base with a query behind the track (VLC)',
    ],
    ['SETUP', `${BASE}?a=c/`, `${BASE}/trackID=0?a=b`, 'never: another query in SETUP', false],
    ['SETUP', BASE, `${BASE}/trackID=0?a=b`, 'never: no query in SETUP', false],
    ['DESCRIBE', 'RTSP://H:8554/front/sub', BASE, 'host in capitals'],
    ['DESCRIBE', 'rtsp://h/p', 'rtsp://u:p@h:554/p', 'default port and userinfo'],
    ['PLAY', BASE, `${BASE}/trackID=0`, 'never: the base outside SETUP', false],
    ['SETUP', 'rtsp://h:8554/front', `${BASE}/trackID=0`, 'never: two levels up', false],
    ['SETUP', 'rtsp://other:8554/front/sub', `${BASE}/trackID=0`, 'never: another host', false],
    ['DESCRIBE', 'rtsp://h:8554/back', BASE, 'never: another path', false],
    ['DESCRIBE', 'rtsp://h:8555/front/sub', BASE, 'never: another port', false],
    ['DESCRIBE', `${BASE}?start=1`, `${BASE}?start=2`, 'never: another query', false],
    ['DESCRIBE', '', BASE, 'never: nothing', false],
    ['OPTIONS', '*', BASE, 'never: a star for a resource', false],
  ])('%s %s for %s: %s', (method, written, asked, _why, expected = true) => {
    expect(digestUriMatches(written, method, asked)).toBe(expected);
  });
});
