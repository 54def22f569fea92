import { invalidArguments, invalidValue, notSupported } from '../soap/fault.js';
import { withAttributes, xml, type TagName, type XmlNode } from '../xml/print-xml.js';
import { numberAt, numberOf, optional, required } from './arguments.js';
import { groupBy, MediaLookup, tokens } from './media-lookup.js';
import {
  audioEncoder2,
  audioSourceConfiguration,
  ptzConfiguration,
  videoEncoder2,
  videoSourceConfiguration,
  videoSourceOptions,
} from './media-nodes.js';
import {
  STREAM_PROTOCOLS,
  type MediaPort,
  type MediaProfile,
  type StreamProtocol,
  type VideoEncoding,
} from './media-port.js';
import type { Call, Operation, Service } from './operation.js';

/** Media2, the service of Profile T. ONVIF Media2. */
export function media2Service<C>(port: MediaPort<C>): Service<C> {
  const lookup = new MediaLookup(port);
  const read = (answer: (call: Call<C>) => Promise<XmlNode>): Operation<C> => ({
    access: 'READ_MEDIA',
    answer,
  });
  const capabilities = (): XmlNode =>
    withAttributes(
      xml(
        'tr2:Capabilities',
        withAttributes(xml('tr2:ProfileCapabilities'), {
          MaximumNumberOfProfiles: 0,
          ConfigurationsSupported: 'VideoSource VideoEncoder AudioSource AudioEncoder PTZ',
        }),
        withAttributes(xml('tr2:StreamingCapabilities'), {
          RTSPStreaming: true,
          RTPMulticast: port.streaming.multicast,
          RTP_RTSP_TCP: true,
          NonAggregateControl: false,
          SecureRTSPStreaming: port.streaming.secure,
        }),
      ),
      { SnapshotUri: true },
    );
  return {
    prefix: 'tr2',
    path: 'media2_service',
    version: [21, 12],
    capabilities,
    operations: {
      GetServiceCapabilities: {
        access: 'PRE_AUTH',
        answer: () => xml('tr2:GetServiceCapabilitiesResponse', capabilities()),
      },
      GetProfiles: read(async (call) => {
        const token = optional(call.request, 'Token');
        const types = call.request.childrenNamed('Type').map(({ text }) => text.trim());
        const profiles = (await lookup.profiles(call)).filter(
          (one) => token === undefined || one.token === token,
        );
        if (token !== undefined && profiles.length === 0)
          throw invalidValue(`no profile ${token}`, 'ter:NoProfile');
        return xml(
          'tr2:GetProfilesResponse',
          profiles.map((one) => profileNode(one, types)),
        );
      }),
      ...configurations(lookup, read),
      GetVideoEncoderInstances: read(async (call) => {
        const token = required(call.request, 'ConfigurationToken');
        const profiles = (await lookup.profiles(call)).filter(
          ({ source }) => tokens.videoSource(source) === token,
        );
        if (profiles.length === 0) throw invalidValue(`no ${token}`, 'ter:NoConfig');
        const codecs = groupBy(profiles, ({ video }) => video?.codec ?? 'H264');
        return xml(
          'tr2:GetVideoEncoderInstancesResponse',
          xml(
            'tr2:Info',
            [...codecs].map(([codec, { length }]) =>
              xml('tr2:Codec', xml('tr2:Encoding', codec), xml('tr2:Number', length)),
            ),
            xml('tr2:Total', profiles.length),
          ),
        );
      }),
      GetStreamUri: read(async (call) => {
        const protocol = required(call.request, 'Protocol');
        if (!isProtocol(protocol))
          throw invalidValue(`no protocol ${protocol}`, 'ter:InvalidStreamSetup');
        const uri = port.streamUri(await lookup.profile(call), protocol, call);
        return xml('tr2:GetStreamUriResponse', xml('tr2:Uri', uri));
      }),
      GetSnapshotUri: read(async (call) => {
        const uri = port.snapshotUri(await lookup.profile(call), call);
        if (uri === undefined) throw notSupported('GetSnapshotUri');
        return xml('tr2:GetSnapshotUriResponse', xml('tr2:Uri', uri));
      }),
      SetSynchronizationPoint: read(async (call) => {
        port.synchronize?.(await lookup.profile(call), call.caller);
        return xml('tr2:SetSynchronizationPointResponse');
      }),
      ...(port.encoders && { SetVideoEncoderConfiguration: setEncoder(lookup) }),
    },
  };
}

function isProtocol(text: string): text is StreamProtocol {
  return (STREAM_PROTOCOLS as readonly string[]).includes(text);
}

