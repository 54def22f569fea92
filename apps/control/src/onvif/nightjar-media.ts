import type { AccessPolicy } from '@nightjar/access';
import type { NightjarConfig } from '@nightjar/config';
import {
  invalidValue,
  type Call,
  type MediaPort,
  type MediaProfile,
  type StreamProtocol,
} from '@nightjar/onvif';
import type { OnvifCaller } from './caller.js';
import type { RecordedFacts, StreamFacts } from './stream-facts.js';
import { cameraToken, streamToken } from './stream-tokens.js';

interface Place {
  readonly camera: string;
  readonly stream: string;
}

export interface NightjarMediaOptions {
  readonly config: () => NightjarConfig;
  readonly policy: AccessPolicy;
  readonly facts: Pick<RecordedFacts, 'of'>;
}

/** ONVIF has no word for a source of unknown size. */
const UNKNOWN = { widthPixels: 0, heightPixels: 0, framesPerSecond: 0 };

/** Every stream of every camera as a profile, the cameras as sources; each user sees its own. */
export class NightjarMedia implements MediaPort<OnvifCaller> {
  constructor(private readonly options: NightjarMediaOptions) {}

  get streaming(): { readonly multicast: boolean; readonly secure: boolean } {
    const { rtsp } = this.options.config();
    return { multicast: rtsp.multicast.enabled, secure: rtsp.tls !== undefined };
  }

  async profiles(caller: OnvifCaller): Promise<readonly MediaProfile[]> {
    const places = this.places(caller);
    const all = await this.options.facts.of(places);
    const main = new Map<string, StreamFacts>();
    places.forEach(({ camera, stream }, index) => {
      if (stream === 'main' || !main.has(camera)) main.set(camera, all[index] ?? {});
    });
    return places.map((place, index) => profileOf(place, all[index] ?? {}, main.get(place.camera)));
  }

  streamUri(
    profile: MediaProfile,
    protocol: StreamProtocol,
    { caller, origin }: Call<OnvifCaller>,
  ): string {
    const { camera, stream } = this.placeOf(profile.token, caller);
    const { rtsp } = this.options.config();
    const secure = protocol.startsWith('Rtsps') || protocol === 'RTSPS';
    const served =
      (!secure || this.streaming.secure) &&
      (!protocol.endsWith('Multicast') || this.streaming.multicast) &&
      (protocol !== 'RtspUnicast' || rtsp.udp);
    if (!served) throw invalidValue(`${protocol} is not served`, 'ter:InvalidStreamSetup');
    return liveUrl({ camera, stream }, origin, { port: rtsp.port, secure });
  }

  snapshotUri(profile: MediaProfile, { caller, origin }: Call<OnvifCaller>): string | undefined {
    const { camera, stream } = this.placeOf(profile.token, caller);
    const recorded = this.options.config().cameras[camera]?.record ?? [];
    // Pictures come from footage.
    if (!recorded.some((one) => one.stream === stream && one.mode !== 'off')) return undefined;
    return `${origin}/onvif/snapshot/${camera}/${stream}`;
  }

  /** Streams that the caller may watch. */
  places(caller: OnvifCaller): Place[] {
    const { config, policy } = this.options;
    return Object.values(config().cameras)
      .filter(({ name }) => policy.decide(caller, 'view', name) === 'allow')
      .flatMap(({ name: camera, streams }) =>
        Object.keys(streams).map((stream) => ({ camera, stream })),
      );
  }

  private placeOf(token: string, caller: OnvifCaller): Place {
    const found = this.places(caller).find(
      ({ camera, stream }) => streamToken(camera, stream) === token,
    );
    if (found === undefined) throw invalidValue(`no profile ${token}`, 'ter:NoProfile');
    return found;
  }
}

function profileOf(
  { camera, stream }: Place,
  { video, audio }: StreamFacts,
  main: StreamFacts | undefined,
): MediaProfile {
  const token = streamToken(camera, stream);
  const { widthPixels, heightPixels, framesPerSecond } = main?.video ?? video ?? UNKNOWN;
  return {
    token,
    name: `${camera} ${stream}`,
    source: { token: cameraToken(camera), widthPixels, heightPixels, framesPerSecond },
    ...(video && { video }),
    ...(audio && { audio }),
  };
}

function liveUrl(
  { camera, stream }: Place,
  origin: string,
  { port, secure }: { readonly port: number; readonly secure: boolean },
): string {
  const path = stream === 'main' ? camera : `${camera}/${stream}`;
  return `${secure ? 'rtsps' : 'rtsp'}://${new URL(origin).hostname}:${port}/${path}`;
}
