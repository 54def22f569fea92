import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { emergencyStep } from './emergency-step.js';
import type { EmergencyInput } from './emergency-step.js';

const writers = [
  { camera: 'gate', priority: 90, bytesPerDay: 10 },
  { camera: 'yard', priority: 10, bytesPerDay: 10 },
  { camera: 'hall', priority: 10, bytesPerDay: 40 },
  { camera: 'shop', priority: 50, bytesPerDay: 100 },
];
const full: EmergencyInput = {
  shortBytes: 1,
  freeBytes: 900,
  minFreeBytes: 1_000,
  roomToRelease: false,
  writers,
  stopped: [],
};

describe('a volume full of protected footage', () => {
  it.each<{ name: string; input: Partial<EmergencyInput>; stop: string[]; release: string[] }>([
    {
      name: 'the busiest of the lowest priority stops first',
      input: {},
      stop: ['hall'],
      release: [],
    },
    { name: 'then the next', input: { stopped: ['hall'] }, stop: ['yard'], release: [] },
    {
      name: 'then the next priority',
      input: { stopped: ['hall', 'yard'] },
      stop: ['shop'],
      release: [],
    },
    {
      name: 'nobody is left to stop',
      input: { stopped: ['hall', 'yard', 'shop', 'gate'] },
      stop: [],
      release: [],
    },
    {
      name: 'half of what is written stops at once when little is left',
      input: { freeBytes: 400 },
      stop: ['hall', 'yard', 'shop'],
      release: [],
    },
    {
      name: 'enough room, but not much more: all stays as it is',
      input: { shortBytes: 0, stopped: ['hall', 'yard'] },
      stop: [],
      release: [],
    },
    {
      name: 'room again: the last that stopped records first',
      input: { shortBytes: 0, roomToRelease: true, stopped: ['hall', 'yard'] },
      stop: [],
      release: ['yard'],
    },
    {
      name: 'nobody was stopped',
      input: { shortBytes: 0, roomToRelease: true },
      stop: [],
      release: [],
    },
  ])('$name', ({ input, stop, release }) => {
    expect(emergencyStep({ ...full, ...input })).toEqual({ stop, release });
  });

  it('never stops a camera while one of lower priority records', () => {
    const some = fc.uniqueArray(
      fc.record({
        camera: fc.string({ minLength: 1, maxLength: 3 }),
        priority: fc.integer({ min: 0, max: 3 }),
        bytesPerDay: fc.integer({ min: 0, max: 100 }),
      }),
      { selector: ({ camera }) => camera, maxLength: 8 },
    );
    fc.assert(
      fc.property(some, fc.integer({ min: 0, max: 1_000 }), (cameras, freeBytes) => {
        let stopped: string[] = [];
        for (let sweep = 0; sweep <= cameras.length; sweep++) {
          const { stop } = emergencyStep({ ...full, freeBytes, writers: cameras, stopped });
          if (stopped.length < cameras.length) expect(stop.length).toBeGreaterThan(0);
          stopped = [...stopped, ...stop];
          const recording = cameras.filter(({ camera }) => !stopped.includes(camera));
          const highest = Math.max(
            -1,
            ...cameras.filter(({ camera }) => stopped.includes(camera)).map((c) => c.priority),
          );
          for (const { priority } of recording) expect(priority).toBeGreaterThanOrEqual(highest);
        }
      }),
    );
  });
});
