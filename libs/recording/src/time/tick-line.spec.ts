import { describe, expect, it } from '@jest/globals';
import { TickLine } from './tick-line.js';

const RATE = 90_000;
const FRAME = 3_600;

/** Places units that arrive one frame apart; `K` marks keyframes. */
function place(
  ticks: readonly number[],
  keyframes: readonly number[] = [],
): { placed: number[]; jumps: number } {
  const line = new TickLine(RATE);
  const placed = ticks.map((value, index) =>
    line.place(value, index * 40, keyframes.includes(index)),
  );
  return { placed, jumps: line.jumps };
}

const frames = (count: number): number[] =>
  Array.from({ length: count }, (_, index) => index * FRAME);

describe('TickLine', () => {
  it('leaves good timestamps alone', () => {
    expect(place(frames(20))).toEqual({ placed: frames(20), jumps: 0 });
  });

  it('leaves B-frames alone', () => {
    const ticks = [0, 3, 1, 2, 6, 4, 5, 9, 7, 8].map((frame) => frame * FRAME);
    expect(place(ticks, [0])).toEqual({ placed: ticks, jumps: 0 });
  });

  it.each([
    ['forwards by an hour', 3600 * RATE],
    ['forwards by a second', RATE],
    ['back by an hour', -3600 * RATE],
    ['back by two seconds', -2 * RATE],
  ])('heals a jump %s', (_, jump) => {
    const ticks = frames(30).map((value, index) => (index < 15 ? value : value + jump));
    expect(place(ticks)).toEqual({ placed: frames(30), jumps: 1 });
  });

  it('heals a small step back at a keyframe, where no B-frame can be', () => {
    const ticks = frames(30).map((value, index) => (index < 15 ? value : value - 2 * FRAME));
    expect(place(ticks, [15])).toEqual({ placed: frames(30), jumps: 1 });
  });

  it('takes a long step back that lasts for a jump', () => {
    const ticks = frames(60).map((value, index) => (index < 15 ? value : value - 22 * FRAME));
    const { placed, jumps } = place(ticks);
    expect(jumps).toBe(1);
    expect(placed.slice(31)).toEqual(frames(60).slice(31));
  });

  it('keeps a pause that a jump would hide', () => {
    const line = new TickLine(RATE);
    frames(10).forEach((value, index) => line.place(value, index * 40, false));
    expect(line.place(-50 * RATE, 9 * 40 + 5_000, true)).toBe(9 * FRAME + 5 * RATE);
  });

  it('keeps a pause of up to ten seconds that the camera tells of', () => {
    const line = new TickLine(RATE);
    line.place(0, 0, true);
    expect(line.place(9 * RATE, 9_000, true)).toBe(9 * RATE);
    expect(line.jumps).toBe(0);
  });

  it('rises by the frame interval when timestamps stand still', () => {
    const { placed } = place([0, FRAME, 2 * FRAME, 2 * FRAME, 2 * FRAME], [0, 1, 2, 3, 4]);
    expect(placed.every((ticks, index) => index === 0 || ticks > (placed[index - 1] ?? 0))).toBe(
      true,
    );
  });

  it('heals a step back without B-frames at once, however small', () => {
    const ticks = frames(30).map((value, index) => (index < 15 ? value : value - 2 * FRAME));
    const { placed, jumps } = place(ticks);
    expect(jumps).toBe(1);
    expect(placed).toEqual(frames(30));
  });

  it('heals a small step forwards when units would come before their time', () => {
    const line = new TickLine(RATE);
    const placed = frames(30).map((value, index) => {
      const stepped = index < 15 ? value : value + 0.2 * RATE;
      return line.place(stepped, index * 40, false, index * FRAME);
    });
    expect(placed).toEqual(frames(30));
    expect(line.jumps).toBe(1);
  });

  it('keeps frames that a camera left out', () => {
    const line = new TickLine(RATE);
    const kept = [0, 1, 2, 3, 9, 10, 11].map((frame) => [frame * FRAME, frame * 40] as const);
    const placed = kept.map(([ticks, ms]) => line.place(ticks, ms, false, (ms / 40) * FRAME));
    expect(placed).toEqual(kept.map(([ticks]) => ticks));
    expect(line.jumps).toBe(0);
  });

  it('goes on by arrivals while the clock of the camera stands still', () => {
    const ticks = frames(40).map((value, index) => (index < 10 || index > 30 ? value : 9 * FRAME));
    const line = new TickLine(RATE);
    const placed = ticks.map((value, index) => line.place(value, index * 40, false, index * FRAME));
    placed.forEach((value, index) => {
      expect(Math.abs(value - index * FRAME)).toBeLessThanOrEqual(3 * FRAME);
    });
    expect(placed.at(-1)).toBe(39 * FRAME);
  });

  it('jumps to where B-frames still fit between', () => {
    const decoded = [0, 3, 1, 2, 6, 4, 5, 9, 7, 8, 12, 10, 11];
    const line = new TickLine(RATE);
    const placed = decoded.map((frame, index) =>
      line.place(
        (frame < 9 && frame !== 7 && frame !== 8 ? frame : frame + 5_000) * FRAME,
        index * 40,
        index === 0,
      ),
    );
    expect(placed).toEqual(decoded.map((frame) => frame * FRAME));
    expect(line.jumps).toBe(1);
  });
});
