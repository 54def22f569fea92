import { beforeEach, describe, expect, it } from '@jest/globals';
import type { PlayRequest } from '@nightjar/relay';
import { FORMAT, SECOND_FORMAT, Scene, UNIT_MS, type SentUnit } from './testing/scene.js';

const SEGMENTS = [
  { startMs: 10_000, endMs: 12_000 },
  { startMs: 12_000, endMs: 13_000 },
  { startMs: 20_000, endMs: 22_000 },
];
const REPLAY: Partial<PlayRequest> = { required: ['onvif-replay'], rateControl: 'no' };

const clock = (startMs: number, endMs?: number): PlayRequest['range'] => ({
  unit: 'clock',
  start: startMs,
  end: endMs,
});
const wall = ({ unit }: SentUnit): number => unit * UNIT_MS;
const marked = (sent: readonly SentUnit[], flag: 'endOfSection' | 'discontinuity' | 'terminal') =>
  sent.filter(({ replay }) => replay?.[flag] === true).map(wall);

describe('ONVIF replay', () => {
  let scene: Scene;

  beforeEach(() => {
    scene = new Scene(SEGMENTS);
  });

  it('says of every unit when it was captured, and whether decoding can start there', async () => {
    const answer = await scene.play({ ...REPLAY, cseq: 17 });
    expect(answer).toMatchObject({
      rateControl: 'no',
      scale: 1,
      range: 'clock=19700101T000010.000Z-19700101T000022.000Z',
    });
    await scene.turn();
    expect(scene.sent).toHaveLength(250);
    for (const one of scene.sent) {
      expect(Math.round(one.replay!.wallMs)).toBe(wall(one));
      expect(one.replay!.cleanPoint).toBe(one.unit % 50 === 0);
      expect(one.replay!.cseq).toBe(17);
    }
  });

  it('marks ends before gaps, what follows them, and the last of all', async () => {
    await scene.play(REPLAY);
    await scene.turn();
    expect(marked(scene.sent, 'endOfSection')).toEqual([12_980, 21_980]);
    expect(marked(scene.sent, 'discontinuity')).toEqual([10_000, 20_000]);
    expect(marked(scene.sent, 'terminal')).toEqual([21_980]);
    // It stays in Playing and says no goodbye.
    expect([scene.stopped, scene.ended]).toEqual([0, 0]);
  });

  it('has no extension for who did not require it', async () => {
    await scene.play({ rateControl: 'no' });
    await scene.turn();
    expect(scene.sent.some(({ replay }) => replay !== undefined)).toBe(false);
    expect(scene.ended).toBe(1);
  });

  it('ends a closed range without the mark of a gap', async () => {
    await scene.play({ ...REPLAY, range: clock(10_500, 11_500) });
    await scene.turn();
    expect(scene.sent.map(wall)[0]).toBe(10_000);
    expect(scene.sent.map(wall).at(-1)).toBe(11_480);
    expect(marked(scene.sent, 'endOfSection')).toEqual([]);
    expect(marked(scene.sent, 'terminal')).toEqual([11_480]);
  });

  it('marks each track for itself', async () => {
    const formats = [FORMAT, SECOND_FORMAT];
    const both = new Scene(
      [
        { startMs: 10_000, endMs: 12_000, formats },
        { startMs: 20_000, endMs: 21_000, formats },
      ],
      { formats },
    );
    await both.play(REPLAY);
    await both.turn();
    for (const track of [0, 1]) {
      const sent = both.sent.filter((one) => one.track === track);
      expect(marked(sent, 'endOfSection')).toEqual([11_980, 20_980]);
      expect(marked(sent, 'discontinuity')).toEqual([10_000, 20_000]);
      expect(marked(sent, 'terminal')).toEqual([20_980]);
    }
  });

  describe('backwards', () => {
    const BACK: Partial<PlayRequest> = { ...REPLAY, scale: -1 };

    it('sends GOPs backwards and what is in them forwards', async () => {
      const answer = await scene.play({ ...BACK, range: clock(21_500) });
      expect(answer).toMatchObject({
        scale: -1,
        range: 'clock=19700101T000021.500Z-19700101T000010.000Z',
      });
      await scene.turn();
      const gop = (startMs: number, endMs = startMs + 1000): number[] =>
        Array.from({ length: (endMs - startMs) / UNIT_MS }, (_, i) => startMs + i * UNIT_MS);
      expect(scene.sent.map(wall)).toEqual([
        ...gop(21_000, 21_520),
        ...gop(20_000),
        ...gop(12_000),
        ...gop(11_000),
        ...gop(10_000),
      ]);
      expect(marked(scene.sent, 'discontinuity')).toEqual([21_000, 20_000, 12_000, 11_000, 10_000]);
      // The last of the GOP that follows a gap in time, or the beginning.
      expect(marked(scene.sent, 'endOfSection')).toEqual([20_980, 10_980]);
      expect(marked(scene.sent, 'terminal')).toEqual([10_980]);
      expect(scene.ended).toBe(0);
    });

    it('numbers packets in the order of sending, with the times of the recording', async () => {
      await scene.play({ ...BACK, range: clock(12_900) });
      await scene.turn();
      const sequences = scene.sent
        .slice(1)
        .map(({ sequence }, i) => (sequence - scene.sent[i]!.sequence) & 0xffff);
      expect(new Set(sequences)).toEqual(new Set([1]));
      const [origin] = scene.sent;
      for (const one of scene.sent)
        expect((one.timestamp - origin!.timestamp) | 0).toBe((wall(one) - wall(origin!)) * 8);
    });

    it('with rate control has the times at which each is to be shown', async () => {
      await scene.play({ ...BACK, rateControl: 'yes', range: clock(12_900) });
      await scene.pass(4_000);
      const origin = scene.sent[0]!;
      expect(wall(origin)).toBe(12_000);
      for (const one of scene.sent)
        expect((one.timestamp - origin.timestamp) | 0).toBe((wall(origin) - wall(one)) * 8);
      const key = scene.sent.find((one) => wall(one) === 10_000)!;
      // Each stretch is sent while the one after it is shown: 1 s before the end of this one.
      expect(key.atMs - origin.atMs).toBe(1_800);
    });

    it('stops behind the GOP that holds the end of the range', async () => {
      await scene.play({ ...BACK, range: clock(12_900, 11_500) });
      await scene.turn();
      expect(new Set(scene.sent.map((one) => Math.floor(wall(one) / 1000)))).toEqual(
        new Set([12, 11]),
      );
    });

    it('begins before a gap when it is asked to begin inside', async () => {
      await scene.play({ ...BACK, range: clock(15_000) });
      await scene.turn();
      expect(wall(scene.sent[0]!)).toBe(12_000);
    });

    it('begins at the end when no start is given', async () => {
      await scene.play({ ...BACK, range: { unit: 'clock', start: undefined, end: 21_000 } });
      await scene.turn();
      expect(wall(scene.sent[0]!)).toBe(21_000);
    });

    it('sends no sound', async () => {
      const formats = [FORMAT, SECOND_FORMAT];
      const both = new Scene([{ startMs: 10_000, endMs: 12_000, formats }], { formats });
      await both.play({ ...BACK, range: clock(11_990) });
      await both.turn();
      expect(both.units(0)).toHaveLength(100);
      expect(both.units(1)).toEqual([]);
    });
  });

  describe('frames', () => {
    it('intra sends keyframes, in both directions', async () => {
      await scene.play({ ...REPLAY, frames: { kind: 'intra', minIntervalMs: 0 } });
      await scene.turn();
      expect(scene.sent.map(wall)).toEqual([10_000, 11_000, 12_000, 20_000, 21_000]);
      expect(marked(scene.sent, 'endOfSection')).toEqual([12_000, 21_000]);
      const count = scene.sent.length;
      const back = { ...REPLAY, scale: -1, range: clock(21_900) };
      await scene.play({ ...back, frames: { kind: 'intra', minIntervalMs: 0 } });
      await scene.turn();
      const sent = scene.sent.slice(count);
      expect(sent.map(wall)).toEqual([21_000, 20_000, 12_000, 11_000, 10_000]);
      expect(marked(sent, 'discontinuity')).toEqual(sent.map(wall));
    });

    it('intra/1500 sends them no closer than that on the time line', async () => {
      await scene.play({ ...REPLAY, frames: { kind: 'intra', minIntervalMs: 1_500 } });
      await scene.turn();
      expect(scene.sent.map(wall)).toEqual([10_000, 12_000, 20_000]);
    });
  });

  it('goes to another place at once, with a discontinuity and the number of that PLAY', async () => {
    scene.unitBytes = 1200;
    scene.behind = true;
    await scene.play({ ...REPLAY, cseq: 1 });
    await scene.turn();
    const before = scene.sent.length;
    expect(before).toBeLessThan(300);
    // The client reads nothing, and yet it is answered.
    await scene.play({ ...REPLAY, cseq: 2, immediate: true, range: clock(20_500) });
    scene.behind = false;
    await scene.turn();
    const after = scene.sent.slice(before);
    expect(after[0]).toMatchObject({ unit: 1000, replay: { cseq: 2, discontinuity: true } });
    expect(after.every(({ replay }) => replay === undefined || replay.cseq === 2)).toBe(true);
  });

  it('takes any other scale for 1 where the client sets the speed', async () => {
    expect((await scene.play({ ...REPLAY, scale: 8 })).scale).toBe(1);
    expect((await scene.play({ ...REPLAY, scale: -8, range: clock(21_000) })).scale).toBe(-1);
  });
});

