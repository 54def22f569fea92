import { invalidArguments, invalidValue } from '../soap/fault.js';
import { withAttributes, xml, type XmlNode } from '../xml/print-xml.js';
import { numberAt, required } from './arguments.js';
import { groupBy, MediaLookup, tokens } from './media-lookup.js';
import {
  audioEncoder1,
  audioSourceConfiguration,
  inMedia1,
  ptzConfiguration,
  videoEncoder1,
  videoSourceConfiguration,
  videoSourceOptions,
} from './media-nodes.js';
import type { MediaPort, MediaProfile, StreamProtocol, VideoEncoding } from './media-port.js';
import type { Call, Operation, Service } from './operation.js';

const PROTOCOL_OF: Readonly<Record<string, StreamProtocol>> = {
  UDP: 'RtspUnicast',
  TCP: 'RTSP',
  RTSP: 'RTSP',
  HTTP: 'RtspOverHttp',
};

/** Media, the service of Profile S, for clients that do not know Media2. ONVIF Media. */
export function mediaService<C>(port: MediaPort<C>): Service<C> {
  const lookup = new MediaLookup(port);
  const read = (answer: (call: Call<C>) => Promise<XmlNode>): Operation<C> => ({
    access: 'READ_MEDIA',
    answer,
  });
  const capabilities = (): XmlNode =>
    withAttributes(
      xml(
        'trt:Capabilities',
        withAttributes(xml('trt:ProfileCapabilities'), { MaximumNumberOfProfiles: 0 }),
        withAttributes(xml('trt:StreamingCapabilities'), {
          RTPMulticast: port.streaming.multicast,
          RTP_TCP: true,
          RTP_RTSP_TCP: true,
          NonAggregateControl: false,
        }),
      ),
      { SnapshotUri: true },
    );
  return {
    prefix: 'trt',
    path: 'media_service',
    version: [2, 60],
    capabilities,
    operations: {
      GetServiceCapabilities: {
        access: 'PRE_AUTH',
        answer: () => xml('trt:GetServiceCapabilitiesResponse', capabilities()),
      },
      GetProfiles: read(async (call) =>
        xml(
          'trt:GetProfilesResponse',
          (await lookup.profiles(call)).map((one) => profileNode('trt:Profiles', one)),
        ),
      ),
      GetProfile: read(async (call) =>
        xml('trt:GetProfileResponse', profileNode('trt:Profile', await lookup.profile(call))),
      ),
      GetVideoSources: read(async (call) =>
        xml(
          'trt:GetVideoSourcesResponse',
          lookup
            .sourcesOf(await lookup.profiles(call))
            .map((source) =>
              withAttributes(
                xml(
                  'trt:VideoSources',
                  xml('tt:Framerate', source.framesPerSecond),
                  xml(
                    'tt:Resolution',
                    xml('tt:Width', source.widthPixels),
                    xml('tt:Height', source.heightPixels),
                  ),
                ),
                { token: source.token },
              ),
            ),
        ),
      ),
      GetAudioSources: read(async (call) => {
        const heard = (await lookup.profiles(call)).filter(({ audio }) => audio !== undefined);
        const channels = new Map(heard.map(({ source, audio }) => [source.token, audio?.channels]));
        const nodes = [...channels].map(([token, count]) =>
          withAttributes(xml('trt:AudioSources', xml('tt:Channels', count)), { token }),
        );
        return xml('trt:GetAudioSourcesResponse', nodes);
      }),
      ...sourceConfigurations(lookup, read),
      ...encoderConfigurations(lookup, read),
      GetStreamUri: read(async (call) => {
        const profile = await lookup.profile(call);
        const uri = port.streamUri(profile, streamProtocolOf(call), call);
        return xml('trt:GetStreamUriResponse', mediaUri(uri));
      }),
      GetSnapshotUri: read(async (call) => {
        const uri = port.snapshotUri(await lookup.profile(call), call);
        if (uri === undefined) throw invalidValue('no snapshots', 'ter:NoConfig');
        return xml('trt:GetSnapshotUriResponse', mediaUri(uri));
      }),
      SetSynchronizationPoint: read(async (call) => {
        port.synchronize?.(await lookup.profile(call), call.caller);
        return xml('trt:SetSynchronizationPointResponse');
      }),
      ...(port.encoders && {
        SetVideoEncoderConfiguration: {
          access: 'ACTUATE' as const,
          async answer(call: Call<C>) {
            const configuration = call.request.child('Configuration');
            const token = configuration?.attributes.get('token');
            if (configuration === undefined || token === undefined)
              throw invalidArguments('Configuration is missing');
            await lookup.setEncoder(call, token, encodingFrom(configuration));
            return xml('trt:SetVideoEncoderConfigurationResponse');
          },
        },
      }),
    },
  };
}

