import { mkdtempSync, rmSync } from 'node:fs';
import { readFile, rename } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '@nightjar/common';
import { Bench, quietLog } from '../../test/bench.js';
import { readJournal } from '../journal/journal-reader.js';
import type { JournalLine } from '../journal/journal-records.js';
import type { JournalSink } from '../journal/journal.js';
import { OwnVolumes } from './recording-volumes.js';
import { VolumeKeeper, type Writer } from './volume-keeper.js';
import { VolumeMonitor } from './volume-monitor.js';

let bench: Bench;
let state: string;
beforeEach(async () => {
  bench = await Bench.open();
  state = mkdtempSync(join(tmpdir(), 'nightjar-keeper-'));
});
afterEach(async () => {
  await bench.close();
  rmSync(state, { recursive: true, force: true });
});

function keep(): VolumeKeeper {
  return new VolumeKeeper({
    volumes: {
      main: {
        path: bench.volume.root,
        minFreeBytes: 0,
        maxBytes: undefined,
        state: 'active',
        adopt: 'never',
      },
    },
    knownVolumesFile: join(state, 'known-volumes.json'),
    clock: new ManualClock(),
    log: quietLog,
  });
}

const journalOf = (keeper: VolumeKeeper, writer: Writer): JournalSink => ({
  append: (record) => keeper.append('main', record, writer),
});

async function lines(): Promise<readonly JournalLine[]> {
  return (await readJournal(bench.volume.journalDirectory, undefined, 2 ** 24)).lines;
}

/** Records `seconds` of a camera for a writer, and leaves it as kill -9 would. */
async function recordAndVanish(
  keeper: VolumeKeeper,
  writer: Writer,
  camera: string,
  seconds: number,
) {
  const journal = journalOf(keeper, writer);
  const recorder = bench.recorder({
    camera,
    chooseVolume: () => ({ volume: bench.volume, journal }),
  });
  recorder.tracks(bench.tracks);
  await bench.play(recorder, seconds);
  await recorder.idle();
  return recorder;
}

/** Accounts that a crash broke off. */
const crashed = async (keeper: VolumeKeeper): Promise<{ camera: string; endMs: number }[]> =>
  (await keeper.accounts('main'))
    .filter(({ inOrder }) => !inOrder)
    .map(({ camera, endMs }) => ({ camera, endMs }));

describe('VolumeKeeper', () => {
  it('finishes what one writer left, gives the reason once, and leaves the others alone', async () => {
    const keeper = keep();
    await keeper.open('main');
    const [dead, alive] = [Symbol('dead'), Symbol('alive')];
    const first = await recordAndVanish(keeper, dead, 'front', 4.5);
    const second = await recordAndVanish(keeper, alive, 'back', 4.5);
    const growing = second.openSegment!.path;
    const before = await readFile(bench.volume.resolve(growing));

    await keeper.recoverFrom(dead);
    const ended = (await lines()).filter(({ type }) => type === 'run-ended');
    expect(ended).toMatchObject([{ camera: 'front', reason: 'crash' }]);
    expect(await readFile(bench.volume.resolve(growing))).toEqual(before);
    const interruptedMs = (ended[0] as { endedAtMs: number }).endedAtMs;
    expect(await crashed(keeper)).toEqual([{ camera: 'front', endMs: interruptedMs }]);

    // Another process takes the stream up: what was interrupted is history.
    const third = await recordAndVanish(keeper, alive, 'front', 2.5);
    await Promise.all([second.stop(), third.stop()]);
    expect((await keeper.accounts('main')).every(({ endMs }) => endMs > interruptedMs)).toBe(true);
    expect((await lines()).filter(({ type }) => type === 'run-ended')).toHaveLength(3);
    await first.stop().catch(() => undefined);
    await keeper.close();
  });

  it('recovers all that processes before it left, whoever they were', async () => {
    const before = keep();
    await before.open('main');
    const one = await recordAndVanish(before, Symbol('one'), 'front', 3.5);
    const two = await recordAndVanish(before, Symbol('two'), 'back', 3.5);
    await before.close();

    const after = keep();
    await after.open('main');
    expect((await crashed(after)).map(({ camera }) => camera).toSorted()).toEqual([
      'back',
      'front',
    ]);
    expect((await lines()).filter(({ type }) => type === 'run-ended')).toHaveLength(2);
    await after.close();
    await Promise.allSettled([one.stop(), two.stop()]);
  });

  it('opens a volume once however many ask, and remembers it', async () => {
    const keeper = keep();
    const volumes = await Promise.all([keeper.open('main'), keeper.open('main')]);
    expect(volumes[0]).toBe(volumes[1]);
    expect(await readFile(join(state, 'known-volumes.json'), 'utf8')).toContain(bench.volume.id);
    await keeper.close();
  });

  it('tries again what could not be opened', async () => {
    const keeper = keep();
    await (await openOnce(keep())).close();
    const identity = join(bench.volume.root, '.nightjar', 'volume.json');
    await rename(identity, `${identity}.away`);
    await expect(keeper.open('main')).rejects.toMatchObject({ code: 'recording/volume-vanished' });
    await rename(`${identity}.away`, identity);
    expect((await keeper.open('main')).id).toBe(bench.volume.id);
    await keeper.close();
  });

  it('refuses unknown volumes, and everything once it is closed', async () => {
    const keeper = keep();
    await expect(keeper.open('other')).rejects.toMatchObject({ kind: 'not-found' });
    await keeper.close();
    await expect(keeper.open('main')).rejects.toMatchObject({ kind: 'cancelled' });
  });

  it('is what a process of its own records with', async () => {
    const keeper = keep();
    const options = {
      volumes: {},
      keeper,
      metrics: false,
      clock: new ManualClock(),
      log: quietLog,
    };
    const volumes = new OwnVolumes(keeper, new VolumeMonitor(options));
    const opened = await volumes.open('main');
    await opened.journal.append({
      type: 'gap',
      camera: 'front',
      stream: 'main',
      startMs: 1,
      endMs: 2,
      reason: 'stalled',
    });
    expect(opened.volume.id).toBe(bench.volume.id);
    expect(await opened.accounts()).toMatchObject([{ camera: 'front', endMs: 2 }]);
    await volumes.close();
    expect(await lines()).toMatchObject([{ type: 'gap' }]);
  });
});

async function openOnce(keeper: VolumeKeeper): Promise<VolumeKeeper> {
  await keeper.open('main');
  return keeper;
}