describe('the live edge', () => {
  const start = (): Scene =>
    new Scene(
      [
        { startMs: 10_000, endMs: 12_000 },
        { startMs: 12_000, endMs: 13_000, open: true },
      ],
      { growing: true },
    );
  const grow = (scene: Scene, ms: number): void => {
    scene.segments.at(-1)!.endMs += ms;
  };

  it('goes on as it is recorded, into the next segment, and ends when recording has stopped', async () => {
    const scene = start();
    const answer = await scene.play({ range: clock(12_500) });
    expect(answer.range).toBe('clock=19700101T000012.000Z-');
    for (let second = 0; second < 3; second++) {
      await scene.pass(1_000);
      grow(scene, 1_000);
    }
    Object.assign(scene.segments.at(-1)!, { open: false });
    await scene.pass(1_000);
    scene.segments.push({ startMs: 16_000, endMs: 17_000, open: true });
    await scene.pass(3_000);
    const units = scene.units();
    expect(units).toEqual(Array.from({ length: 250 }, (_, i) => 600 + i));
    expect(scene.ended).toBe(0);
    Object.assign(scene.segments.at(-1)!, { open: false });
    await scene.pass(12_000);
    expect([scene.ended, scene.errors, scene.openFiles]).toEqual([1, [], 0]);
  });

  it('does not mark the newest unit, but the last when recording stops; and goes on when it resumes', async () => {
    const scene = start();
    await scene.play({ ...REPLAY, range: clock(12_500) });
    await scene.pass(500);
    expect(marked(scene.sent, 'endOfSection')).toEqual([]);
    grow(scene, 1_000);
    await scene.pass(500);
    expect(scene.sent.map(wall).at(-1)).toBe(13_960);
    expect(marked(scene.sent, 'endOfSection')).toEqual([]);
    Object.assign(scene.segments.at(-1)!, { open: false });
    await scene.pass(12_000);
    expect(marked(scene.sent, 'endOfSection')).toEqual([13_980]);
    expect(marked(scene.sent, 'terminal')).toEqual([13_980]);
    expect(scene.ended).toBe(0);
    scene.segments.push({ startMs: 30_000, endMs: 31_000, open: true });
    await scene.pass(1_000);
    expect(scene.sent.map(wall).at(-1)).toBe(30_960);
    expect(marked(scene.sent, 'discontinuity')).toEqual([12_000, 30_000]);
    scene.stream.close();
    await scene.turn();
    expect(scene.openFiles).toBe(0);
  });

  it('starts at now with the last keyframe, and refuses the future', async () => {
    const scene = start();
    await scene.play({ range: { unit: 'npt', start: 'now', end: undefined } });
    await scene.turn();
    expect(scene.sent.map(wall)[0]).toBe(12_000);
    await expect(scene.play({ range: clock(60_000) })).rejects.toMatchObject({
      where: { status: 457 },
    });
    // Recorded since the session began.
    grow(scene, 5_000);
    scene.clock.advance(5_000);
    expect((await scene.play({ range: clock(16_500) })).range).toBe('clock=19700101T000016.000Z-');
  });

  it('plays keyframes of the future as they come', async () => {
    const scene = start();
    await scene.play({ scale: 8, range: clock(10_000) });
    await scene.pass(1_000);
    expect(scene.sent.map(wall)).toEqual([10_000, 12_000]);
    grow(scene, 1_000);
    await scene.pass(1_000);
    grow(scene, 1_000);
    await scene.pass(1_000);
    expect(scene.sent.map(wall)).toEqual([10_000, 12_000, 14_000]);
  });

  it('ends at the end of a range that was in the future', async () => {
    const scene = start();
    const answer = await scene.play({ range: clock(12_000, 14_000) });
    expect(answer.range).toBe('clock=19700101T000012.000Z-19700101T000014.000Z');
    for (let second = 0; second < 5; second++) {
      await scene.pass(1_000);
      grow(scene, 1_000);
    }
    expect(scene.sent.map(wall).at(-1)).toBe(13_980);
    await scene.pass(1_000);
    expect(scene.ended).toBe(1);
  });
});