type Read<C> = (answer: (call: Call<C>) => Promise<XmlNode>) => Operation<C>;

function sourceConfigurations<C>(lookup: MediaLookup<C>, read: Read<C>): Service<C>['operations'] {
  const sources = (tag: 'trt:Configuration' | 'trt:Configurations') => async (call: Call<C>) =>
    counted(await lookup.chosen(call, ({ source }) => tokens.videoSource(source))).map(
      ([{ source }, count]) => videoSourceConfiguration(tag, source, count),
    );
  const hearing = (tag: 'trt:Configuration' | 'trt:Configurations') => async (call: Call<C>) => {
    const token = ({ source, audio }: MediaProfile): string | undefined =>
      audio && tokens.audioSource(source);
    return counted(await lookup.chosen(call, token)).map(([{ source }, count]) =>
      audioSourceConfiguration(tag, source, count),
    );
  };
  return {
    ...all('VideoSourceConfiguration', sources, read),
    ...all('AudioSourceConfiguration', hearing, read),
    GetVideoSourceConfigurationOptions: read(async (call) => {
      const profiles = await lookup.chosen(call, ({ source }) => tokens.videoSource(source));
      return xml(
        'trt:GetVideoSourceConfigurationOptionsResponse',
        videoSourceOptions('trt:Options', lookup.sourcesOf(profiles)),
      );
    }),
  };
}

function encoderConfigurations<C>(lookup: MediaLookup<C>, read: Read<C>): Service<C>['operations'] {
  type Tag = 'trt:Configuration' | 'trt:Configurations';
  const videoToken = (profile: MediaProfile): string | undefined =>
    inMedia1(profile) ? tokens.videoEncoder(profile) : undefined;
  const video = (tag: Tag) => async (call: Call<C>) =>
    (await lookup.chosen(call, videoToken)).flatMap((one) => videoEncoder1(tag, one) ?? []);
  const audio = (tag: Tag) => async (call: Call<C>) =>
    (await lookup.chosen(call, (one) => one.audio && tokens.audioEncoder(one))).flatMap(
      (one) => audioEncoder1(tag, one) ?? [],
    );
  return {
    ...all('VideoEncoderConfiguration', video, read),
    ...all('AudioEncoderConfiguration', audio, read),
    GetVideoEncoderConfigurationOptions: read(async (call) => {
      const profiles = await lookup.chosen(call, videoToken);
      return xml(
        'trt:GetVideoEncoderConfigurationOptionsResponse',
        encoderOptions(lookup.port, profiles),
      );
    }),
    GetGuaranteedNumberOfVideoEncoderInstances: read(async (call) => {
      const profiles = await lookup.chosen(call, (one) => tokens.videoSource(one.source));
      const h264 = profiles.filter((one) => one.video?.codec === 'H264').length;
      return xml(
        'trt:GetGuaranteedNumberOfVideoEncoderInstancesResponse',
        xml('trt:TotalNumber', profiles.length),
        xml('trt:H264', h264),
      );
    }),
  };
}

/** GetXs, GetX and GetCompatibleXs, which differ in how they are asked. */
function all<C>(
  name: string,
  find: (
    tag: 'trt:Configuration' | 'trt:Configurations',
  ) => (call: Call<C>) => Promise<readonly XmlNode[]>,
  read: Read<C>,
): Service<C>['operations'] {
  const many = (operation: string): Operation<C> =>
    read(async (call) => xml(`trt:${operation}Response`, await find('trt:Configurations')(call)));
  return {
    [`Get${name}s`]: many(`Get${name}s`),
    [`GetCompatible${name}s`]: many(`GetCompatible${name}s`),
    [`Get${name}`]: read(async (call) => {
      required(call.request, 'ConfigurationToken');
      const [first] = await find('trt:Configuration')(call);
      return xml(`trt:Get${name}Response`, first);
    }),
  };
}

