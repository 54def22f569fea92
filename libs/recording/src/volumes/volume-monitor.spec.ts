import { mkdtempSync, rmSync } from 'node:fs';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '@nightjar/common';
import type { VolumeConfig } from '@nightjar/config';
import { quietLog } from '../../test/bench.js';
import { readJournal } from '../journal/journal-reader.js';
import { KnownVolumes } from './known-volumes.js';
import { VolumeKeeper, type VolumeFacts } from './volume-keeper.js';
import { CHECK_MS, FIRST_PROBE_MS, STALL_MS, VolumeMonitor } from './volume-monitor.js';
import type { VolumeStatus } from './volume-status.js';
import { Volume } from './volume.js';

const FULL = { reason: 'disk-full', message: 'a write failed' } as const;

let folder: string;
let clock: ManualClock;
let monitor: VolumeMonitor;
let keeper: VolumeKeeper;
let changed: () => void;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'nightjar-monitor-'));
  clock = new ManualClock();
  changed = () => undefined;
});
afterEach(async () => {
  await monitor.stop();
  await keeper.close();
  rmSync(folder, { recursive: true, force: true });
});

const known = (): string => join(folder, 'known.json');
const pathOf = (name: string): string => join(folder, name);
const config = (name: string, more: Partial<VolumeConfig> = {}): VolumeConfig => ({
  path: pathOf(name),
  minFreeBytes: 0,
  maxBytes: undefined,
  state: 'active',
  adopt: 'empty',
  ...more,
});

/** The real keeper, unless a test takes a part of it in hand. */
async function watch(
  volumes: Record<string, VolumeConfig>,
  hand: (keeper: VolumeKeeper) => VolumeKeeper = (real) => real,
): Promise<void> {
  keeper = new VolumeKeeper({ volumes, knownVolumesFile: known(), clock, log: quietLog });
  monitor = new VolumeMonitor({
    volumes,
    keeper: hand(keeper),
    metrics: false,
    clock,
    log: quietLog,
  });
  monitor.onChange(() => changed());
  await monitor.start();
}

const status = (name = 'a'): VolumeStatus | undefined =>
  monitor.statuses.find((volume) => volume.name === name);
const reason = (name = 'a'): string | undefined => status(name)?.problem?.reason;

/** Lets the time pass until the monitor has found something new. */
async function afterMs(ms: number): Promise<void> {
  const news = new Promise<void>((resolve) => (changed = resolve));
  clock.advance(ms);
  await news;
}

