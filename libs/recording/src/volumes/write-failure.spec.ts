import { describe, expect, it } from '@jest/globals';
import { NightjarError } from '@nightjar/common';
import { writeFailureOf } from './write-failure.js';

describe('writeFailureOf', () => {
  it.each([
    ['ENOSPC', 'disk-full'],
    ['EDQUOT', 'disk-full'],
    ['EIO', 'disk-error'],
    ['EROFS', 'disk-read-only'],
    ['EACCES', 'no-permission'],
    ['EPERM', 'no-permission'],
    ['ETIMEDOUT', 'disk-slow'],
    ['ENOENT', 'volume-missing'],
    ['ESTALE', 'volume-missing'],
    ['EWHATEVER', 'disk-error'],
    ['constructor', 'disk-error'],
  ])('reads %s as %s', (code, reason) => {
    expect(writeFailureOf(Object.assign(new Error('no'), { code }))).toBe(reason);
  });

  it.each([
    ['unavailable', 'recording/volume-vanished', 'volume-missing'],
    ['unavailable', 'recording/volume-changed', 'volume-missing'],
    ['exhausted', 'recording/short-write', 'disk-full'],
    ['invalid', 'containers/no-codec', 'unsupported'],
    ['internal', 'recording/other', 'disk-error'],
  ] as const)('reads our own %s %s as %s', (kind, code, reason) => {
    expect(writeFailureOf(new NightjarError(kind, code, 'no'))).toBe(reason);
  });

  it('reads anything else as an error of the disk', () => {
    for (const thrown of [undefined, null, 'no', new Error('no')])
      expect(writeFailureOf(thrown)).toBe('disk-error');
  });
});
