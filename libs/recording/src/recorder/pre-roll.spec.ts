import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Bench, START_MS } from '../../test/bench.js';
import type { Demand, PreRoll } from '../demand/demand.js';
import { MediaPool } from './media-memory.js';
import type { MediaBlock } from './media-memory.js';
import type { Recorder } from './recorder.js';
import { SegmentReader } from '../segments/segment-reader.js';

let bench: Bench;
beforeEach(async () => {
  bench = await Bench.open();
});
afterEach(() => bench.close());

const FRAME_MS = 40;
const GOP_MS = 1_000;
const HELD: PreRoll = { durationMs: 5_000, maxBytes: 4 * 1024 * 1024 };
const armed = (preRoll = HELD): Demand & { readonly wanted: false } => ({
  wanted: false,
  because: 'no-event',
  preRoll,
});
const wantedSince = (agoMs: number): Demand => ({
  wanted: true,
  because: 'event',
  sinceMs: bench.clock.wallMs() - agoMs,
});

/** Knows whether every block it ever made has come back. */
class CountingPool extends MediaPool {
  private made = 0;
  override take(bytes: number): MediaBlock {
    const before = this.freeBytes;
    const block = super.take(bytes);
    if (this.freeBytes === before) this.made += block.bytes.length;
    return block;
  }
  get outBytes(): number {
    return this.made - this.freeBytes;
  }
}

function recorder(options: Parameters<Bench['recorder']>[0] = {}): Recorder {
  const made = bench.recorder({ demand: armed(), ...options });
  made.tracks(bench.tracks);
  return made;
}

interface Unit {
  readonly track: number;
  readonly wallMs: number;
  readonly data: string;
}

async function unitsOnDisk(camera = 'front'): Promise<Unit[]> {
  const units: Unit[] = [];
  const closed = await bench.lines('segment-closed');
  for (const { path } of closed.filter((line) => line.camera === camera)) {
    const reader = await SegmentReader.open(bench.volume.resolve(path));
    for await (const { track, wallMs, data } of reader.unitsFrom(reader.startMs))
      units.push({ track, wallMs, data: Buffer.from(data).toString('base64') });
    await reader.close();
  }
  return units;
}