/** One profile of each source, with the number of profiles that share it. */
function counted(profiles: readonly MediaProfile[]): readonly [MediaProfile, number][] {
  const groups = groupBy(profiles, ({ source }) => source.token).values();
  return [...groups].flatMap((group): [MediaProfile, number][] =>
    group[0] === undefined ? [] : [[group[0], group.length]],
  );
}

function profileNode(tag: 'trt:Profile' | 'trt:Profiles', profile: MediaProfile): XmlNode {
  const { token, name, source, audio, ptzNode } = profile;
  const node = xml(
    tag,
    xml('tt:Name', name),
    videoSourceConfiguration('tt:VideoSourceConfiguration', source, 1),
    audio && audioSourceConfiguration('tt:AudioSourceConfiguration', source, 1),
    videoEncoder1('tt:VideoEncoderConfiguration', profile),
    audioEncoder1('tt:AudioEncoderConfiguration', profile),
    ptzNode === undefined ? undefined : ptzConfiguration('tt:PTZConfiguration', source, ptzNode, 1),
  );
  return withAttributes(node, { token, fixed: true });
}

function mediaUri(uri: string): XmlNode {
  return xml(
    'trt:MediaUri',
    xml('tt:Uri', uri),
    xml('tt:InvalidAfterConnect', false),
    xml('tt:InvalidAfterReboot', false),
    xml('tt:Timeout', 'PT0S'),
  );
}

/**
 * What a tt:StreamSetup asks for.
 * @throws SoapFault InvalidStreamSetup
 */
export function streamProtocolOf<C>({ request }: Call<C>): StreamProtocol {
  const stream = required(request, 'StreamSetup', 'Stream');
  const protocol = PROTOCOL_OF[required(request, 'StreamSetup', 'Transport', 'Protocol')];
  if (protocol === undefined || !/^RTP-(Unicast|Multicast)$/.test(stream))
    throw invalidValue('no such stream setup', 'ter:InvalidStreamSetup');
  return stream === 'RTP-Multicast' ? 'RtspMulticast' : protocol;
}

function encodingFrom(configuration: Call<unknown>['request']): Partial<VideoEncoding> {
  const encoding = required(configuration, 'Encoding');
  if (encoding !== 'H264') throw invalidValue(`no encoder for ${encoding}`, 'ter:ConfigModify');
  const numbers = {
    widthPixels: numberAt(configuration, 'Resolution', 'Width'),
    heightPixels: numberAt(configuration, 'Resolution', 'Height'),
    framesPerSecond: numberAt(configuration, 'RateControl', 'FrameRateLimit'),
    kilobitsPerSecond: numberAt(configuration, 'RateControl', 'BitrateLimit'),
    gopFrames: numberAt(configuration, 'H264', 'GovLength'),
  };
  const given = Object.entries(numbers).filter(([, value]) => value !== undefined);
  return { codec: encoding, ...Object.fromEntries(given) };
}

function encoderOptions<C>({ encoders }: MediaPort<C>, profiles: readonly MediaProfile[]): XmlNode {
  const profile = profiles[0];
  const { video } = profile ?? {};
  const options = profile && encoders?.options(profile);
  const range = (
    tag: 'GovLengthRange' | 'FrameRateRange' | 'EncodingIntervalRange',
    min = 1,
    max = min,
  ) => xml(`tt:${tag}`, xml('tt:Min', Math.round(min)), xml('tt:Max', Math.round(max)));
  const own = video && { width: video.widthPixels, height: video.heightPixels };
  const resolutions = options?.resolutions ?? (own ? [own] : []);
  const rates = options?.framesPerSecond ?? [video?.framesPerSecond ?? 1];
  const gop = options?.gopFrames ?? [video?.gopFrames ?? 1, video?.gopFrames ?? 1];
  return xml(
    'trt:Options',
    xml('tt:QualityRange', xml('tt:Min', 1), xml('tt:Max', 1)),
    resolutions.length === 0 || video?.codec !== 'H264'
      ? undefined
      : xml(
          'tt:H264',
          resolutions.map(({ width, height }) =>
            xml('tt:ResolutionsAvailable', xml('tt:Width', width), xml('tt:Height', height)),
          ),
          range('GovLengthRange', ...gop),
          range('FrameRateRange', Math.min(...rates), Math.max(...rates)),
          range('EncodingIntervalRange', 1),
          xml('tt:H264ProfilesSupported', 'Main'),
        ),
  );
}
