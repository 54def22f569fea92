import { describe, expect, it } from '@jest/globals';
import { MediaTime } from './media-time.js';

/** Footage from 1000 to 3000 and from 9000 on, with nothing between. */
const timeline = {
  startMs: 1000,
  nptAt: (atMs: number) => (atMs < 9000 ? Math.min(atMs, 3000) - 1000 : atMs - 7000),
};

describe('the media time of a session', () => {
  it('runs on through a hole as if there were none', () => {
    const time = new MediaTime(timeline);
    time.moveTo(1000, 40);
    expect([1000, 2960, 9000, 9040].map((wall) => time.at(wall))).toEqual([0, 1960, 2000, 2040]);
  });

  it('goes on, never back, after a seek in either direction', () => {
    const time = new MediaTime(timeline);
    time.moveTo(9000, 40);
    expect(time.at(9080)).toBe(80);
    time.moveTo(1000, 40);
    expect([time.at(1000), time.at(1040)]).toEqual([120, 160]);
    time.moveTo(11_000, 40);
    expect(time.at(11_000)).toBe(200);
  });

  it('gives sound that begins just before the first picture a time of its own', () => {
    const time = new MediaTime(timeline);
    time.moveTo(1000, 40);
    expect(time.at(990)).toBe(-10);
  });
});
