import type { DeviceProfile } from '@nightjar/catalog';
import type { XmlElement } from '@nightjar/onvif';
import { cleanText } from '../untrusted.js';

const MAX_PROFILES = 32;
/** ONVIF has 64; it goes back to the device as it came. */
const MAX_TOKEN_CHARS = 128;

/** A profile before its addresses were asked for. */
export type BareProfile = Omit<DeviceProfile, 'streamUrl' | 'snapshotUrl'>;

/** Profiles of a GetProfilesResponse, of Media or Media2. ONVIF Media s.5.2, Media2 s.5.2. */
export function readProfiles(body: XmlElement): BareProfile[] {
  return body
    .childrenNamed('Profiles')
    .slice(0, MAX_PROFILES)
    .flatMap((profile) => readProfile(profile) ?? []);
}

function readProfile(profile: XmlElement): BareProfile | undefined {
  const token = tokenOf(profile);
  if (token === undefined) return undefined;
  const media2 = profile.child('Configurations');
  const video = media2 ? media2.child('VideoEncoder') : profile.child('VideoEncoderConfiguration');
  const audio = media2 ? media2.child('AudioEncoder') : profile.child('AudioEncoderConfiguration');
  const ptz = media2 ? media2.child('PTZ') : profile.child('PTZConfiguration');
  const gop =
    video?.attributes.get('GovLength') ??
    video?.textAt('H264', 'GovLength') ??
    video?.textAt('MPEG4', 'GovLength');
  return {
    token,
    name: cleanText(profile.textAt('Name')),
    codec: cleanText(video?.textAt('Encoding'), 32),
    width: count(video?.textAt('Resolution', 'Width')),
    height: count(video?.textAt('Resolution', 'Height')),
    framesPerSecond: count(video?.textAt('RateControl', 'FrameRateLimit')),
    gopFrames: count(gop),
    bitrateKbps: count(video?.textAt('RateControl', 'BitrateLimit')),
    audioCodec: cleanText(audio?.textAt('Encoding'), 32),
    ptz: tokenOf(ptz),
    encoder: tokenOf(video),
  };
}

/** As it is, since the device wants it back; undefined for one that nobody should keep. */
export function tokenOf(element: XmlElement | undefined): string | undefined {
  const token = element?.attributes.get('token');
  return token === undefined || token.length > MAX_TOKEN_CHARS || cleanText(token) !== token
    ? undefined
    : token;
}

function count(text: string | undefined): number | undefined {
  const value = Number(text ?? Number.NaN);
  return Number.isFinite(value) && value >= 0 && value < 1e6 ? value : undefined;
}
