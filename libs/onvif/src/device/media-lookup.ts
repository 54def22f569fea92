import { invalidValue } from '../soap/fault.js';
import { optional, required } from './arguments.js';
import type { MediaPort, MediaProfile, VideoEncoding, VideoSource } from './media-port.js';
import type { Call } from './operation.js';

/** Tokens of configurations follow from those of profiles and sources: there is nothing else to keep. */
export const tokens = {
  videoSource: (source: VideoSource): string => `vsc_${source.token}`,
  audioSource: (source: VideoSource): string => `asc_${source.token}`,
  videoEncoder: (profile: MediaProfile): string => `vec_${profile.token}`,
  audioEncoder: (profile: MediaProfile): string => `aec_${profile.token}`,
  ptz: (source: VideoSource): string => `ptz_${source.token}`,
} as const;

/** Looks up what requests of Media and Media2 name. */
export class MediaLookup<C> {
  constructor(readonly port: MediaPort<C>) {}

  async profiles({ caller }: Call<C>): Promise<readonly MediaProfile[]> {
    return this.port.profiles(caller);
  }

  /** @throws SoapFault NoProfile */
  async profile(call: Call<C>): Promise<MediaProfile> {
    return find(await this.profiles(call), required(call.request, 'ProfileToken'));
  }

  /** Profiles of a request that may name a profile (ProfileToken) or one of its configurations. */
  async chosen(
    call: Call<C>,
    configurationOf: (profile: MediaProfile) => string | undefined,
  ): Promise<readonly MediaProfile[]> {
    const profileToken = optional(call.request, 'ProfileToken');
    const token = optional(call.request, 'ConfigurationToken');
    const profiles = await this.profiles(call);
    const some = profileToken === undefined ? profiles : [find(profiles, profileToken)];
    const found = some.filter((profile) => {
      const own = configurationOf(profile);
      return own !== undefined && (token === undefined || own === token);
    });
    if (token !== undefined && found.length === 0) throw noConfiguration(token);
    return found;
  }

  /** Sources of these profiles, each once. */
  sourcesOf(profiles: readonly MediaProfile[]): readonly VideoSource[] {
    return [...new Map(profiles.map(({ source }) => [source.token, source])).values()];
  }

  /** Sets the encoder that `token` names. */
  async setEncoder(call: Call<C>, token: string, change: Partial<VideoEncoding>): Promise<void> {
    const profile = (await this.profiles(call)).find((one) => tokens.videoEncoder(one) === token);
    const { encoders } = this.port;
    if (profile?.video === undefined || encoders === undefined) throw noConfiguration(token);
    encoders.set(profile, { ...profile.video, ...change });
  }
}

/** Profiles by a key, in the order in which the keys come first. */
export function groupBy(
  profiles: readonly MediaProfile[],
  keyOf: (profile: MediaProfile) => string,
): Map<string, MediaProfile[]> {
  const groups = new Map<string, MediaProfile[]>();
  for (const profile of profiles) {
    const key = keyOf(profile);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [profile]);
    else group.push(profile);
  }
  return groups;
}

function find(profiles: readonly MediaProfile[], token: string): MediaProfile {
  const found = profiles.find((profile) => profile.token === token);
  if (found === undefined) throw invalidValue(`no profile ${token}`, 'ter:NoProfile');
  return found;
}

export function noConfiguration(token: string): Error {
  return invalidValue(`no configuration ${token}`, 'ter:NoConfig');
}
