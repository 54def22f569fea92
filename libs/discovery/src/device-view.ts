import type { Device, DeviceChange, DeviceProfile } from '@nightjar/catalog';
import { statusOf, type DeviceStatus } from './status.js';

/** A device as it is told to people and programs. All texts are the device's own. */
export interface DeviceView {
  id: number;
  status: DeviceStatus;
  /** Name of the camera that it became. */
  camera: string | null;
  endpoint: string;
  serial: string | null;
  make: string | null;
  model: string | null;
  firmware: string | null;
  hardware: string | null;
  name: string | null;
  /** Newest first. */
  addresses: readonly string[];
  serviceUrls: readonly string[];
  scopes: readonly string[];
  capabilities: readonly string[];
  profiles: readonly DeviceProfile[];
  /** Its clock minus ours. */
  clockOffsetSeconds: number | null;
  changes: readonly (Omit<DeviceChange, 'atMs'> & { at: string })[];
  /** Why not all of it is known. */
  problem: string | null;
  firstSeen: string;
  lastSeen: string;
  lastRead: string | null;
}

export function viewDevice(device: Device, nowMs: number, intervalMs: number): DeviceView {
  const { clockOffsetMs, changes, readAtMs } = device;
  return {
    id: device.id,
    status: statusOf(device, nowMs, intervalMs),
    camera: device.camera ?? null,
    endpoint: device.endpoint,
    serial: device.serial ?? null,
    make: device.make ?? null,
    model: device.model ?? null,
    firmware: device.firmware ?? null,
    hardware: device.hardware ?? null,
    name: device.name ?? null,
    addresses: device.addresses,
    serviceUrls: device.serviceUrls,
    scopes: device.scopes,
    capabilities: device.capabilities,
    profiles: device.profiles,
    clockOffsetSeconds: clockOffsetMs === undefined ? null : Math.round(clockOffsetMs) / 1000,
    changes: changes.map(({ atMs, ...change }) => ({ ...change, at: printTime(atMs) })),
    problem: device.problem ?? null,
    firstSeen: printTime(device.firstSeenMs),
    lastSeen: printTime(device.lastSeenMs),
    lastRead: readAtMs === undefined ? null : printTime(readAtMs),
  };
}

function printTime(ms: number): string {
  return new Date(ms).toISOString();
}
