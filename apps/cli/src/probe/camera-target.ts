import { NightjarError } from '@nightjar/common';
import { nearest, type NightjarConfig } from '@nightjar/config';
import type { PictureTarget } from '@nightjar/relay';

/**
 * How the relay would connect to CAMERA[/STREAM] of a configuration.
 * @throws NightjarError `not-found`, and `invalid` for a stream that is not pulled
 */
export function cameraTarget({ cameras }: NightjarConfig, target: string): PictureTarget {
  const [name = '', stream = 'main'] = target.split('/');
  const camera = Object.hasOwn(cameras, name) ? cameras[name] : undefined;
  if (camera === undefined) {
    const close = nearest(name, Object.keys(cameras));
    const hint = close === undefined ? '' : `; did you mean "${close}"?`;
    throw new NightjarError('not-found', 'cli/no-camera', `there is no camera "${name}"${hint}`);
  }
  const settings = Object.hasOwn(camera.streams, stream) ? camera.streams[stream] : undefined;
  if (settings === undefined)
    throw new NightjarError('not-found', 'cli/no-stream', `${name} has no stream "${stream}"`);
  if (settings.source === 'publish')
    throw new NightjarError(
      'invalid',
      'cli/published',
      `${target} is sent to us: nothing to connect to`,
    );
  const { url, transport, via, credentials, quirks } = settings;
  return {
    url,
    transport,
    via,
    credentials,
    quirks,
    trust: camera.tls,
    redirectHosts: camera.redirectHosts,
  };
}
