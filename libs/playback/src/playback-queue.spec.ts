import { describe, expect, it } from '@jest/globals';
import type { StreamNotice } from '@nightjar/relay';
import { MAX_QUEUED_PLAYS } from './playback-stream.js';
import { KEY_MS, Scene, UNIT_MS } from './testing/scene.js';

const SECOND = 1000 / UNIT_MS;

/** Units of whole seconds, as they are numbered by the wall clock of a scene. */
function seconds(...each: number[]): number[] {
  return each.flatMap((second) =>
    Array.from({ length: SECOND }, (_, i) => (1 + second) * SECOND + i),
  );
}

const range = (start: number, end?: number) => ({ unit: 'npt' as const, start, end });

describe('a PLAY that comes while another runs', () => {
  const scene = (): Scene => new Scene([{ startMs: KEY_MS, endMs: 21 * KEY_MS }]);

  it('waits for its turn behind one that has an end, and says goodbye after the last', async () => {
    const played = scene();
    await played.play({ range: range(0, 2), queue: true });
    await played.pass(500);
    const second = await played.play({ range: range(10, 11), queue: true });
    const third = await played.play({ range: range(5, 6), queue: true });
    expect([second.range, second.rtpInfo, third.range]).toEqual([
      'npt=10.000-11.000',
      [],
      'npt=5.000-6.000',
    ]);
    await played.pass(1400);
    const all = seconds(0, 1, 10, 5);
    expect(played.units()).toEqual(all.slice(0, played.units().length));
    expect([played.stopped, played.ended]).toEqual([0, 0]);
    await played.pass(2500);
    expect(played.units()).toEqual(all);
    expect([played.stopped, played.ended, played.errors]).toEqual([1, 1, []]);
    const numbers = played.sent.map(({ sequence }) => sequence);
    expect(numbers).toEqual(numbers.map((_, i) => (numbers[0]! + i) % 0x10000));
  });

  it('takes its place at once where the other has no end, or the client wants it so', async () => {
    const open = scene();
    await open.play({ range: range(0), queue: true });
    await open.pass(500);
    await open.play({ range: range(10), queue: true });
    await open.pass(100);
    expect(open.units().at(-1)).toBeGreaterThan(10 * SECOND);
    const now = scene();
    await now.play({ range: range(0, 5), queue: true });
    await now.pass(500);
    await now.play({ range: range(7, 8), queue: true });
    await now.play({ range: range(10, 11), immediate: true, queue: false });
    await now.pass(5_000);
    const units = now.units();
    const moved = units.indexOf(11 * SECOND);
    expect(moved).toBeLessThan(2 * SECOND);
    expect(units.slice(moved)).toEqual(seconds(10));
    expect(now.ended).toBe(1);
  });

  it('is dropped by PAUSE', async () => {
    const played = scene();
    await played.play({ range: range(0, 1), queue: true });
    await played.pass(100);
    await played.play({ range: range(10, 11), queue: true });
    await played.stream.pause();
    await played.play({ queue: true });
    await played.pass(3_000);
    expect([played.units(), played.ended]).toEqual([seconds(0), 1]);
  });

  it('is refused outside the footage, and when too many wait', async () => {
    const played = scene();
    await played.play({ range: range(0, 2), queue: true });
    await expect(played.play({ range: range(90, 91), queue: true })).rejects.toMatchObject({
      where: { status: 457 },
    });
    for (let i = 0; i < MAX_QUEUED_PLAYS; i++)
      await played.play({ range: range(i, i + 1), queue: true });
    await expect(played.play({ range: range(1, 2), queue: true })).rejects.toMatchObject({
      kind: 'exhausted',
    });
    await played.pass(1_900);
    expect(played.units()).toEqual(seconds(0, 1).slice(0, played.units().length));
  });
});

describe('a pause point', () => {
  const scene = (): Scene => new Scene([{ startMs: KEY_MS, endMs: 21 * KEY_MS }]);

  it('stops play there, and PLAY goes on behind it', async () => {
    const played = scene();
    await played.play({ range: range(0) });
    await played.pass(200);
    const paused = await played.stream.pause(range(1.5));
    expect(paused).toEqual({ range: 'npt=1.500-20.000', later: true });
    await played.pass(4_000);
    expect(played.units()).toEqual(seconds(0, 1).slice(0, 1.5 * SECOND));
    expect([played.stopped, played.ended]).toEqual([1, 0]);
    await played.play();
    await played.pass(1_000);
    expect(played.units().slice(0, 2 * SECOND)).toEqual(seconds(0, 1));
  });

  it.each([0.1, 30, 'now' as const])('is refused at %s', async (start) => {
    const played = scene();
    await played.play({ range: range(1) });
    await played.pass(500);
    await expect(played.stream.pause({ unit: 'npt', start, end: undefined })).rejects.toMatchObject(
      { where: { status: 457 } },
    );
    const before = played.units().length;
    await played.pass(200);
    expect(played.units().length).toBeGreaterThan(before);
  });

  it('is refused where nothing plays', async () => {
    await expect(scene().stream.pause(range(1))).rejects.toMatchObject({ where: { status: 457 } });
  });
});

describe('a client that can be told', () => {
  function told(scene: Scene): StreamNotice[] {
    const notices: StreamNotice[] = [];
    scene.notify = (notice) => notices.push(notice);
    return notices;
  }

  it('is told where play ended, and with which packet', async () => {
    const scene = new Scene([{ startMs: KEY_MS, endMs: 4 * KEY_MS }]);
    const notices = told(scene);
    await scene.play({ range: range(1) });
    await scene.pass(2_500);
    const seq = scene.sent.at(-1)!.sequence;
    expect(notices).toEqual([
      { kind: 'end-of-stream', range: 'npt=1.000-3.000', rtpInfo: [{ track: 0, seq }] },
    ]);
    expect(scene.ended).toBe(1);
  });

  it('is told that nothing more comes when the end of the range has passed', async () => {
    const scene = new Scene([{ startMs: KEY_MS, endMs: 3 * KEY_MS, open: true }], {
      growing: true,
      limitMs: 4 * KEY_MS,
    });
    const notices = told(scene);
    await scene.play({ range: range(0) });
    await scene.pass(1_900);
    scene.segments[0]!.endMs = 8 * KEY_MS;
    await scene.pass(6_000);
    expect(notices.map(({ kind }) => kind)).toEqual(['media-properties-update', 'end-of-stream']);
  });

  it('is slowed down where it has caught up with what is recorded, and told', async () => {
    const segment = { startMs: KEY_MS, endMs: 9 * KEY_MS, open: true };
    const scene = new Scene([segment], { growing: true });
    const notices = told(scene);
    await scene.play({ range: range(0), scale: 4 });
    await scene.pass(2_500);
    expect(notices).toMatchObject([{ kind: 'scale-change', scale: 1 }]);
    const before = scene.sent.length;
    segment.endMs += KEY_MS;
    await scene.pass(1_500);
    // All of them, not keyframes alone.
    expect(scene.sent.length - before).toBeGreaterThan(SECOND / 2);
  });

  it('is not told of that where it cannot be', async () => {
    const scene = new Scene([{ startMs: KEY_MS, endMs: 9 * KEY_MS, open: true }], {
      growing: true,
    });
    await scene.play({ range: range(0), scale: 4 });
    await scene.pass(2_500);
    const before = scene.sent.length;
    scene.segments[0]!.endMs += KEY_MS;
    await scene.pass(1_500);
    expect(scene.sent.length - before).toBeLessThan(SECOND / 2);
  });
});
