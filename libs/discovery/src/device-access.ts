import type { Device } from '@nightjar/catalog';
import { hostOfUrl } from '@nightjar/common';
import type { CameraConfig, NightjarConfig } from '@nightjar/config';
import { secureIfPinned } from './client/device-address.js';
import { sameEndpoint } from './client/endpoint.js';
import type { OnvifTarget } from './client/onvif-client.js';
import type { DeviceAccess } from './device-reader.js';

type Cameras = Pick<NightjarConfig, 'cameras'>;

/** The camera that a device is: the one that names it, or the one that was made of it. */
export function cameraOf(
  { camera, endpoint, serial }: Pick<Device, 'camera' | 'endpoint' | 'serial'>,
  { cameras }: Cameras,
): CameraConfig | undefined {
  const named = Object.values(cameras).find(
    ({ onvif }) =>
      onvif !== undefined && (onvif.device === serial || sameEndpoint(onvif.device, endpoint)),
  );
  const made = camera !== undefined && Object.hasOwn(cameras, camera) ? cameras[camera] : undefined;
  return named ?? made;
}

/** How we log in at a device that is a camera of ours; undefined when it is none. */
export function accessTo(
  device: Pick<Device, 'camera' | 'endpoint' | 'serial' | 'addresses'>,
  config: Cameras,
): DeviceAccess | undefined {
  const camera = cameraOf(device, config);
  return (
    camera && {
      login: camera.credentials,
      trust: camera.tls,
      passwordText: camera.onvif?.passwordText === true && isWhereItWas(device, camera),
      allowHosts: camera.onvif?.allowHosts,
    }
  );
}

/** Where and how a device is asked that is a camera of ours. */
export function targetOf(
  device: Pick<Device, 'camera' | 'endpoint' | 'serial' | 'addresses' | 'serviceUrls'>,
  config: Cameras,
): OnvifTarget {
  const access = accessTo(device, config);
  // There is one: it was heard of there.
  const [url = ''] = secureIfPinned(device.serviceUrls, access?.trust);
  return { url, ...access, endpoint: device.endpoint };
}

/** Who has come to another address has to prove who it is before it is told a password. */
function isWhereItWas(
  { addresses: [address] }: Pick<Device, 'addresses'>,
  { streams }: CameraConfig,
): boolean {
  return Object.values(streams).some(
    (stream) => stream.source === 'pull' && hostOfUrl(stream.url) === address,
  );
}
