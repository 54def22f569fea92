import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { outcomeOf } from '../test-support/outcome-of.js';
import {
  parseMediaProperties,
  printMediaProperties,
  type MediaProperties,
} from './media-properties.js';

const WIRE_TABLE: readonly { name: string; wire: string; value: MediaProperties }[] = [
  {
    name: 'a live stream',
    wire: 'No-Seeking, Time-Progressing, Time-Duration=0.0',
    value: { seeking: 'none', content: 'progressing', retention: { seconds: 0 } },
  },
  {
    name: 'a finished recording',
    wire: 'Random-Access=2.500, Immutable, Unlimited, Scales="-64:-1, 0.25:64"',
    value: {
      seeking: 'random',
      accessSeconds: 2.5,
      content: 'immutable',
      retention: 'unlimited',
      scales: [
        [-64, -1],
        [0.25, 64],
      ],
    },
  },
  {
    name: 'a limit in time, and single scales',
    wire: 'Beginning-Only, Dynamic, Time-Limited=20260131T120000.000Z, Scales="-1, 4"',
    value: {
      seeking: 'beginning',
      content: 'dynamic',
      retention: { untilMs: Date.UTC(2026, 0, 31, 12) },
      scales: [-1, 4],
    },
  },
];

describe('Media-Properties', () => {
  it.each(WIRE_TABLE)('reads and prints $name', ({ wire, value }) => {
    expect(parseMediaProperties(wire)).toEqual(value);
    expect(printMediaProperties(value)).toBe(wire);
  });

  it('takes any order and case, and leaves out what it does not know', () => {
    expect(parseMediaProperties('UNLIMITED,x-colour="red, blue",immutable ,Random-access')).toEqual(
      { seeking: 'random', content: 'immutable', retention: 'unlimited' },
    );
  });

  it.each([
    '',
    'No-Seeking',
    'No-Seeking, Immutable, Time-Duration=x',
    'No-Seeking, Immutable, Time-Limited=yesterday',
    'Random-Access, Immutable, Unlimited, Scales="0"',
    'No-Seeking; Immutable',
  ])('refuses %j', (wire) => {
    expect(outcomeOf(() => parseMediaProperties(wire))).toMatchObject({
      error: { code: expect.stringMatching(/^rtsp\//), where: { status: 400 } },
    });
  });

  it('throws nothing but NightjarError', () => {
    const piece = fc.oneof(
      fc.constantFrom('No-Seeking', 'Immutable', 'Unlimited', 'Scales', 'Time-Limited', '=', ','),
      fc.constantFrom('"', ':', ' ', '1', '-', 'T', 'Z'),
      fc.string({ maxLength: 6 }),
    );
    fc.assert(
      fc.property(fc.array(piece), (pieces) => {
        outcomeOf(() => parseMediaProperties(pieces.join('')));
      }),
    );
  });
});
