import { describe, expect, it } from '@jest/globals';
import { LoopTimeline } from './loop-timeline.js';
import type { DueUnit } from './loop-timeline.js';
import { fakeLoop } from './test-support/fake-loop.js';

function takeAll(timeline: LoopTimeline, nowMs: number): DueUnit[] {
  const units: DueUnit[] = [];
  for (let due = timeline.take(nowMs); due !== undefined; due = timeline.take(nowMs))
    units.push(due);
  return units;
}

describe('LoopTimeline', () => {
  it('gives the units of all tracks in the order in which they are due', () => {
    const units = takeAll(new LoopTimeline(fakeLoop(), 1000), 1045);
    expect(units.map(({ track, dueMs }) => [track, Math.round(dueMs)])).toEqual([
      [0, 1000],
      [1, 1000],
      [1, 1021],
      [0, 1040],
      [1, 1043],
    ]);
  });

  it('runs on across the seam of a loop without a jump in time', () => {
    const timeline = new LoopTimeline(fakeLoop(), 0);
    const video = takeAll(timeline, 1000).filter(({ track }) => track === 0);
    expect(video).toHaveLength(26);
    expect(video.map(({ elapsedTicks }) => elapsedTicks)).toEqual(video.map((_, n) => n * 3600));
    expect(video.map(({ packets }) => packets.keyframe)).toEqual(video.map((_, n) => n % 4 === 0));
  });

  it('never drifts, however late it is asked', () => {
    const timeline = new LoopTimeline(fakeLoop(), 0);
    takeAll(timeline, 3_600_000);
    expect(timeline.nextDueMs - 3_600_000).toBeLessThan(22);
    expect(timeline.nextKeyframeMs % 160).toBe(0);
  });
});
