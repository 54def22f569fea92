import type { Device } from '@nightjar/catalog';
import type { NightjarConfig } from '@nightjar/config';
import type { DeviceAccess } from './device-reader.js';

/** How we log in at a device that is a camera of ours; undefined when it is none. */
export function accessTo(
  { camera: name }: Pick<Device, 'camera'>,
  { cameras }: Pick<NightjarConfig, 'cameras'>,
): DeviceAccess | undefined {
  const camera = name !== undefined && Object.hasOwn(cameras, name) ? cameras[name] : undefined;
  return camera && { login: camera.credentials, trust: camera.tls };
}