/** Lets what waits be done until it is so, without time passing. */
async function turns(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

/** Lets the time pass in small steps, and the disk work in between, until it is so. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) {
    clock.advance(STALL_MS / 20);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

describe('VolumeMonitor', () => {
  it('tells the identity and space of what it found healthy', async () => {
    await watch({ a: config('a') });
    expect(status()).toMatchObject({ name: 'a', state: 'active', id: expect.any(String) });
    expect(status()?.freeBytes).toBeGreaterThan(0);
    expect(status()).not.toHaveProperty('problem');
  });

  it('refuses what may not be adopted, names the command, and takes it up once that was given', async () => {
    await mkdir(pathOf('a'));
    await watch({ a: config('a', { adopt: 'never' }) });
    expect(status()?.problem?.message).toContain('nightjar volume adopt a');
    expect(await readdir(pathOf('a'))).toEqual([]);
    const { id } = await Volume.open('a', pathOf('a'), { adopt: 'any' });
    await until(() => reason() === undefined);
    expect(status()).toMatchObject({ id });
  });

  it('does not use a volume that failed until a check has passed, waiting longer each time', async () => {
    let healthy = false;
    let probes = 0;
    await watch({ a: config('a') }, (real) => {
      healthy = true;
      real.probe = () => {
        probes += 1;
        return healthy
          ? Promise.resolve()
          : Promise.reject(Object.assign(new Error('bad sector'), { code: 'EIO' }));
      };
      return real;
    });
    healthy = false;
    monitor.failed('a', FULL);
    expect(reason()).toBe('disk-full');
    await afterMs(FIRST_PROBE_MS);
    expect(status()?.problem).toEqual({ reason: 'disk-error', message: 'bad sector' });
    const before = probes;
    clock.advance(2 * FIRST_PROBE_MS - 1);
    await new Promise((resolve) => setImmediate(resolve));
    expect(probes).toBe(before);
    healthy = true;
    await afterMs(1);
    expect(reason()).toBeUndefined();
  });

  it('takes a disk that does not answer for too slow, and asks it nothing more until it does', async () => {
    let answer: ((facts: VolumeFacts) => void) | undefined;
    let asked = 0;
    await watch({ a: config('a'), b: config('b') }, (real) => {
      const measure = real.measure.bind(real);
      real.measure = (name) => {
        if (name !== 'a' || asked++ === 0) return measure(name);
        return new Promise((resolve) => (answer = resolve));
      };
      return real;
    });
    await until(() => asked === 2);
    await until(() => reason('a') !== undefined);
    expect([reason('a'), reason('b')]).toEqual(['disk-slow', undefined]);
    let steps = 0;
    await until(() => (steps += 1) > 100);
    expect(asked).toBe(2);
    answer?.({ id: status()?.id ?? '', freeBytes: 1, sizeBytes: 2 });
    await new Promise((resolve) => setImmediate(resolve));
    await until(() => reason('a') === undefined);
  });

  it('does not believe a check that began before a write failed', async () => {
    let answer: (() => void) | undefined;
    await watch({ a: config('a') }, (real) => {
      let first = true;
      real.probe = () => {
        if (first) {
          first = false;
          return Promise.resolve();
        }
        return new Promise((resolve) => (answer = resolve));
      };
      return real;
    });
    clock.advance(CHECK_MS);
    await turns(() => answer !== undefined);
    monitor.failed('a', FULL);
    answer!();
    await new Promise((resolve) => setImmediate(resolve));
    expect(reason()).toBe('disk-full');
  });

  it('calls a volume full while its reserve is untouched, and used again at twice of it', async () => {
    let freeBytes = 100;
    await watch({ a: config('a', { minFreeBytes: 1_000 }) }, (real) => {
      const measure = real.measure.bind(real);
      real.measure = async (name) => ({ ...(await measure(name)), freeBytes });
      return real;
    });
    expect([reason(), status()?.freeBytes]).toEqual(['disk-full', 100]);
    expect(status()?.id).toBeDefined();
    freeBytes = 499;
    await until(() => status()?.freeBytes === 499);
    expect(reason()).toBe('disk-full');
    freeBytes = 500;
    await until(() => reason() === undefined);
    freeBytes = 250;
    await until(() => status()?.freeBytes === 250);
    expect(reason()).toBeUndefined();
  });

  it('notices that its disk went away, and takes it back with what was to be written meanwhile', async () => {
    await watch({ a: config('a') });
    await rename(pathOf('a'), pathOf('away'));
    await until(() => reason() === 'volume-missing');
    expect(status()).not.toHaveProperty('freeBytes');
    const gap = {
      type: 'gap',
      camera: 'c',
      stream: 's',
      startMs: 1,
      endMs: 2,
      reason: 'x',
    } as const;
    // An empty mount point, and then another disk.
    await mkdir(pathOf('a'));
    const other = await Volume.open('a', pathOf('a'), { adopt: 'empty' });
    await until(() => status()?.problem?.message.includes(other.id) === true);
    expect(await readdir(join(pathOf('a'), '.nightjar'))).toEqual(['volume.json']);
    await rm(pathOf('a'), { recursive: true });
    await rename(pathOf('away'), pathOf('a'));
    await until(() => reason() === undefined);
    await keeper.append('a', gap, Symbol('me'));
    expect(
      (await readJournal(join(pathOf('a'), '.nightjar', 'journal'), undefined)).lines,
    ).toMatchObject([{ type: 'gap' }]);
  });

  it('takes another disk when the operator says so, while it runs', async () => {
    await watch({ a: config('a') });
    const before = status()?.id;
    await rm(pathOf('a'), { recursive: true });
    const other = await Volume.open('a', pathOf('a'), { adopt: 'empty' });
    await until(() => reason() === 'volume-missing');
    await (await KnownVolumes.load(known())).remember('a', pathOf('a'), other.id);
    await until(() => reason() === undefined);
    expect(status()?.id).toBe(other.id);
    expect(before).not.toBe(other.id);
  });

  it('writes nothing to a volume that is only read, nor to one that is drained beside its journal', async () => {
    for (const name of ['a', 'b']) await Volume.open(name, pathOf(name), { adopt: 'empty' });
    await watch({ a: config('a', { state: 'read-only' }), b: config('b', { state: 'draining' }) });
    expect([reason('a'), reason('b')]).toEqual([undefined, undefined]);
    expect(await readdir(join(pathOf('a'), '.nightjar'))).toEqual(['volume.json']);
    expect((await readdir(join(pathOf('b'), '.nightjar'))).sort()).toEqual([
      'journal',
      'volume.json',
    ]);
    await writeFile(join(pathOf('a'), 'x'), '');
    const gap = {
      type: 'gap',
      camera: 'c',
      stream: 's',
      startMs: 1,
      endMs: 2,
      reason: 'x',
    } as const;
    await expect(keeper.append('a', gap, Symbol('me'))).rejects.toMatchObject({
      code: 'recording/read-only-volume',
    });
    await keeper.append('b', gap, Symbol('me'));
  });

  it('says little: nothing while nothing changes, and small changes of free space not at all', async () => {
    let freeBytes = 500;
    let checks = 0;
    await watch({ a: config('a') }, (real) => {
      real.measure = () => Promise.resolve({ id: 'a', freeBytes, sizeBytes: 1_000 });
      real.probe = () => Promise.resolve(void (checks += 1));
      return real;
    });
    const told: (number | undefined)[] = [];
    monitor.onChange(() => told.push(status()?.freeBytes));
    for (freeBytes of [500, 495, 491, 490, 489, 480, 480]) {
      const before = checks;
      clock.advance(CHECK_MS);
      await turns(() => checks > before);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(told).toEqual([490, 480]);
  });
});
