import { describe, expect, it } from '@jest/globals';
import type { CameraRules, VolumeRules } from '../rules/rules.js';
import type { CameraOnVolume } from './capacity.js';
import { forecastOf } from './capacity.js';
import { printDays, warningsOf } from './warnings.js';

const DAY_MS = 86_400_000;
const NOW_MS = Date.UTC(2026, 10, 20);

const camera: CameraRules = {
  camera: 'front',
  group: undefined,
  maxAgeMs: undefined,
  maxBytes: undefined,
  minAgeMs: 0,
  events: undefined,
};
const volume: VolumeRules = {
  volume: 'main',
  state: 'active',
  minFreeBytes: 0,
  maxBytes: undefined,
  maxAgeMs: undefined,
  minAgeMs: 0,
  eventMaxAgeMs: undefined,
};
/** 10 bytes a day since ten days. */
const footage: CameraOnVolume = {
  camera: 'front',
  volumeId: 'v',
  bytes: 100,
  oldestMs: NOW_MS - 10 * DAY_MS,
  bytesPerDay: 10,
  rateKnown: true,
};

/** Of one camera on one volume with room for 50 days of it. */
function warnings(ofCamera: Partial<CameraRules>, ofVolume: Partial<VolumeRules>): string[] {
  const rules = {
    cameras: [{ ...camera, ...ofCamera }],
    groups: [],
    volumes: [{ ...volume, ...ofVolume }],
  };
  const measured = {
    id: 'v',
    rules: rules.volumes[0]!,
    space: { freeBytes: 400, sizeBytes: 500 },
  };
  const forecast = forecastOf(measured, [footage], rules, NOW_MS);
  return warningsOf([{ volume: measured, forecast }], [footage], rules).map(
    ({ code, message }) => `${code}: ${message}`,
  );
}

describe('promises', () => {
  it.each<[string, Partial<CameraRules>, Partial<VolumeRules>, string[]]>([
    ['that fit', { minAgeMs: 10 * DAY_MS, maxAgeMs: 50 * DAY_MS }, {}, []],
    [
      'beyond the disk',
      { minAgeMs: 51 * DAY_MS, maxAgeMs: 60 * DAY_MS },
      {},
      [
        'overcommitted: the guarantees (minAge) of the cameras on volume main take 510 B at the present rates, and it holds 500 B',
        'age-out-of-reach: camera front: the disks hold 50 days at the present rates; maxAge is 60 days',
      ],
    ],
    [
      'of the volume beyond itself',
      {},
      { minAgeMs: 51 * DAY_MS },
      [
        'overcommitted: the guarantees (minAge) of the cameras on volume main take 510 B at the present rates, and it holds 500 B',
      ],
    ],
    [
      'that the volume does not keep',
      { minAgeMs: 8 * DAY_MS, maxAgeMs: 30 * DAY_MS },
      { maxAgeMs: 7 * DAY_MS },
      [
        'guarantee-beyond-age: camera front: minAge is 8 days, so its footage stays on volume main longer than the maxAge of 7 days there',
        'age-beyond-volume: camera front: volume main keeps footage for 7 days; maxAge is 30 days',
      ],
    ],
  ])('%s', (_, ofCamera, ofVolume, expected) => {
    expect(warnings(ofCamera, ofVolume)).toEqual(expected);
  });

  it.each([
    [0, '0 minutes'],
    [1 / 1_440, '1 minute'],
    [20 / 1_440, '20 minutes'],
    [1 / 24, '1 hour'],
    [0.31, '7.4 hours'],
    [1, '1 day'],
    [2.46, '2.5 days'],
    [30, '30 days'],
    [365.4, '365 days'],
  ])('last for %d days, in words %s', (days, text) => {
    expect(printDays(days)).toBe(text);
  });
});
