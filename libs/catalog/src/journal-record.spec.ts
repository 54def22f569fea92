import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { compareCursors, isStorable } from './journal-record.js';
import type { JournalRecord } from './journal-record.js';

const closed: JournalRecord = {
  type: 'segment-closed',
  volumeId: 'v',
  path: 'front/main/x.mp4',
  run: '0123456789ab',
  sequence: 0,
  camera: 'front',
  stream: 'main',
  startMs: 1.5,
  endMs: 2.5,
  bytes: 10,
  keyframes: 1,
  hash: 'ab',
  recovered: false,
  codecs: ['h264'],
};

describe('isStorable', () => {
  it('takes a whole record', () => {
    expect(isStorable(closed)).toBe(true);
  });

  it.each([
    ['a run that is no run', { run: 'XYZ' }],
    ['an end before the start', { endMs: 1 }],
    ['a time beyond the year 9999', { endMs: 1e15 }],
    ['a size that is no number', { bytes: '10' }],
    ['a negative size', { bytes: -1 }],
    ['a sequence that no integer holds', { sequence: 2 ** 31 }],
    ['a NUL', { path: 'a\0b' }],
    ['half a character', { camera: '\ud800' }],
    ['no camera', { camera: '' }],
    ['codecs that are no texts', { codecs: [1] }],
    ['a type of the future', { type: 'segment-painted' }],
  ])('leaves out %s', (_name, fields) => {
    expect(isStorable({ ...closed, ...fields } as JournalRecord)).toBe(false);
  });

  it('never throws, whatever a line held', () => {
    fc.assert(
      fc.property(
        fc.object(),
        fc.constantFrom('run-started', 'segment-closed', 'run-ended', 'gap', 'x'),
        (line, type) => {
          isStorable({ ...line, type } as unknown as JournalRecord);
        },
      ),
    );
  });
});

describe('compareCursors', () => {
  it('orders by file, then by offset', () => {
    expect(compareCursors({ file: 1, offset: 900 }, { file: 2, offset: 0 })).toBeLessThan(0);
    expect(compareCursors({ file: 2, offset: 5 }, { file: 2, offset: 0 })).toBeGreaterThan(0);
    expect(compareCursors({ file: 2, offset: 5 }, { file: 2, offset: 5 })).toBe(0);
  });
});
