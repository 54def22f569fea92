import { describe, expect, it } from '@jest/globals';
import { NightjarError } from '@nightjar/common';
import fc from 'fast-check';
import { hourDirectory, isPlainName, parseSegmentPath, printSegmentPath } from './segment-path.js';

const name = {
  camera: 'front-door',
  stream: 'main',
  run: '0123456789ab',
  sequence: 42,
  startMs: Date.UTC(2026, 10, 20, 13, 0, 0, 123),
};
const path = 'front-door/main/2026/11/20/13/20261120T130000.123Z_0123456789ab_000042.mp4';

describe('segment paths', () => {
  it('say all there is to say, and sort by time', () => {
    expect(printSegmentPath(name)).toBe(path);
    expect(parseSegmentPath(path)).toEqual(name);
    expect(hourDirectory(name.startMs)).toBe('2026/11/20/13');
  });

  it('are read back as they were printed', () => {
    const plain = fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,20}$/);
    const names = fc.record({
      camera: plain,
      stream: plain,
      run: fc.stringMatching(/^[0-9a-f]{12}$/),
      sequence: fc.nat(9_999_999),
      startMs: fc.integer({ min: 0, max: Date.UTC(9999, 11, 31) }),
    });
    fc.assert(
      fc.property(names, (any) => expect(parseSegmentPath(printSegmentPath(any))).toEqual(any)),
    );
  });

  it.each([
    ['of another folder than its time', path.replace('/13/', '/14/')],
    ['with a camera that climbs', path.replace('front-door', '..')],
    ['with upper case', path.replace('front', 'Front')],
    [
      'of a day that is none',
      path.replaceAll('/11/20/', '/02/30/').replace('20261120', '20260230'),
    ],
    ['with another ending', `${path}.new`],
    ['too short', path.slice(path.indexOf('/') + 1)],
    ['empty', ''],
  ])('reject a path %s', (_, bad) => {
    expect(parseSegmentPath(bad)).toBeUndefined();
  });

  it('never throw on any text', () => {
    fc.assert(fc.property(fc.string(), (text) => expect(parseSegmentPath(text)).toBeUndefined()));
  });

  it.each(['', '..', '.hidden', 'a/b', 'A', '-a', 'a'.repeat(64), 'a\0'])(
    'refuse %j as a name',
    (bad) => {
      expect(isPlainName(bad)).toBe(false);
      expect(() => printSegmentPath({ ...name, camera: bad })).toThrow(NightjarError);
    },
  );
});