describe('a recorder that is armed', () => {
  it('records from the keyframe at or before the wanted time on, each unit once and at its time', async () => {
    const one = recorder();
    await bench.play(one, 9.4);
    expect((await bench.segments()).length).toBe(0);
    const sinceMs = bench.clock.wallMs() - 3_000;
    one.want(wantedSince(3_000));
    await bench.play(one, 4);
    await one.stop();
    const [first, ...more] = await bench.lines('run-started');
    expect(more).toEqual([]);
    expect(first?.startedAtMs).toBeLessThanOrEqual(sinceMs);
    expect(first?.startedAtMs).toBeGreaterThan(sinceMs - GOP_MS);
    const units = await unitsOnDisk();
    const frames = (START_MS + 13_400 - (first?.startedAtMs ?? 0)) / FRAME_MS + 1;
    for (const track of [0, 1]) {
      const times = units.filter((unit) => unit.track === track).map(({ wallMs }) => wallMs);
      expect(times).toHaveLength(Math.round(frames));
      times.forEach((ms, n) =>
        expect(Math.abs(ms - (first?.startedAtMs ?? 0) - n * FRAME_MS)).toBeLessThan(2),
      );
    }
    expect(await bench.lines('gap')).toEqual([]);
  });

  it('leaves the same footage as one that recorded all the time', async () => {
    bench.fillOf = (frame) => 1 + (frame % 200);
    const late = recorder({ camera: 'late' });
    const always = recorder({ camera: 'always', demand: wantedSince(0) });
    const both = {
      batch: (...args: Parameters<Recorder['batch']>) =>
        [late, always].map((one) => one.batch(...args)),
    };
    await bench.play(both as unknown as Recorder, 21.5);
    late.want(wantedSince(5_000));
    await bench.play(both as unknown as Recorder, 12);
    await Promise.all([late.stop(), always.stop()]);
    const [mine, theirs] = [await unitsOnDisk('late'), await unitsOnDisk('always')];
    const startMs = mine[0]?.wallMs ?? 0;
    for (const track of [0, 1]) {
      const expected = theirs.filter((unit) => unit.track === track && unit.wallMs > startMs - 1);
      const found = mine.filter((unit) => unit.track === track);
      expect(found.map(({ data }) => data)).toEqual(expected.map(({ data }) => data));
      found.forEach(({ wallMs }, n) =>
        expect(Math.abs(wallMs - (expected[n]?.wallMs ?? 0))).toBeLessThan(2),
      );
    }
    // Cut at the same boundaries.
    const starts = async (camera: string): Promise<number[]> =>
      (await bench.lines('segment-closed'))
        .filter((line) => line.camera === camera && line.startMs > startMs + 10)
        .map((line) => Math.round(line.startMs));
    expect(await starts('late')).toEqual(await starts('always'));
  });

  it('keeps whole GOPs for the wanted length, no more bytes than allowed, the newest', async () => {
    bench.frameBytes = 10_000;
    const one = recorder();
    let most = 0;
    for (let n = 0; n < 40; n += 1) {
      await bench.play(one, 0.4, false);
      most = Math.max(most, one.preRollBytes);
    }
    // Up to two GOPs over the wanted length, of both tracks.
    expect(most).toBeGreaterThan(5 * 25 * 10_000);
    expect(most).toBeLessThan(7 * 25 * 10_500);
    one.want(armed({ ...HELD, maxBytes: 700_000 }));
    for (let n = 0; n < 40; n += 1) {
      await bench.play(one, 0.4, false);
      expect(one.preRollBytes).toBeLessThanOrEqual(700_000);
    }
    one.want(wantedSince(5_000));
    await bench.play(one, 2);
    await one.stop();
    const [run] = await bench.lines('run-started');
    const heldMs = START_MS + 32_000 - (run?.startedAtMs ?? 0);
    expect(heldMs).toBeGreaterThan(1_000);
    expect(heldMs).toBeLessThan(3_000);
  });

  it('gives all memory back when it is no longer armed, and after the footage is written', async () => {
    const pool = new CountingPool();
    const one = recorder({ pool });
    bench.frameBytes = 20_000;
    await bench.play(one, 8);
    expect(pool.outBytes).toBeGreaterThan(5 * 25 * 20_000);
    one.want({ wanted: false, because: 'schedule', preRoll: undefined });
    // One block per track is being filled.
    expect(pool.outBytes).toBeLessThan(300 * 1024);
    one.want(armed());
    await bench.play(one, 8);
    one.want(wantedSince(5_000));
    await bench.play(one, 3);
    await one.idle();
    one.want(armed());
    await one.idle();
    expect(one.preRollBytes).toBe(0);
    expect(pool.outBytes).toBeLessThan(300 * 1024);
    await one.stop();
  });

  it('takes more at once than may wait for the disk otherwise', async () => {
    bench.frameBytes = 20_000;
    const one = recorder();
    await bench.play(one, 7);
    expect(one.preRollBytes).toBeGreaterThan(2 * bench.settings.queueBytes);
    one.want(wantedSince(5_000));
    for (let n = 0; n < 6; n += 1) {
      await one.idle();
      await bench.play(one, 0.5);
    }
    await one.stop();
    expect(bench.figures.drops).toEqual([]);
    expect(await bench.lines('run-started')).toHaveLength(1);
    expect(bench.figures.seconds).toBeGreaterThan(7.9);
  });

  it.each<[string, (one: Recorder) => void]>([
    ['the camera leaves', (one) => one.interrupted('stalled')],
    ['other tracks come', (one) => one.tracks(bench.tracks)],
    ['our clock is set', () => bench.clock.stepWall(3_600_000)],
    ['nobody may have it', (one) => one.want({ wanted: false, because: 'privacy', preRoll: HELD })],
  ])('forgets what it holds when %s', async (_, happens) => {
    const one = recorder();
    await bench.play(one, 6);
    const before = one.preRollBytes;
    happens(one);
    await bench.play(one, 2);
    expect(one.preRollBytes).toBeLessThan(before / 2);
    one.want(wantedSince(5_000));
    await bench.play(one, 2);
    await one.stop();
    const [run] = await bench.lines('run-started');
    expect(run?.startedAtMs).toBeGreaterThanOrEqual(bench.clock.wallMs() - 4_100);
  });

  it('tells of packets that were lost in what it holds', async () => {
    const one = recorder();
    bench.loseFrame = (frame) => frame === 60;
    await bench.play(one, 5.2);
    one.want(wantedSince(4_500));
    await bench.play(one, 2);
    await one.stop();
    const [gap, ...more] = await bench.lines('gap');
    expect(more).toEqual([]);
    expect(gap?.reason).toBe('packet-loss');
    expect(Math.abs((gap?.startMs ?? 0) - (START_MS + 40 + 60 * 40))).toBeLessThan(60);
    expect(Math.abs((gap?.endMs ?? 0) - (START_MS + 40 + 75 * 40))).toBeLessThan(10);
  });

  it('knows the time after twenty minutes with a camera whose clock is slow', async () => {
    const one = recorder();
    for (let second = 0; second < 1_200; second += 1) {
      bench.videoShiftTicks -= 18;
      await bench.play(one, 1, false);
    }
    one.want(wantedSince(0));
    await bench.play(one, 2);
    await one.stop();
    const [run] = await bench.lines('run-started');
    // Frame 29975 begins the last GOP.
    expect(Math.abs((run?.startedAtMs ?? 0) - (START_MS + 29_976 * 40))).toBeLessThan(100);
  });
});

describe('a recorder that is asked for and not asked for', () => {
  it('ends with the last unit, and begins at the next keyframe', async () => {
    const one = bench.recorder();
    one.tracks(bench.tracks);
    await bench.play(one, 3.28);
    const endMs = bench.clock.wallMs();
    one.want({ wanted: false, because: 'off', preRoll: undefined });
    await bench.play(one, 5);
    one.want(wantedSince(0));
    const againMs = bench.clock.wallMs();
    await bench.play(one, 3);
    await one.stop();
    const [ended] = await bench.lines('run-ended');
    expect(ended?.reason).toBe('unwanted');
    expect(Math.abs((ended?.endedAtMs ?? 0) - endMs - FRAME_MS)).toBeLessThan(2);
    const started = (await bench.lines('run-started'))[1];
    expect((started?.startedAtMs ?? 0) - againMs).toBeLessThan(GOP_MS + FRAME_MS);
    expect(started?.startedAtMs).toBeGreaterThan(againMs);
    expect(await bench.lines('unwanted')).toMatchObject([
      { reason: 'off', startMs: ended?.endedAtMs, endMs: againMs },
    ]);
  });

  it('says that nobody asked up to the first picture that memory held', async () => {
    const one = bench.recorder();
    one.tracks(bench.tracks);
    await bench.play(one, 3);
    one.want(armed());
    await bench.play(one, 20);
    one.want(wantedSince(5_000));
    await bench.play(one, 3);
    await one.stop();
    const [ended] = await bench.lines('run-ended');
    const [, again] = await bench.lines('run-started');
    expect(await bench.lines('unwanted')).toMatchObject([
      { reason: 'no-event', startMs: ended?.endedAtMs, endMs: again?.startedAtMs },
    ]);
    expect(await bench.lines('gap')).toEqual([]);
  });
});
