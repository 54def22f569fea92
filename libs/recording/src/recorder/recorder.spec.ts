import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Bench, START_MS } from '../../test/bench.js';
import { Account } from '../account/account.js';
import { accountFigures } from '../recording-metrics.js';
import { SegmentReader } from '../segments/segment-reader.js';

let bench: Bench;
beforeEach(async () => {
  bench = await Bench.open();
});
afterEach(() => bench.close());

const near = (value: number | undefined, expected: number, ms = 50): void => {
  expect(Math.abs((value ?? NaN) - expected)).toBeLessThan(ms);
};

/** The short second fragment of `front/main`: its fragments end so long after a whole second of footage. */
const PHASE_MS = 520;

describe('Recorder', () => {
  it('cuts at the first keyframe at or after each boundary, without a seam', async () => {
    const recorder = bench.recorder();
    recorder.tracks(bench.tracks);
    await bench.play(recorder, 25);
    await recorder.stop();
    const list = await bench.segments();
    expect(list.map(({ sequence }) => sequence)).toEqual([0, 1, 2, 3]);
    near(list[0]?.startMs, START_MS + 40);
    for (const [index, boundary] of [2_000, 12_000, 22_000].entries()) {
      const start = list[index + 1]?.startMs ?? 0;
      expect(start - START_MS).toBeGreaterThanOrEqual(boundary);
      expect(start - START_MS).toBeLessThan(boundary + 1_000);
    }
    const closed = await bench.lines('segment-closed');
    expect(closed.map(({ startMs }) => startMs)).toEqual(list.map(({ startMs }) => startMs));
    for (let n = 1; n < closed.length; n += 1)
      expect(closed[n - 1]?.endMs).toBe(closed[n]?.startMs);
    near(closed.at(-1)?.endMs, START_MS + 25_000, 100);
    expect(bench.figures.seconds).toBeCloseTo(25, 1);
    expect(bench.figures.gaps).toEqual([]);
  });

  it('chains the segments of a run by their hashes', async () => {
    const recorder = bench.recorder();
    recorder.tracks(bench.tracks);
    await bench.play(recorder, 15);
    await recorder.stop();
    let previous: string | null = null;
    for (const { path } of await bench.segments()) {
      const reader = await SegmentReader.open(bench.volume.resolve(path));
      expect(reader.header.previousHash).toBe(previous);
      previous = reader.index?.hash ?? null;
      await reader.close();
    }
  });

  it('keeps every unit once, sound on both sides of a cut, each at its wall time', async () => {
    const recorder = bench.recorder();
    recorder.tracks(bench.tracks);
    await bench.play(recorder, 15);
    await recorder.stop();
    const wall: number[][] = [[], []];
    for (const { path } of await bench.segments()) {
      const reader = await SegmentReader.open(bench.volume.resolve(path));
      for await (const unit of reader.unitsFrom(reader.startMs))
        wall[unit.track]?.push(unit.wallMs);
      await reader.close();
    }
    expect(wall[0]).toHaveLength(15 * 25);
    expect(wall[1]).toHaveLength(15 * 25);
    for (const times of wall) times.forEach((ms, index) => near(ms, START_MS + 40 + index * 40, 2));
  });

  it('loses at most the fragment that is being filled', async () => {
    const recorder = bench.recorder();
    recorder.tracks(bench.tracks);
    await bench.play(recorder, 8.5);
    await recorder.idle();
    const open = recorder.openSegment;
    near(open?.endMs, START_MS + 8_000 + PHASE_MS, 100);
    const reader = await SegmentReader.open(bench.volume.resolve(open?.path ?? ''));
    expect(reader.closed).toBe(false);
    near(reader.endMs, START_MS + 8_000 + PHASE_MS, 100);
    await bench.play(recorder, 2);
    await recorder.idle();
    expect(await reader.refresh()).toBe(true);
    near(reader.endMs, START_MS + 10_000 + PHASE_MS, 100);
    await reader.close();
    await recorder.stop();
  });

  it('goes on in the same segment when the camera sets its clock', async () => {
    const recorder = bench.recorder();
    recorder.tracks(bench.tracks);
    await bench.play(recorder, 4);
    bench.videoShiftTicks = -3600 * 90_000;
    await bench.play(recorder, 4);
    bench.videoShiftTicks = 3600 * 90_000;
    await bench.play(recorder, 4);
    await recorder.stop();
    const list = await bench.segments();
    expect(new Set(list.map(({ run }) => run)).size).toBe(1);
    near(list.at(-1)?.endMs, START_MS + 12_000, 100);
    expect(bench.figures.gaps).toEqual([]);
  });

  it('accounts for lost packets from the last good frame to the next keyframe', async () => {
    const recorder = bench.recorder();
    recorder.tracks(bench.tracks);
    bench.loseFrame = (frame) => frame === 60;
    await bench.play(recorder, 6);
    await recorder.stop();
    const [gap, ...more] = await bench.lines('gap');
    expect(more).toEqual([]);
    expect(gap).toMatchObject({ reason: 'packet-loss', camera: 'front', stream: 'main' });
    // Frame 59 may have lost its end, frame 60 is gone, 75 is the next keyframe.
    near(gap?.startMs, START_MS + 40 + 60 * 40, 60);
    near(gap?.endMs, START_MS + 40 + 75 * 40, 10);
    expect(await bench.segments()).toHaveLength(2);
  });

  it('goes on at the first keyframe after a loss, when that is whole', async () => {
    const recorder = bench.recorder();
    recorder.tracks(bench.tracks);
    bench.loseFrame = (frame) => frame >= 70 && frame < 75;
    await bench.play(recorder, 6);
    await recorder.stop();
    const [gap, ...more] = await bench.lines('gap');
    expect(more).toEqual([]);
    // Frame 70 is the first that is lost (69 may have lost its end), 75 is a keyframe.
    near(gap?.startMs, START_MS + 40 + 70 * 40, 60);
    near(gap?.endMs, START_MS + 40 + 75 * 40, 10);
  });

  it('accounts for a camera that was silent for seconds', async () => {
    const recorder = bench.recorder();
    recorder.tracks(bench.tracks);
    await bench.play(recorder, 3);
    bench.silent = true;
    await bench.play(recorder, 3);
    bench.silent = false;
    await bench.play(recorder, 3);
    await recorder.stop();
    const gaps = await bench.lines('gap');
    expect(gaps).toMatchObject([{ reason: 'stalled' }]);
    near(gaps[0]?.startMs, START_MS + 40 + 3_000, 100);
    near(gaps[0]?.endMs, START_MS + 40 + 6_000, 100);
  });

  it('says that a camera sends nothing that can be recorded, and what else there is', async () => {
    const account = new Account({
      camera: 'front',
      stream: 'main',
      now: () => bench.clock.wallMs(),
      write: (record) => void bench.journal.append(record),
      figures: accountFigures('front', 'main'),
    });
    account.begin(START_MS, { kind: 'gap', reason: 'camera-offline' }, undefined);
    const recorder = bench.recorder({ account });
    const [video] = bench.tracks;
    recorder.tracks([{ ...video!, format: { ...video!.format, codec: 'other' } }]);
    await bench.play(recorder, 1);
    recorder.interrupted('closed');
    bench.clock.advance(2_000);
    await bench.play(recorder, 1);
    await recorder.stop();
    account.close();
    await bench.journal.close();
    const gaps = (await bench.lines('gap')).filter(({ running }) => running !== true);
    expect(gaps).toMatchObject([
      { reason: 'unsupported', endMs: START_MS + 1_000 },
      { reason: 'closed', endMs: START_MS + 3_040 },
      { reason: 'unsupported', endMs: START_MS + 4_000 },
    ]);
  });

  it('ends the run when the camera leaves, and accounts for the time until it is back', async () => {
    const recorder = bench.recorder();
    recorder.tracks(bench.tracks);
    await bench.play(recorder, 3);
    recorder.interrupted('stalled');
    bench.clock.advance(20_000);
    await bench.play(recorder, 3);
    await recorder.stop();
    const runs = await bench.lines('run-started');
    expect(runs).toHaveLength(2);
    expect((await bench.lines('run-ended')).map(({ reason }) => reason)).toEqual([
      'stalled',
      'stopped',
    ]);
    const [gap] = await bench.lines('gap');
    expect(gap).toMatchObject({ reason: 'stalled', endMs: runs[1]?.startedAtMs });
    near((gap?.endMs ?? 0) - (gap?.startMs ?? 0), 20_040);
  });

  it('tells of the gap since the recording before', async () => {
    const recorder = bench.recorder({ openGap: { startMs: START_MS - 5_000, reason: 'restart' } });
    recorder.tracks(bench.tracks);
    await bench.play(recorder, 2);
    await recorder.stop();
    expect(await bench.lines('gap')).toMatchObject([
      { startMs: START_MS - 5_000, reason: 'restart' },
    ]);
  });

  it('begins at the first keyframe behind the end of the footage before it', async () => {
    const recorder = bench.recorder({ openGap: { startMs: START_MS + 700, reason: 'restart' } });
    recorder.tracks(bench.tracks);
    await bench.play(recorder, 3);
    await recorder.stop();
    expect((await bench.segments())[0]?.startMs).toBe(START_MS + 1_040);
  });

  it('never begins before the end of the footage before it, but may be moved there by a frame or two', async () => {
    const recorder = bench.recorder({ openGap: { startMs: START_MS + 90, reason: 'restart' } });
    recorder.tracks(bench.tracks);
    await bench.play(recorder, 3);
    await recorder.stop();
    expect((await bench.segments())[0]?.startMs).toBe(START_MS + 90);
  });

  it('begins another run when our clock is set', async () => {
    const recorder = bench.recorder();
    recorder.tracks(bench.tracks);
    await bench.play(recorder, 3);
    bench.clock.stepWall(3_600_000);
    await bench.play(recorder, 3);
    await recorder.stop();
    const list = await bench.segments();
    expect(new Set(list.map(({ run }) => run)).size).toBe(2);
    near(list.at(-1)?.endMs, START_MS + 3_600_000 + 6_000, 100);
    expect(await bench.lines('gap')).toMatchObject([{ reason: 'clock-step' }]);
  });

  it('drops footage when the disk is too slow, and says so, and goes on at a keyframe', async () => {
    bench.frameBytes = 30_000;
    const recorder = bench.recorder();
    recorder.tracks(bench.tracks);
    await bench.play(recorder, 2);
    await recorder.idle();
    await bench.play(recorder, 6, false);
    expect(recorder.queuedBytes).toBeLessThanOrEqual(bench.settings.queueBytes);
    await recorder.idle();
    await bench.play(recorder, 4);
    await recorder.stop();
    expect(bench.figures.drops).toContain('disk-slow');
    const gaps = await bench.lines('gap');
    expect(gaps.every(({ reason }) => reason === 'disk-slow')).toBe(true);
    const runs = await bench.lines('run-started');
    const ends = await bench.lines('run-ended');
    expect(runs.length).toBeGreaterThan(1);
    expect(gaps).toHaveLength(runs.length - 1);
    gaps.forEach((gap, n) => {
      expect(gap.startMs).toBe(ends[n]?.endedAtMs);
      expect(gap.endMs).toBe(runs[n + 1]?.startedAtMs);
    });
  });

  it('stops for a full disk, keeps what was written, and goes on when there is room', async () => {
    const recorder = bench.recorder();
    recorder.tracks(bench.tracks);
    await bench.play(recorder, 3.5);
    await recorder.idle();
    bench.figures.diskError = Object.assign(new Error('no space left on device'), {
      code: 'ENOSPC',
    });
    await bench.play(recorder, 4);
    await recorder.idle();
    expect(recorder.state).toBe('failing');
    bench.figures.diskError = undefined;
    await bench.play(recorder, 8);
    await recorder.stop();
    expect(recorder.state).toBe('waiting');
    const ends = (await bench.lines('run-ended')).map(({ reason }) => reason);
    expect(ends.pop()).toBe('stopped');
    expect(new Set(ends)).toEqual(new Set(['disk-full']));
    const [gap, ...more] = await bench.lines('gap');
    expect(more).toEqual([]);
    expect(gap?.reason).toBe('disk-full');
    near(gap?.startMs, START_MS + 3_000 + PHASE_MS, 100);
    expect(bench.journal.openSegments).toEqual([]);
    for (const { path } of await bench.segments()) {
      const reader = await SegmentReader.open(bench.volume.resolve(path));
      expect(reader.closed).toBe(true);
      await reader.close();
    }
  });

  it('refuses to write when its volume is gone, and goes on when it is back', async () => {
    const recorder = bench.recorder();
    recorder.tracks(bench.tracks);
    await bench.play(recorder, 1.5);
    await recorder.idle();
    const identity = join(bench.volume.root, '.nightjar', 'volume.json');
    await rename(identity, `${identity}.away`);
    await bench.play(recorder, 4);
    await recorder.idle();
    expect(recorder.state).toBe('failing');
    await rename(`${identity}.away`, identity);
    await bench.play(recorder, 12);
    await recorder.stop();
    expect((await bench.lines('gap')).map(({ reason }) => reason)).toEqual(['volume-missing']);
  });

  it('records a camera again that comes back with other tracks', async () => {
    const recorder = bench.recorder();
    recorder.tracks(bench.tracks);
    await bench.play(recorder, 2);
    recorder.tracks(bench.tracks.slice(0, 1));
    await bench.play(recorder, 2);
    await recorder.stop();
    expect((await bench.lines('segment-closed')).map(({ codecs }) => codecs.length)).toEqual([
      2, 1,
    ]);
  });

  it('leaves a stream alone that it cannot record', async () => {
    const recorder = bench.recorder();
    const format = { ...(bench.tracks[0]?.format ?? fail()), codec: 'other' as const };
    recorder.tracks([{ format, control: '', direction: 'recvonly' }]);
    await bench.play(recorder, 2);
    await recorder.stop();
    expect(await bench.segments()).toEqual([]);
  });
});

function fail(): never {
  throw new Error('the bench has no tracks');
}
