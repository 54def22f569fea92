import { beforeEach, describe, expect, it } from '@jest/globals';
import { FORMAT, KEY_MS, SECOND_FORMAT, Scene, UNIT_MS } from './testing/scene.js';

const SEGMENTS = [
  { startMs: 10_000, endMs: 12_000 },
  { startMs: 12_000, endMs: 13_000 },
  { startMs: 20_000, endMs: 22_000 },
];
const PER_KEY = KEY_MS / UNIT_MS;

/** Numbers of the units from one wall time to another. */
function between(fromMs: number, toMs: number): number[] {
  return Array.from({ length: (toMs - fromMs) / UNIT_MS }, (_, i) => fromMs / UNIT_MS + i);
}

describe('scale', () => {
  let scene: Scene;
  /** RTP ticks from each packet to the next. */
  const steps = (): number[] =>
    scene.sent.slice(1).map(({ timestamp }, i) => (timestamp - scene.sent[i]!.timestamp) | 0);

  beforeEach(() => {
    scene = new Scene(SEGMENTS);
  });

  it('2 sends every picture in half the time, with timestamps of presentation', async () => {
    expect(await scene.play({ scale: 2 })).toMatchObject({ scale: 2, range: 'npt=0.000-5.000' });
    await scene.pass(2_400);
    expect(scene.ended).toBe(0);
    await scene.pass(200);
    expect(scene.ended).toBe(1);
    expect(scene.units()).toEqual([...between(10_000, 13_000), ...between(20_000, 22_000)]);
    expect(new Set(steps())).toEqual(new Set([80]));
  });

  it('4 sends keyframes alone, at their times', async () => {
    expect((await scene.play({ scale: 4 })).scale).toBe(4);
    await scene.pass(1_500);
    expect(scene.units()).toEqual([500, 550, 600, 1000, 1050]);
    expect(new Set(steps())).toEqual(new Set([(KEY_MS / 4) * 8]));
    expect(scene.sent.at(-1)!.atMs - scene.sent[0]!.atMs).toBe(KEY_MS);
  });

  it('64 leaves out keyframes that would follow each other too fast', async () => {
    const long = new Scene([{ startMs: 10_000, endMs: 110_000 }]);
    await long.play({ scale: 64 });
    await long.pass(2_000);
    // No closer than 64 x 200 ms: every 13th second.
    expect(long.units()).toEqual([500, 1150, 1800, 2450, 3100, 3750, 4400, 5050]);
    expect(long.ended).toBe(1);
  });

  it.each([
    [1_000, 64],
    [0.01, 0.25],
    [-1_000, -64],
    [-0.01, -0.25],
  ])('%d is brought to what can be done, and told', async (asked, done) => {
    const range = { unit: 'npt', start: 4, end: undefined } as const;
    expect((await scene.play({ scale: asked, range })).scale).toBe(done);
  });

  it('a quarter takes four times as long', async () => {
    await scene.play({ scale: 0.25, range: { unit: 'npt', start: 0, end: 0.1 } });
    await scene.pass(400);
    expect(scene.units()).toEqual(between(10_000, 10_100));
    expect(new Set(steps())).toEqual(new Set([640]));
  });

  it('changes while it plays, and goes on from where it is', async () => {
    await scene.play();
    await scene.pass(500);
    const before = scene.sent.length;
    const answer = await scene.play({ scale: 2 });
    expect(answer.scale).toBe(2);
    await scene.pass(600);
    const units = scene.units();
    expect(units).toEqual(between(10_000, 10_000 + units.length * UNIT_MS));
    expect(units.length - before).toBeGreaterThanOrEqual(58);
    expect(
      steps()
        .slice(0, before - 1)
        .every((step) => step === 160),
    ).toBe(true);
    expect(
      steps()
        .slice(before)
        .every((step) => step === 80),
    ).toBe(true);
    // To keyframes: from the one at or before.
    expect((await scene.play({ scale: 8 })).range).toMatch(/^npt=1\.000-/);
  });

  it('is left alone by a PLAY that says nothing', async () => {
    await scene.play({ scale: 4 });
    await scene.pass(100);
    expect((await scene.play()).scale).toBe(4);
  });

  it('leaves out sound unless it is 1', async () => {
    const formats = [FORMAT, SECOND_FORMAT];
    const both = new Scene([{ startMs: 10_000, endMs: 14_000, formats }], { formats });
    await both.play();
    await both.pass(500);
    expect(both.units(1).length).toBeGreaterThan(20);
    const heard = both.units(1).length;
    await both.play({ scale: 2 });
    await both.pass(500);
    expect(both.units(1)).toHaveLength(heard);
    await both.play({ scale: 1 });
    await both.pass(200);
    expect(both.units(1).length).toBeGreaterThan(heard);
    const times = (track: number): Map<number, number> =>
      new Map(
        both.sent.filter((one) => one.track === track).map((one) => [one.unit, one.timestamp]),
      );
    // The tracks keep together over both changes.
    const [first, second] = [times(0), times(1)];
    const offsets = [...second].map(([unit, timestamp]) => (timestamp - first.get(unit)!) >>> 0);
    expect(new Set(offsets).size).toBe(1);
  });

  it('sends keyframes alone backwards to a player that knows no better', async () => {
    const answer = await scene.play({
      scale: -1,
      range: { unit: 'clock', start: 21_500, end: undefined },
    });
    expect(answer).toMatchObject({
      scale: -1,
      range: 'clock=19700101T000021.500Z-19700101T000010.000Z',
    });
    await scene.pass(5_000);
    expect(scene.units()).toEqual([1050, 1000, 600, 550, 500]);
    expect(steps().every((step) => step > 0)).toBe(true);
    expect(scene.ended).toBe(1);
  });

  it('backwards begins before a hole when it is asked to begin inside', async () => {
    const answer = await scene.play({
      scale: -2,
      range: { unit: 'clock', start: 15_000, end: undefined },
    });
    expect(answer.range).toBe('clock=19700101T000013.000Z-19700101T000010.000Z');
    await scene.turn();
    expect(scene.units()).toEqual([600]);
  });

  it.each([
    ['a rising range backwards', -1, { unit: 'clock', start: 11_000, end: 12_000 }],
    ['a falling range forwards', 1, { unit: 'clock', start: 12_000, end: 11_000 }],
    ['backwards from before everything', -1, { unit: 'clock', start: 9_000, end: undefined }],
  ] as const)('refuses %s, and plays on', async (_, scale, range) => {
    await scene.play();
    await expect(scene.play({ scale, range })).rejects.toMatchObject({ where: { status: 457 } });
    await scene.pass(100);
    expect(scene.sent.length).toBeGreaterThan(3);
  });
});

