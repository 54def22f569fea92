import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Volume, type VolumeStatus } from '@nightjar/recording';
import { FrontVolumes } from './front-volumes.js';

const SLOW = { reason: 'disk-slow', message: 'it takes less than what is recorded' } as const;
const healthy = (name: string): VolumeStatus => ({
  name,
  path: `/${name}`,
  state: 'active',
  id: name,
});

let calls: { method: string; argument: unknown; answer: (value: unknown) => void }[];
let volumes: FrontVolumes;
let changes: number;
beforeEach(() => {
  calls = [];
  changes = 0;
  volumes = new FrontVolumes({
    call: <T>(method: string, argument: unknown) =>
      new Promise<T>((resolve) =>
        calls.push({ method, argument, answer: resolve as (value: unknown) => void }),
      ),
  });
  volumes.onChange(() => (changes += 1));
});

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const reason = (name: string): string | undefined =>
  volumes.statuses.find((status) => status.name === name)?.problem?.reason;

describe('FrontVolumes', () => {
  it('asks once how the volumes are, and hears of changes', async () => {
    const started = volumes.start();
    expect(calls.map(({ method }) => method)).toEqual(['volumes']);
    calls[0]?.answer([healthy('a')]);
    await started;
    expect([volumes.statuses, changes]).toEqual([[healthy('a')], 1]);
    volumes.told([{ ...healthy('a'), problem: SLOW }]);
    expect([reason('a'), changes]).toEqual(['disk-slow', 2]);
  });

  it('does not use a volume that failed here, although the front has not heard of it yet', async () => {
    volumes.told([healthy('a'), healthy('b')]);
    volumes.failed('a', SLOW);
    volumes.failed('a', SLOW);
    expect(calls).toMatchObject([
      { method: 'volumeFailed', argument: { name: 'a', problem: SLOW } },
    ]);
    // Sent before the front knew.
    volumes.told([healthy('a'), healthy('b')]);
    expect([reason('a'), reason('b')]).toEqual(['disk-slow', undefined]);
    // The front says what it knows before it answers.
    volumes.told([{ ...healthy('a'), problem: SLOW }, healthy('b')]);
    calls[0]?.answer(undefined);
    await turn();
    expect(reason('a')).toBe('disk-slow');
    volumes.told([healthy('a'), healthy('b')]);
    expect(reason('a')).toBeUndefined();
  });

  describe('opened', () => {
    let root: string;
    beforeEach(() => {
      root = mkdtempSync(join(tmpdir(), 'nightjar-front-volumes-'));
    });
    afterEach(() => rmSync(root, { recursive: true }));

    it('are the disks that the front named, with journals that the front keeps', async () => {
      const { id } = await Volume.open('a', root, { adopt: 'empty' });
      const opening = volumes.open('a');
      calls[0]?.answer({ id, root });
      const opened = await opening;
      expect(opened.volume.id).toBe(id);
      const gap = {
        type: 'gap',
        camera: 'c',
        stream: 's',
        startMs: 1,
        endMs: 2,
        reason: 'x',
      } as const;
      const appended = opened.journal.append(gap);
      expect(calls.at(-1)).toMatchObject({
        method: 'append',
        argument: { volume: 'a', record: gap },
      });
      calls.at(-1)?.answer(undefined);
      await appended;
      const other = volumes.open('a');
      calls.at(-1)?.answer({ id: '00000000-0000-0000-0000-000000000000', root });
      await expect(other).rejects.toMatchObject({ code: 'recording/volume-changed' });
    });
  });
});
