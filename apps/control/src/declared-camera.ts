import { NightjarError } from '@nightjar/common';
import type { CameraConfig, NightjarConfig } from '@nightjar/config';

/**
 * A camera of the configuration.
 * @throws NightjarError `not-found`
 */
export function declaredCamera({ cameras }: NightjarConfig, name: string): CameraConfig {
  const camera = Object.hasOwn(cameras, name) ? cameras[name] : undefined;
  if (camera === undefined)
    throw new NightjarError('not-found', 'control/unknown-camera', `there is no camera ${name}`);
  return camera;
}
