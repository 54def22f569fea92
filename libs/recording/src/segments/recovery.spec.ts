import { readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  readSegmentIndex,
  readSegmentFront,
  memorySource,
  surveySegment,
} from '@nightjar/containers';
import { Bench, quietLog, START_MS } from '../../test/bench.js';
import type { RecordOf } from '../journal/journal-records.js';
import { finishSegment, recoverVolume } from './recovery.js';
import { scanVolume } from './scan.js';
import { SegmentReader } from './segment-reader.js';

let bench: Bench;
beforeEach(async () => {
  bench = await Bench.open();
});
afterEach(() => bench.close());

/** Records `seconds` and drops the recorder as kill -9 would; returns the segment that was open. */
async function crash(seconds: number): Promise<RecordOf<'segment-opened'>> {
  const recorder = bench.recorder();
  recorder.tracks(bench.tracks);
  await bench.play(recorder, seconds);
  await bench.crash(recorder);
  const opened = bench.journal.openSegments[0];
  if (opened === undefined) throw new Error('nothing was open');
  return opened;
}

describe('recovery', () => {
  it('finishes the segment that a crash left open, ends the run, and does it once', async () => {
    const opened = await crash(6.5);
    const report = await recoverVolume(bench.volume, bench.journal, quietLog);
    expect(report).toMatchObject({ recovered: [opened.path], removed: [], failed: [] });
    expect(report.interrupted).toMatchObject([
      { camera: 'front', stream: 'main', run: opened.run },
    ]);
    const closed = (await bench.lines('segment-closed')).at(-1);
    expect(closed).toMatchObject({ path: opened.path, recovered: true });
    // Fragments of this stream end 520 ms after a whole second: its second one is short.
    expect(Math.abs((closed?.endMs ?? 0) - START_MS - 6_520)).toBeLessThan(100);
    expect(await bench.lines('run-ended')).toMatchObject([
      { reason: 'crash', endedAtMs: closed?.endMs },
    ]);
    expect((await stat(bench.volume.resolve(opened.path))).size).toBe(closed?.bytes);
    expect(await recoverVolume(bench.volume, bench.journal, quietLog)).toMatchObject({
      recovered: [],
      interrupted: [],
    });
  });

  it('keeps all whole fragments whatever byte of the last one was the last on the disk', async () => {
    const opened = await crash(5.5);
    const path = bench.volume.resolve(opened.path);
    const whole = await readFile(path);
    const front = await readSegmentFront(memorySource(whole));
    if (front === undefined) throw new Error('no front');
    const { end, summary } = await surveySegment(memorySource(whole), front);
    expect(end).toBe(whole.length);
    const last = Math.max(...summary.keyframes.map(({ offset }) => offset));
    let tries = 0;
    for (let length = last; length <= whole.length; length += 1) {
      // Each needs its syncs; that no byte at all makes a difference is shown in memory (segment-file.spec.ts).
      const inside = length > last && length < whole.length - 4;
      if (inside && length % (length < last + 1_500 ? 13 : 211) !== 0) continue;
      tries += 1;
      await writeFile(path, whole.subarray(0, length));
      expect(await finishSegment(bench.volume, bench.journal, opened)).toBe(true);
      const index = await readSegmentIndex(memorySource(await readFile(path)));
      const expected = length === whole.length ? summary.fragments : summary.fragments - 1;
      expect(index?.offset).toBe(length === whole.length ? whole.length : last);
      expect(index?.index.fragments).toBe(expected);
    }
    expect(tries).toBeGreaterThan(100);
  }, 30_000);

  it('removes a file without a whole fragment', async () => {
    const opened = await crash(3.5);
    await truncate(bench.volume.resolve(opened.path), 1_000);
    const report = await recoverVolume(bench.volume, bench.journal, quietLog);
    expect(report).toMatchObject({ recovered: [], removed: [opened.path] });
    await expect(stat(bench.volume.resolve(opened.path))).rejects.toMatchObject({ code: 'ENOENT' });
    expect(bench.journal.openSegments).toEqual([]);
  });

  it('only tells the journal when the index had been written before the crash', async () => {
    const opened = await crash(5.5);
    await finishSegment(bench.volume, bench.journal, opened);
    const before = await readFile(bench.volume.resolve(opened.path));
    await finishSegment(bench.volume, bench.journal, opened);
    expect((await readFile(bench.volume.resolve(opened.path))).equals(before)).toBe(true);
    expect((await bench.lines('segment-closed')).at(-1)).toMatchObject({
      path: opened.path,
      recovered: false,
    });
  });
});

describe('scan', () => {
  it('tells of every segment what the journal told', async () => {
    const recorder = bench.recorder();
    recorder.tracks(bench.tracks);
    await bench.play(recorder, 15);
    await recorder.stop();
    await writeFile(bench.volume.resolve('front/notes.txt'), 'hello');
    const found = [];
    for await (const file of scanVolume(bench.volume))
      found.push('read' in file ? await file.read() : file);
    const closed = await bench.lines('segment-closed');
    expect(found).toHaveLength(closed.length + 1);
    for (const {
      path,
      run,
      sequence,
      startMs,
      endMs,
      bytes,
      keyframes,
      hash,
      previousHash,
      codecs,
      volumeId,
    } of closed) {
      expect(found).toContainEqual({
        camera: 'front',
        stream: 'main',
        path,
        run,
        sequence,
        startMs,
        endMs,
        bytes,
        keyframes,
        hash,
        previousHash,
        codecs,
        volumeId,
      });
    }
    expect(found).toContainEqual({ path: 'front/notes.txt', problem: 'not the path of a segment' });
  });

  it('reports a file that is damaged', async () => {
    const opened = await crash(5.5);
    await writeFile(
      bench.volume.resolve(opened.path),
      'not a movie, but long enough to hold a header',
    );
    const found = [];
    for await (const file of scanVolume(bench.volume))
      found.push('read' in file ? await file.read() : file);
    expect(found.find((file) => file?.path === opened.path)).toHaveProperty('problem');
  });
});

describe('SegmentReader', () => {
  it('starts at the keyframe at or before any time', async () => {
    const recorder = bench.recorder();
    recorder.tracks(bench.tracks);
    await bench.play(recorder, 11);
    await recorder.stop();
    const entry = (await bench.segments())[1];
    const reader = await SegmentReader.open(bench.volume.resolve(entry?.path ?? ''));
    for (let ms = reader.startMs; ms < reader.endMs; ms += 130) {
      const iterator = reader.unitsFrom(ms);
      const first = (await iterator.next()).value;
      await iterator.return(undefined);
      expect(first).toMatchObject({ track: 0, keyframe: true });
      expect(first?.wallMs).toBeLessThanOrEqual(ms + 0.5);
      expect(first?.wallMs).toBeGreaterThan(ms - 1_000);
    }
    await reader.close();
  });
});
