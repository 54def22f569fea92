import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { CameraConfig } from '@nightjar/config';
import { Bench } from '../../test/bench.js';
import { OpenVolumes } from './open-volumes.js';
import { RecordingVolumes, type OpenedVolume } from './recording-volumes.js';
import type { VolumeProblem, VolumeStatus } from './volume-status.js';

let bench: Bench;
beforeEach(async () => {
  bench = await Bench.open();
});
afterEach(() => bench.close());

/** Volumes that are as the test says; all of them are the folder of the bench. */
class ScriptedVolumes extends RecordingVolumes {
  statuses: VolumeStatus[] = [];
  refuses = false;
  opened: string[] = [];
  private listener: () => void = () => undefined;

  set(...statuses: VolumeStatus[]): void {
    this.statuses = statuses;
    this.listener();
  }
  override start(): Promise<void> {
    return Promise.resolve();
  }
  override onChange(listener: () => void): void {
    this.listener = listener;
  }
  override open(name: string): Promise<OpenedVolume> {
    this.opened.push(name);
    if (this.refuses) return Promise.reject(Object.assign(new Error('no'), { code: 'EACCES' }));
    const { journal } = bench;
    const volume = Object.assign(Object.create(bench.volume) as typeof bench.volume, {
      name,
      id: this.statuses.find((status) => status.name === name)?.id,
    });
    return Promise.resolve({
      volume,
      journal,
      interruptedRun: () => Promise.resolve(undefined),
      accounts: () => Promise.resolve([]),
    });
  }
  override failed(name: string, problem: VolumeProblem): void {
    this.set(...this.statuses.map((one) => (one.name === name ? { ...one, problem } : one)));
  }
  override collect(): void {}
  override close(): Promise<void> {
    return Promise.resolve();
  }
}

const healthy = (name: string, more: Partial<VolumeStatus> = {}): VolumeStatus => ({
  name,
  path: `/${name}`,
  state: 'active',
  id: name,
  ...more,
});
const missing: VolumeProblem = { reason: 'volume-missing', message: 'mount it' };
const camera = (...volumes: string[]): CameraConfig =>
  ({
    name: 'front',
    volumes: volumes.length === 0 ? undefined : volumes,
  }) as unknown as CameraConfig;

async function open(...statuses: VolumeStatus[]) {
  const port = new ScriptedVolumes();
  port.statuses = statuses;
  const volumes = new OpenVolumes({ volumes: port, placement: 'order' });
  const heard: (string | undefined)[] = [];
  volumes.onChange((volume) => heard.push(volume?.volume.name));
  await volumes.start();
  return { port, volumes, heard };
}
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('OpenVolumes', () => {
  it('opens what can be used, and the others as soon as they can', async () => {
    const { id: _none, ...absent } = healthy('a', { problem: missing });
    const { port, volumes, heard } = await open(absent, healthy('b'));
    expect(volumes.choose(camera(), 'main')?.volume.name).toBe('b');
    expect([volumes.writable, volumes.problems]).toEqual([true, ['volume a: mount it']]);
    port.set(healthy('a'), healthy('b'));
    await turn();
    expect(volumes.choose(camera(), 'main')?.volume.name).toBe('a');
    expect(heard.filter((name) => name !== undefined)).toEqual(['b', 'a']);
    expect(port.opened).toEqual(['b', 'a']);
  });

  it("goes by the camera's own list and order, and says why there is none", async () => {
    const { volumes } = await open(
      healthy('a'),
      healthy('b'),
      healthy('c', { problem: { reason: 'disk-full', message: '' } }),
      healthy('d', { state: 'draining' }),
    );
    expect(volumes.choose(camera('b', 'a'), 'main')?.volume.name).toBe('b');
    expect(volumes.choose(camera('c', 'a'), 'main')?.volume.name).toBe('a');
    expect(volumes.choose(camera('c', 'd'), 'main')).toBeUndefined();
    expect(volumes.reasonFor(camera('c'))).toBe('disk-full');
    expect(volumes.reasonFor(camera('d'))).toBe('no-active-volume');
    // A full one and one that is drained can be read all the same.
    expect(['c', 'd', 'e'].map((name) => volumes.isReadable(name))).toEqual([true, true, false]);
  });

  it('says that no volume is there to be written', async () => {
    const { volumes } = await open(
      healthy('a', { state: 'draining' }),
      healthy('b', { state: 'read-only' }),
    );
    expect([volumes.writable, volumes.problems]).toEqual([false, ['no volume is active']]);
  });

  it('lets a run see that its volume fails, and leaves it alone until it is healthy', async () => {
    const { port, volumes } = await open(healthy('a'), healthy('b'));
    const target = volumes.choose(camera(), 'main');
    expect(target?.failure).toBeUndefined();
    target?.failed?.({ reason: 'disk-error', message: 'EIO' });
    expect(target?.failure).toBe('disk-error');
    expect(volumes.choose(camera(), 'main')?.volume.name).toBe('b');
    port.set(healthy('a'), healthy('b'));
    await turn();
    expect(volumes.choose(camera(), 'main')).toBe(target);
  });

  it('opens a disk anew that took the place of another', async () => {
    const { port, volumes } = await open(healthy('a'));
    const before = volumes.choose(camera(), 'main');
    port.set(healthy('a', { id: 'other' }));
    await turn();
    expect(port.opened).toEqual(['a', 'a']);
    expect(volumes.writable).toBe(true);
    // What is left to be done on the disk before waits for that disk, and says nothing about the new one.
    expect(before?.failure).toBe('volume-missing');
    before?.failed?.({ reason: 'disk-error', message: 'EIO' });
    expect(volumes.choose(camera(), 'main')?.failure).toBeUndefined();
    port.set(healthy('a'));
    expect(before?.failure).toBeUndefined();
  });

  it('does not try a volume again that cannot be opened before it is found healthy', async () => {
    const { port, volumes } = await open();
    port.refuses = true;
    port.set(healthy('a'));
    await turn();
    port.set(healthy('a', { problem: { reason: 'disk-full', message: '' } }));
    await turn();
    expect([port.opened, volumes.choose(camera(), 'main')]).toEqual([['a'], undefined]);
    port.refuses = false;
    port.set(healthy('a'));
    await turn();
    expect(volumes.choose(camera(), 'main')?.volume.name).toBe('a');
  });

  it('gives the journals that may be written, of the best volumes first', async () => {
    const full: VolumeProblem = { reason: 'disk-full', message: '' };
    const { port, volumes } = await open(
      healthy('a', { problem: full }),
      healthy('b', { state: 'draining' }),
      healthy('c', { state: 'read-only' }),
      healthy('d'),
      healthy('e'),
    );
    port.failed('e', missing);
    expect(volumes.journals.map(({ volume }) => volume.name)).toEqual(['d', 'b', 'a', 'e']);
    expect(volumes.all.map(({ volume }) => volume.name)).toEqual(['a', 'b', 'c', 'd', 'e']);
  });
});
