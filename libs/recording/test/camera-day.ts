import { mkdtempSync, rmSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ManualClock } from '@nightjar/common';
import type { JournalRecord } from '@nightjar/catalog';
import { StreamHub } from '@nightjar/relay';
import type { SourceSink, SourceStats } from '@nightjar/relay';
import { createRecorder } from '../src/recorder/recorder.js';
import { SegmentDirectory } from '../src/segments/segment-directory.js';
import type { SegmentEntry } from '../src/segments/segment-directory.js';
import { SegmentReader } from '../src/segments/segment-reader.js';
import { ASIDE_DIRECTORY } from '../src/segments/set-aside.js';
import { Volume } from '../src/volumes/volume.js';
import { WallClock } from '../src/time/wall-clock.js';
import { Figures, quietLog } from './bench.js';
import { idOf, NETWORK_MS } from './simulated-camera.js';
import type { SimulatedCamera } from './simulated-camera.js';

/** What befalls our own system clock, at a true time. */
export interface SystemClockEvent {
  readonly atMs: number;
  /** Set by so much at once, */
  readonly byMs: number;
  /** or by so much in each second of an hour. */
  readonly slewPpm?: number;
}

/** A unit read back from the files. */
export interface RecordedUnit {
  readonly track: number;
  readonly id: number;
  /** Wall time that the files tell less the wall time of its least delayed arrival. */
  readonly errorMs: number;
}

export interface RecordedDay {
  readonly segments: readonly SegmentEntry[];
  readonly journal: readonly JournalRecord[];
  readonly units: readonly RecordedUnit[];
  /** Segments that were taken off the timeline. */
  readonly aside: readonly string[];
}

const SLEW_FOR_MS = 3_600_000;
/** The disk may work after so much of the day. */
const STEP_MS = 10_000;
export const DAY_START_MS = Date.UTC(2026, 2, 29);

/** Wall time as our clock had it at each moment of the day. */
class WallLog {
  private readonly offsets: { readonly atMs: number; readonly offsetMs: number }[] = [];

  note(atMs: number, offsetMs: number): void {
    const last = this.offsets.at(-1);
    if (last === undefined || Math.abs(last.offsetMs - offsetMs) > 0.5)
      this.offsets.push({ atMs, offsetMs });
  }

  at(trueMs: number): number {
    let low = 0;
    let high = this.offsets.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.offsets[middle]?.atMs ?? 0) <= trueMs) low = middle;
      else high = middle - 1;
    }
    return trueMs + (this.offsets[low]?.offsetMs ?? 0);
  }
}

/** Plays a camera through a hub into a recorder with real files, and reads back what they hold. */
export async function recordDay(
  camera: SimulatedCamera,
  lengthMs: number,
  systemClock: readonly SystemClockEvent[],
  segmentMs = 60_000,
): Promise<RecordedDay> {
  const root = mkdtempSync(join(tmpdir(), 'nightjar-day-'));
  try {
    const volume = await Volume.open('main', root, { adopt: 'empty' });
    const clock = new ManualClock(DAY_START_MS);
    const wallClock = new WallClock(clock);
    const wall = new WallLog();
    const journal: JournalRecord[] = [];
    const append = (record: JournalRecord): Promise<void> => {
      journal.push(record);
      return Promise.resolve();
    };
    let sink: SourceSink | undefined;
    const hub = new StreamHub({
      clock,
      cname: 'day',
      closeAfterMs: 1_000,
      createSource: (made) => {
        sink = made;
        return { start: () => {}, stop: () => Promise.resolve(), stats: {} as SourceStats };
      },
    });
    const recorder = createRecorder({
      camera: 'front',
      stream: 'main',
      chooseVolume: () => ({ volume, journal: { append } }),
      clock: wallClock,
      settings: { segmentMs, fragmentMs: 2_000, sync: 'none', queueBytes: 2 ** 26 },
      log: quietLog,
      metricsSink: new Figures(),
    });
    hub.attach(recorder, { fromKeyframe: true });
    if (sink === undefined) throw new Error('the hub made no source');
    sink.online(camera.tracks);
    const turn = systemHands(clock, systemClock);
    for (let atMs = STEP_MS; atMs <= lengthMs; atMs += STEP_MS) {
      camera.play(atMs, sink, (trueMs) => {
        turn(trueMs);
        wall.note(trueMs, wallClock.now() - clock.monotonicMs());
      });
      await recorder.idle();
    }
    await recorder.stop();
    await hub.shutdown();
    const segments = await new SegmentDirectory(volume).list('front', 'main', 0, 2 ** 50);
    const aside = await readdir(volume.resolve(ASIDE_DIRECTORY), { recursive: true }).catch(
      () => [],
    );
    return {
      segments,
      journal,
      units: await unitsOf(volume, segments, camera, wall),
      aside: aside.filter((path) => path.endsWith('.mp4')),
    };
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** Moves our monotonic clock to a true time, and the system's wall clock as the events say. */
function systemHands(
  clock: ManualClock,
  events: readonly SystemClockEvent[],
): (trueMs: number) => void {
  const pending = [...events];
  let slew: SystemClockEvent | undefined;
  return (trueMs) => {
    const ms = trueMs - clock.monotonicMs();
    if (ms > 0) clock.advance(ms);
    if (pending[0] !== undefined && trueMs >= pending[0].atMs) {
      const event = pending.shift();
      if (event?.byMs) clock.stepWall(event.byMs);
      if (event?.slewPpm !== undefined) slew = event;
    }
    if (slew !== undefined && trueMs < slew.atMs + SLEW_FOR_MS)
      clock.stepWall(Math.max(0, ms) * (slew.slewPpm ?? 0) * 1e-6);
  };
}

async function unitsOf(
  volume: Volume,
  segments: readonly SegmentEntry[],
  camera: SimulatedCamera,
  wall: WallLog,
): Promise<RecordedUnit[]> {
  const units: RecordedUnit[] = [];
  const delayMs = camera.model.videoDelayMs + NETWORK_MS;
  for (const { path } of segments) {
    const reader = await SegmentReader.open(volume.resolve(path));
    for await (const { track, data, wallMs } of reader.unitsFrom(reader.startMs)) {
      const id = idOf(track, data);
      units.push({ track, id, errorMs: wallMs - wall.at(camera.takenMs(track, id) + delayMs) });
    }
    await reader.close();
  }
  return units;
}
