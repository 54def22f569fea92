import type { DeviceProfile } from '@nightjar/catalog';
import { splitZone } from '@nightjar/common';
import type { CameraConfig, CameraSettings, EncoderSettings } from '@nightjar/config';
import type { ClockSettings, EncoderChange } from '../client/onvif-client.js';

/** Something that is not as it was declared. */
export interface Difference {
  /** What is told of it: `main bitrate`, `time zone` ... */
  readonly what: string;
  /** null: the camera does not tell, or does not have it. */
  readonly is: string | null;
  readonly wanted: string;
  /** What would mend it; undefined: nothing that can be set. */
  readonly remedy:
    | { readonly encoder: string; readonly change: EncoderChange }
    | { readonly clock: Partial<ClockSettings> }
    | undefined;
}

/** Where a camera is other than declared. */
export function differencesOf(
  { streams: encoders, ntp, timeZone }: CameraSettings,
  streams: CameraConfig['streams'],
  profiles: readonly DeviceProfile[],
  clock: ClockSettings,
): Difference[] {
  const found = Object.entries(encoders).flatMap(([name, settings]) => {
    const stream = streams[name];
    if (stream?.source !== 'pull' || Object.keys(settings).length === 0) return [];
    const profile = profiles.find(({ streamUrl }) => isSamePath(streamUrl, stream.url));
    return profile === undefined
      ? [{ what: `${name} profile`, is: null, wanted: 'there', remedy: undefined }]
      : encoderDifferences(name, settings, profile);
  });
  if (ntp !== undefined) {
    const is = clock.ntp.join(' ');
    const wanted = ntp.join(' ');
    if (is !== wanted)
      found.push({ what: 'ntp', is: is || null, wanted, remedy: { clock: { ntp } } });
    else if (clock.source !== 'NTP')
      found.push({
        what: 'clock',
        is: clock.source ?? null,
        wanted: 'NTP',
        remedy: { clock: { ntp } },
      });
  }
  if (timeZone !== undefined && clock.timeZone !== timeZone)
    found.push({
      what: 'time zone',
      is: clock.timeZone ?? null,
      wanted: timeZone,
      remedy: { clock: { timeZone } },
    });
  return found;
}

function encoderDifferences(
  name: string,
  { codec, resolution, frameRate, bitrate, gop }: EncoderSettings,
  profile: DeviceProfile,
): Difference[] {
  const { width, height, framesPerSecond, gopFrames, bitrateKbps, encoder } = profile;
  const found: Difference[] = [];
  const compare = (
    what: string,
    is: string | number | undefined,
    wanted: string | number | undefined,
    change: EncoderChange,
  ): void => {
    if (wanted === undefined || is === wanted) return;
    found.push({
      what: `${name} ${what}`,
      is: is === undefined ? null : String(is),
      wanted: String(wanted),
      remedy: encoder === undefined ? undefined : { encoder, change },
    });
  };
  const size = width === undefined ? undefined : `${width}x${height}`;
  compare('codec', profile.codec?.toUpperCase(), codec, { codec });
  const wantedSize = resolution && `${resolution.width}x${resolution.height}`;
  compare('resolution', size, wantedSize, { ...resolution });
  compare('frame rate', framesPerSecond, frameRate, { framesPerSecond: frameRate });
  compare('bitrate', bitrateKbps, bitrate, { bitrateKbps: bitrate });
  const rate = frameRate ?? framesPerSecond;
  const frames = gop === 'frame-rate' ? rate && Math.max(1, Math.round(rate)) : gop;
  compare('gop', gopFrames, frames, { gopFrames: frames });
  return found;
}

/** Where the camera is may have changed; its paths tell its streams apart. */
function isSamePath(told: string | undefined, declared: string): boolean {
  if (told === undefined) return false;
  const [a, b] = [new URL(splitZone(told).url), new URL(splitZone(declared).url)];
  return a.pathname + a.search === b.pathname + b.search;
}
