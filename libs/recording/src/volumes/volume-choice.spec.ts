import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { chooseVolume, FREE_SPACE_MARGIN } from './volume-choice.js';
import type { VolumeStatus } from './volume-status.js';

const TB = 1e12;
const volume = (name: string, more: Partial<VolumeStatus> = {}): VolumeStatus => ({
  name,
  path: `/${name}`,
  state: 'active',
  id: name,
  freeBytes: TB,
  sizeBytes: 10 * TB,
  ...more,
});
const broken = (reason: 'disk-full' | 'disk-slow'): Partial<VolumeStatus> => ({
  problem: { reason, message: '' },
});
const byOrder = (...volumes: VolumeStatus[]) =>
  chooseVolume({ volumes, placement: 'order', stream: 'front/main', current: undefined });
const byFree = (volumes: VolumeStatus[], current?: string, stream = 'front/main') =>
  chooseVolume({ volumes, placement: 'free-space', stream, current });

describe('chooseVolume', () => {
  it('takes the first that is active, open and healthy', () => {
    expect(byOrder(volume('a'), volume('b'))).toBe('a');
    expect(byOrder(volume('a', broken('disk-full')), volume('b'))).toBe('b');
    expect(byOrder(volume('a', { state: 'draining' }), volume('b'))).toBe('b');
    expect(byOrder(volume('a', { state: 'read-only' }), volume('b'))).toBe('b');
    const { id: _none, ...unopened } = volume('a');
    expect(byOrder(unopened, volume('b'))).toBe('b');
    expect(byOrder(volume('a', broken('disk-full')))).toBeUndefined();
    expect(byOrder()).toBeUndefined();
  });

  it('takes one that is only slow when there is no other', () => {
    expect(byOrder(volume('a', broken('disk-slow')), volume('b'))).toBe('b');
    expect(byOrder(volume('a', broken('disk-full')), volume('b', broken('disk-slow')))).toBe('b');
  });

  it('takes the one with most free space, and stays while that is nearly as good as the best', () => {
    const [a, b] = [volume('a'), volume('b', { freeBytes: 3 * TB })];
    expect(byFree([a, b])).toBe('b');
    expect(byFree([a, b], 'a')).toBe('b');
    const margin = 10 * TB * FREE_SPACE_MARGIN;
    expect(byFree([volume('a', { freeBytes: 3 * TB - margin }), b], 'a')).toBe('a');
    expect(byFree([volume('a', { freeBytes: 3 * TB - margin - 1 }), b], 'a')).toBe('b');
  });

  it('spreads streams over volumes that are equally good', () => {
    const volumes = [volume('a'), volume('b'), volume('c')];
    const counts = new Map<string | undefined, number>();
    for (let n = 0; n < 300; n += 1) {
      const name = byFree(volumes, undefined, `cam${n}/main`);
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    for (const { name } of volumes) expect(counts.get(name)).toBeGreaterThan(60);
  });

  it('never takes what cannot be written, and always something when something can', () => {
    const status = fc.record({
      state: fc.constantFrom<VolumeStatus['state']>('active', 'read-only', 'draining'),
      full: fc.boolean(),
      freeBytes: fc.nat(),
      sizeBytes: fc.nat(),
    });
    fc.assert(
      fc.property(
        fc.array(status),
        fc.constantFrom('order' as const, 'free-space' as const),
        fc.option(fc.nat(5), { nil: undefined }),
        (drawn, placement, current) => {
          const volumes = drawn.map(({ state, full, freeBytes, sizeBytes }, index) =>
            volume(String(index), {
              state,
              freeBytes,
              sizeBytes,
              ...(full ? broken('disk-full') : {}),
            }),
          );
          const writable = drawn.flatMap(({ state, full }, index) =>
            state === 'active' && !full ? [String(index)] : [],
          );
          const chosen = chooseVolume({
            volumes,
            placement,
            stream: 's',
            current: current === undefined ? undefined : String(current),
          });
          if (writable.length === 0) expect(chosen).toBeUndefined();
          else expect(writable).toContain(chosen);
        },
      ),
    );
  });
});