describe('speed', () => {
  it('delivers faster with the timestamps of normal play', async () => {
    const scene = new Scene(SEGMENTS);
    expect((await scene.play({ speed: { min: 1, max: 4 } })).speed).toBe(4);
    await scene.pass(1_300);
    expect(scene.ended).toBe(1);
    const [first, last] = [scene.sent[0]!, scene.sent.at(-1)!];
    expect((last.timestamp - first.timestamp) >>> 0).toBe((5_000 - UNIT_MS) * 8);
  });

  it('is bounded, and 1 over UDP', async () => {
    const scene = new Scene(SEGMENTS);
    expect((await scene.play({ speed: { min: 2, max: Infinity } })).speed).toBe(16);
    scene.transport = 'udp';
    expect((await scene.play({ speed: { min: 2, max: 2 } })).speed).toBe(1);
  });
});

describe('gaps=real', () => {
  it('takes the time of what is missing, scaled', async () => {
    const scene = new Scene(SEGMENTS, { gaps: 'real' });
    expect((await scene.play({ scale: 2 })).range).toBe('npt=0.000-12.000');
    await scene.pass(4_900);
    expect(scene.units()).toEqual(between(10_000, 13_000));
    await scene.pass(200);
    expect(scene.units().length).toBeGreaterThan(3 * PER_KEY);
    const [last, first] = [between(10_000, 13_000).length - 1, 3 * PER_KEY];
    const stepMs = (scene.sent[first]!.timestamp - scene.sent[last]!.timestamp) / 8;
    expect(stepMs).toBe((7_000 + UNIT_MS) / 2);
  });
});

describe('tracks that come and go between segments', () => {
  it('are sent where the presentation has them, and keep together', async () => {
    const formats = [FORMAT, SECOND_FORMAT];
    const scene = new Scene(
      [
        { startMs: 10_000, endMs: 11_000, formats: [FORMAT] },
        { startMs: 11_000, endMs: 12_000, formats },
        { startMs: 12_000, endMs: 13_000, formats: [SECOND_FORMAT] },
      ],
      { formats },
    );
    await scene.play({ rateControl: 'no' });
    await scene.turn();
    expect(scene.units(0)).toEqual(between(10_000, 12_000));
    expect(scene.units(1)).toEqual(between(11_000, 13_000));
    const at = (track: number, unit: number): number =>
      scene.sent.find((one) => one.track === track && one.unit === unit)!.timestamp;
    const offsets = between(11_000, 12_000).map((unit) => (at(0, unit) - at(1, unit)) >>> 0);
    expect(new Set(offsets).size).toBe(1);
    expect((at(1, 649) - at(1, 550)) >>> 0).toBe(99 * UNIT_MS * 8);
  });
});
