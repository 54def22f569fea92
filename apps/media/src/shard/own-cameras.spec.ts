import { expect, it } from '@jest/globals';
import type { CameraConfig } from '@nightjar/config';
import fc from 'fast-check';
import { OwnCameras } from './own-cameras.js';

const camera = (name: string): CameraConfig => ({ name }) as CameraConfig;
const configOf = (names: readonly string[]) =>
  Object.fromEntries(names.map((name) => [name, camera(name)]));
const names = fc.subarray(['a', 'b', 'c', 'd', 'e']);

it('comes to the same, whether the front or the configuration speaks first', () => {
  fc.assert(
    fc.property(names, names, names, names, (before, given, configured, assigned) => {
      const ends = [true, false].map((frontFirst) => {
        let applied: readonly string[] = [];
        const own = new OwnCameras(configOf(before), (cameras) => (applied = Object.keys(cameras)));
        own.assign(given);
        if (frontFirst) own.assign(assigned);
        own.configure(configOf(configured));
        if (!frontFirst) own.assign(assigned);
        return applied;
      });
      const expected = configured.filter((name) => assigned.includes(name));
      expect(ends).toEqual([expected, expected]);
    }),
  );
});

it('knows who is served elsewhere', () => {
  const own = new OwnCameras(configOf(['a', 'b']), () => undefined);
  own.assign(['a', 'x']);
  expect(['a', 'b', 'x', 'unknown'].map((name) => own.isElsewhere(name))).toEqual([
    false,
    true,
    false,
    false,
  ]);
});
