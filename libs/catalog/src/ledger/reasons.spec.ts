import { describe, expect, it } from '@jest/globals';
import type { OfflineReason } from '../../../relay/src/source/source.js';
import type { WriteFailure } from '../../../recording/src/volumes/write-failure.js';
import { MISSING_REASONS, missingReasonOf } from './reasons.js';
import type { MissingReason } from './reasons.js';

/** The compiler asks for a line here when a reason is added there. */
const OFFLINE = {
  refused: 'camera-offline',
  unreachable: 'network',
  timeout: 'camera-offline',
  unauthorized: 'auth-failed',
  untrusted: 'auth-failed',
  'not-found': 'configuration',
  protocol: 'camera-offline',
  stalled: 'camera-offline',
  'not-published': 'camera-offline',
  closed: 'camera-offline',
  stopped: 'configuration',
  limit: 'configuration',
} satisfies Record<OfflineReason, MissingReason>;

const FAILED_WRITE = {
  'disk-full': 'disk-full',
  'disk-error': 'disk-error',
  'volume-missing': 'volume-missing',
  unsupported: 'configuration',
} satisfies Partial<Record<WriteFailure, MissingReason>>;

describe('missingReasonOf', () => {
  it.each([
    ...Object.entries(OFFLINE),
    ...Object.entries(FAILED_WRITE),
    ['format-change', 'camera-offline'],
    ['clock-step', 'timestamps'],
    ['crash', 'process-down'],
    ['file-vanished', 'disk-error'],
    ['no-active-volume', 'configuration'],
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
