import { describe, expect, it } from '@jest/globals';
import { MISSING_REASONS, missingReasonOf } from './reasons.js';

describe('missingReasonOf', () => {
  it.each([
    ['refused', 'camera-offline'],
    ['unreachable', 'network'],
    ['timeout', 'camera-offline'],
    ['unauthorized', 'auth-failed'],
    ['not-found', 'configuration'],
    ['protocol', 'camera-offline'],
    ['stalled', 'camera-offline'],
    ['closed', 'camera-offline'],
    ['stopped', 'configuration'],
    ['format-change', 'camera-offline'],
    ['clock-step', 'timestamps'],
    ['crash', 'process-down'],
    ['file-vanished', 'disk-error'],
    ['unsupported', 'configuration'],
  ])('tells %s as %s', (raw, told) => {
    expect(missingReasonOf(raw)).toBe(told);
  });

  it.each(MISSING_REASONS)('tells %s as it is', (reason) => {
    expect(missingReasonOf(reason)).toBe(reason);
  });

  it.each(['', 'constructor', 'toString', 'cosmic ray'])('takes "%s" for unknown', (raw) => {
    expect(missingReasonOf(raw)).toBe('unknown');
  });
});
