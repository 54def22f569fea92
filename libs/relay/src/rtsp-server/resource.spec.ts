import { describe, expect, it } from '@jest/globals';
import { NightjarError } from '@nightjar/common';
import fc from 'fast-check';
import { parseResource, trackControl, trackUrl } from './resource.js';

describe('a request URI', () => {
  it.each([
    ['rtsp://h:8554/front', 'front', undefined, 'rtsp://h:8554/front'],
    ['rtsp://h/front/', 'front', undefined, 'rtsp://h/front'],
    ['rtsp://h/front/trackID=1', 'front', 1, 'rtsp://h/front'],
    ['rtsp://h/front/sub/trackID=0/', 'front/sub', 0, 'rtsp://h/front/sub'],
    ['rtsp://user:secret@h/front', 'front', undefined, 'rtsp://h/front'],
    ['rtsp://h/a%20b', 'a b', undefined, 'rtsp://h/a%20b'],
  ])('%s names %s, track %s', (uri, path, track, aggregateUrl) => {
    expect(parseResource(uri)).toMatchObject({ path, track, aggregateUrl });
  });

  it('names the same presentation however the track was joined to a query', () => {
    const base = 'rtsp://h/playback/front?start=2026-01-01T00:00:00Z&end=2026-01-01T01:00:00Z';
    const forms = [
      base,
      `${base}/`,
      `${base}/trackID=0`,
      base.replace('?', '/trackID=0?'),
      base.replace('?', '/?'),
    ];
    const keys = new Set(forms.map((uri) => parseResource(uri).key));
    expect(keys.size).toBe(1);
    expect(parseResource(forms[2]!).query.get('end')).toBe('2026-01-01T01:00:00Z');
    expect(forms.map((uri) => parseResource(uri).track)).toEqual([
      undefined,
      undefined,
      0,
      0,
      undefined,
    ]);
  });

  it.each([
    ['rtsp://h/front', 'trackID=1', 'rtsp://h/front/trackID=1'],
    ['rtsp://u:p@h/front/', 'trackID=1', 'rtsp://h/front/trackID=1'],
    ['rtsp://h/front?a=b/c&d', undefined, 'rtsp://h/front/trackID=1?a=b/c&d'],
    ['rtsp://u:p@h/front/?a=b/', undefined, 'rtsp://h/front/trackID=1?a=b'],
    ['rtsp://h/front?a=b?c', undefined, 'rtsp://h/front/trackID=1?a=b?c'],
  ])('%s has controls %s, which name the same presentation again', (uri, control, url) => {
    const resource = parseResource(uri);
    expect([trackControl(resource, 1), trackUrl(resource, 1)]).toEqual([control ?? url, url]);
    expect(parseResource(url)).toMatchObject({ key: resource.key, track: 1 });
  });

  it.each([
    ['rtsp://h/front?multicast', true],
    ['rtsp://h/front?multicast/trackID=1', true],
    ['rtsp://h/front/trackID=1?multicast', true],
    ['rtsp://h/front?a=b&multicast=1', true],
    ['rtsp://h/multicast', false],
    ['rtsp://h/front?unicast', false],
  ])('%s asks for multicast alone: %s', (uri, multicastOnly) => {
    expect(parseResource(uri)).toMatchObject({ multicastOnly });
  });

  it('is refused, never crashes, when it is no RTSP URL', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string().map((s) => `rtsp://h/${s}`),
        ),
        (uri) => {
          try {
            parseResource(uri);
          } catch (error) {
            expect(error).toBeInstanceOf(NightjarError);
          }
        },
      ),
    );
  });
});
