import type { CameraEntry, ConfigFile } from '../schema.js';
import type { CameraConfig } from '../model.js';
import type { DiscoveryConfig } from './model-discovery.js';

export function toDiscovery(discovery: ConfigFile['discovery']): DiscoveryConfig {
  const { mode, interval, interfaces, hosts, rate } = discovery;
  return { mode, intervalMs: interval, interfaces, hosts, hostsPerSecond: rate };
}

/** Streams whose URLs are those of where the camera was found last, when they are to follow it. */
export function followDevice(
  streams: CameraConfig['streams'],
  onvif: CameraEntry['onvif'],
  host: string | undefined,
): CameraConfig['streams'] {
  if (onvif?.address !== 'by-serial' || host === undefined) return streams;
  const moved: Record<string, CameraConfig['streams'][string]> = Object.create(null);
  for (const [name, stream] of Object.entries(streams)) {
    moved[name] =
      stream.source === 'pull'
        ? { ...stream, url: atHost(stream.url, host), via: stream.via && atHost(stream.via, host) }
        : stream;
  }
  return moved;
}

/** As written but for the host: URLs of cameras are particular. */
function atHost(url: string, host: string): string {
  const written = host.includes(':') ? `[${host}]` : host;
  return url.replace(
    /^([a-z][a-z0-9+.-]*:\/\/)(\[[^\]/?#]*\]|[^:/?#]*)/i,
    (_all, scheme: string) => scheme + written,
  );
}
