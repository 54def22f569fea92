import { describe, expect, it } from '@jest/globals';
import { MAX_SKEW_AGE_MS, TrackSkew } from './track-skew.js';
import type { CameraTime } from './track-skew.js';

/** A camera whose sound lies 250 ms later on its line than the picture of the same instant. */
function reportsAt(arrivalMs: number, dateMs = 0, errorMs = 0): [CameraTime, CameraTime] {
  const ntpMs = dateMs + arrivalMs;
  return [
    { ntpMs, mediaMs: arrivalMs + 1_000, arrivalMs },
    { ntpMs: ntpMs + errorMs, mediaMs: arrivalMs + 1_250, arrivalMs },
  ];
}

describe('TrackSkew', () => {
  it.each([0, Date.UTC(1970, 0, 1, 3), Date.UTC(2026, 10, 20, 17), -5e12])(
    'tells how two tracks stand to each other, whatever date the camera believes in (%d)',
    (dateMs) => {
      const skew = new TrackSkew();
      expect(skew.at(0)).toBeUndefined();
      skew.add(...reportsAt(5_000, dateMs));
      expect(skew.at(5_000)).toBe(-250);
    },
  );

  it('is not led astray by one bad report', () => {
    const skew = new TrackSkew();
    for (const ms of [0, 5_000]) skew.add(...reportsAt(ms));
    skew.add(...reportsAt(10_000, 0, 400));
    expect(skew.at(10_000)).toBe(-250);
  });

  it('does not put together what came before and after the camera was set', () => {
    const skew = new TrackSkew();
    skew.add(...reportsAt(0));
    const [, sound] = reportsAt(5_000);
    const [picture] = reportsAt(5_000, 3_600_000);
    skew.add(picture, sound);
    expect(skew.at(5_000)).toBe(-250);
    skew.add(...reportsAt(10_000, 3_600_000));
    expect(skew.at(10_000)).toBe(-250);
  });

  it('leaves out a report that was long on its way, and one whose track has not reported for long', () => {
    const skew = new TrackSkew();
    const [picture, sound] = reportsAt(0);
    skew.add(picture, { ...sound, ntpMs: sound.ntpMs - 120_000 });
    const [late] = reportsAt(40_000);
    skew.add(late, sound);
    expect(skew.at(40_000)).toBeUndefined();
  });

  it('leaves it to the arrivals when reports stay away', () => {
    const skew = new TrackSkew();
    skew.add(...reportsAt(0));
    expect(skew.at(MAX_SKEW_AGE_MS)).toBe(-250);
    expect(skew.at(MAX_SKEW_AGE_MS + 1)).toBeUndefined();
  });

  it('holds what it knows until the reports after a jump, and then believes them at once', () => {
    const skew = new TrackSkew();
    for (const ms of [0, 5_000, 10_000]) skew.add(...reportsAt(ms));
    skew.forget();
    expect(skew.at(12_000)).toBe(-250);
    const [picture, sound] = reportsAt(15_000);
    skew.add(picture, { ...sound, mediaMs: sound.mediaMs + 80 });
    expect(skew.at(15_000)).toBe(-330);
  });
});
