import type { Device } from '@nightjar/catalog';

export type DeviceStatus = 'new' | 'adopted' | 'ignored' | 'changed' | 'gone';

/** Searches in a row that may miss a device: UDP loses some. */
const MISSED_SEARCHES = 3;

/**
 * What to tell of a device in one word: an adopted one that is other than it was is changed, and whatever has not been heard
 * of for three searches, or has said good-bye, is gone.
 */
export function statusOf(device: Device, nowMs: number, intervalMs: number): DeviceStatus {
  const missed = nowMs - device.lastSeenMs > MISSED_SEARCHES * intervalMs;
  if (device.leftAtMs !== undefined || missed) return 'gone';
  return device.changes.length > 0 ? 'changed' : device.decision;
}
