import { toLogin, type ConversionContext } from '../conversion.js';
import type { CameraEntry, ConfigFile } from '../schema.js';
import type { CameraConfig } from '../model.js';
import type {
  AdoptRule,
  CameraOnvifConfig,
  CameraSettings,
  DiscoveryConfig,
  EncoderSettings,
} from './model-discovery.js';
import type { CameraEnforceEntry, EnforceEntry } from './schema-enforce.js';

export async function toDiscovery(
  { mode, interval, interfaces, hosts, rate, adopt }: ConfigFile['discovery'],
  context: ConversionContext,
): Promise<DiscoveryConfig> {
  return {
    mode,
    intervalMs: interval,
    interfaces,
    hosts,
    hostsPerSecond: rate,
    adopt: adopt && { limit: adopt.limit, rules: await toRules(adopt.rules, context) },
  };
}

async function toRules(
  rules: NonNullable<ConfigFile['discovery']['adopt']>['rules'],
  context: ConversionContext,
): Promise<AdoptRule[]> {
  const made: AdoptRule[] = [];
  for (const [index, { follow, ...rule }] of rules.entries()) {
    const at = ['discovery', 'adopt', 'rules', String(index), 'credentials'];
    const credentials = await toLogin(rule.credentials, at, context);
    const { make, model, serial, record } = rule;
    made.push({ ...rule, make, model, serial, record, credentials, followsDevice: follow });
  }
  return made;
}

/**
 * A camera as a device, with what all cameras are to be set to.
 * @param report is told of settings for a stream that is none, or that is not pulled
 */
export function toCameraOnvif(
  onvif: CameraEntry['onvif'],
  defaults: EnforceEntry | undefined,
  streams: CameraConfig['streams'],
  report: (path: readonly string[], message: string) => void,
): CameraOnvifConfig | undefined {
  if (onvif === undefined) return undefined;
  const own = onvif.enforce;
  for (const name of Object.keys(own?.streams ?? {}))
    if (!Object.hasOwn(streams, name) || streams[name]?.source !== 'pull')
      report(['enforce', 'streams', name], `there is no stream ${name} that is pulled`);
  return { ...onvif, enforce: toSettings(own, defaults, streams) };
}

function toSettings(
  own: CameraEnforceEntry | undefined,
  defaults: EnforceEntry | undefined,
  streams: CameraConfig['streams'],
): CameraSettings | undefined {
  if (own === undefined && defaults === undefined) return undefined;
  const encoders: Record<string, EncoderSettings> = Object.create(null);
  for (const [name, { source }] of Object.entries(streams)) {
    if (source !== 'pull') continue;
    const single = own?.streams && Object.hasOwn(own.streams, name) ? own.streams[name] : {};
    encoders[name] = { ...defaults?.encoder, ...own?.encoder, ...single };
  }
  return {
    mode: own?.mode ?? defaults?.mode ?? 'dry-run',
    ntp: own?.ntp ?? defaults?.ntp,
    timeZone: own?.timeZone ?? defaults?.timeZone,
    streams: encoders,
  };
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