function configurations<C>(
  lookup: MediaLookup<C>,
  read: (answer: (call: Call<C>) => Promise<XmlNode>) => Operation<C>,
): Service<C>['operations'] {
  const list = (
    name: string,
    tokenOf: (profile: MediaProfile) => string | undefined,
    nodeOf: (tag: TagName, profile: MediaProfile, useCount: number) => XmlNode | undefined,
  ): Service<C>['operations'] => ({
    [`Get${name}Configurations`]: read(async (call) => {
      const byToken = groupBy(await lookup.chosen(call, tokenOf), (one) => tokenOf(one) ?? '');
      const nodes = [...byToken.values()].flatMap((group) => {
        const [first] = group;
        return first ? (nodeOf('tr2:Configurations', first, group.length) ?? []) : [];
      });
      return xml(`tr2:Get${name}ConfigurationsResponse`, nodes);
    }),
  });
  const videoSource = ({ source }: MediaProfile): string => tokens.videoSource(source);
  const videoToken = (one: MediaProfile): string | undefined =>
    one.video && tokens.videoEncoder(one);
  return {
    ...list('VideoSource', videoSource, (tag, { source }, count) =>
      videoSourceConfiguration(tag, source, count),
    ),
    ...list('VideoEncoder', videoToken, videoEncoder2),
    ...list(
      'AudioSource',
      ({ source, audio }) => audio && tokens.audioSource(source),
      (tag, { source }, count) => audioSourceConfiguration(tag, source, count),
    ),
    ...list('AudioEncoder', (one) => one.audio && tokens.audioEncoder(one), audioEncoder2),
    ...list(
      'Metadata',
      () => undefined,
      () => undefined,
    ),
    GetVideoSourceConfigurationOptions: read(async (call) =>
      xml(
        'tr2:GetVideoSourceConfigurationOptionsResponse',
        videoSourceOptions('tr2:Options', lookup.sourcesOf(await lookup.chosen(call, videoSource))),
      ),
    ),
    GetVideoEncoderConfigurationOptions: read(async (call) => {
      const profiles = await lookup.chosen(call, videoToken);
      const seen = new Set<string>();
      const nodes = profiles.flatMap((one) => {
        const codec = one.video?.codec ?? '';
        if (one.video === undefined || seen.has(codec)) return [];
        seen.add(codec);
        return [encoderOptions(lookup.port, one, one.video)];
      });
      return xml('tr2:GetVideoEncoderConfigurationOptionsResponse', nodes);
    }),
  };
}

/** Which configurations a client wants to see with a profile. */
function profileNode(profile: MediaProfile, types: readonly string[]): XmlNode {
  const { token, name, source, audio, ptzNode } = profile;
  const wants = (type: string): boolean => types.includes('All') || types.includes(type);
  const content = [
    wants('VideoSource') ? videoSourceConfiguration('tr2:VideoSource', source, 1) : undefined,
    wants('AudioSource') && audio
      ? audioSourceConfiguration('tr2:AudioSource', source, 1)
      : undefined,
    wants('VideoEncoder') ? videoEncoder2('tr2:VideoEncoder', profile) : undefined,
    wants('AudioEncoder') ? audioEncoder2('tr2:AudioEncoder', profile) : undefined,
    wants('PTZ') && ptzNode !== undefined
      ? ptzConfiguration('tr2:PTZ', source, ptzNode, 1)
      : undefined,
  ];
  const node = xml(
    'tr2:Profiles',
    xml('tr2:Name', name),
    types.length > 0 ? xml('tr2:Configurations', content) : undefined,
  );
  return withAttributes(node, { token, fixed: true });
}

function encoderOptions<C>(
  { encoders }: MediaPort<C>,
  profile: MediaProfile,
  video: VideoEncoding,
): XmlNode {
  const options = encoders?.options(profile);
  const resolutions = options?.resolutions ?? [
    { width: video.widthPixels, height: video.heightPixels },
  ];
  const [min, max] = options?.kilobitsPerSecond ?? [
    video.kilobitsPerSecond,
    video.kilobitsPerSecond,
  ];
  const gop = options?.gopFrames ?? [video.gopFrames, video.gopFrames];
  const node = xml(
    'tr2:Options',
    xml('tt:Encoding', video.codec),
    xml('tt:QualityRange', xml('tt:Min', 1), xml('tt:Max', 1)),
    resolutions.map(({ width, height }) =>
      xml('tt:ResolutionsAvailable', xml('tt:Width', width), xml('tt:Height', height)),
    ),
    xml('tt:BitrateRange', xml('tt:Min', Math.round(min)), xml('tt:Max', Math.round(max))),
  );
  return withAttributes(node, {
    GovLengthRange: gop.map(Math.round).join(' '),
    FrameRatesSupported: (options?.framesPerSecond ?? [video.framesPerSecond]).join(' '),
    ProfilesSupported: video.codec === 'JPEG' ? undefined : 'Main',
  });
}

function setEncoder<C>(lookup: MediaLookup<C>): Operation<C> {
  return {
    access: 'ACTUATE',
    async answer(call) {
      const configuration = call.request.child('Configuration');
      const token = configuration?.attributes.get('token');
      if (configuration === undefined || token === undefined)
        throw invalidArguments('Configuration is missing');
      const codec = required(configuration, 'Encoding');
      if (codec !== 'H264' && codec !== 'H265' && codec !== 'JPEG')
        throw invalidValue(`no encoder for ${codec}`, 'ter:ConfigModify');
      const gop = configuration.attributes.get('GovLength');
      const numbers = {
        widthPixels: numberAt(configuration, 'Resolution', 'Width'),
        heightPixels: numberAt(configuration, 'Resolution', 'Height'),
        framesPerSecond: numberAt(configuration, 'RateControl', 'FrameRateLimit'),
        kilobitsPerSecond: numberAt(configuration, 'RateControl', 'BitrateLimit'),
        gopFrames: gop === undefined ? undefined : numberOf(gop, 'GovLength'),
      };
      const given = Object.entries(numbers).filter(([, value]) => value !== undefined);
      await lookup.setEncoder(call, token, { codec, ...Object.fromEntries(given) });
      return xml('tr2:SetVideoEncoderConfigurationResponse');
    },
  };
}
