import { withAttributes, xml, type Content, type TagName, type XmlNode } from '../xml/print-xml.js';
import { tokens } from './media-lookup.js';
import type { AudioEncoding, MediaProfile, VideoEncoding, VideoSource } from './media-port.js';

/** A configuration: what they all begin with, then its own. */
function entity(tag: TagName, token: string, useCount: number, ...content: Content[]): XmlNode {
  const common = [xml('tt:Name', token), xml('tt:UseCount', useCount)];
  return withAttributes(xml(tag, common, ...content), { token });
}

export function videoSourceConfiguration(
  tag: TagName,
  source: VideoSource,
  useCount: number,
): XmlNode {
  const bounds = withAttributes(xml('tt:Bounds'), {
    x: 0,
    y: 0,
    width: source.widthPixels,
    height: source.heightPixels,
  });
  const token = tokens.videoSource(source);
  return entity(tag, token, useCount, xml('tt:SourceToken', source.token), bounds);
}

export function audioSourceConfiguration(
  tag: TagName,
  source: VideoSource,
  useCount: number,
): XmlNode {
  return entity(tag, tokens.audioSource(source), useCount, xml('tt:SourceToken', source.token));
}

const NO_MULTICAST = xml(
  'tt:Multicast',
  xml('tt:Address', xml('tt:Type', 'IPv4'), xml('tt:IPv4Address', '0.0.0.0')),
  xml('tt:Port', 0),
  xml('tt:TTL', 0),
  xml('tt:AutoStart', false),
);
const SESSION_TIMEOUT = xml('tt:SessionTimeout', 'PT60S');
const QUALITY = xml('tt:Quality', 1);

function resolution(tag: TagName, width: number, height: number): XmlNode {
  return xml(tag, xml('tt:Width', width), xml('tt:Height', height));
}

/** What Media knows of codecs; it was finished before H.265. */
const CODECS_OF_MEDIA1: Partial<Record<VideoEncoding['codec'], string>> = {
  H264: 'H264',
  JPEG: 'JPEG',
  'MPV4-ES': 'MPEG4',
};

export function inMedia1({ video }: MediaProfile): boolean {
  return video !== undefined && CODECS_OF_MEDIA1[video.codec] !== undefined;
}

/** Undefined for a codec that Media does not know. ONVIF Media s.5.5. */
export function videoEncoder1(tag: TagName, profile: MediaProfile): XmlNode | undefined {
  const { video } = profile;
  const encoding = video && CODECS_OF_MEDIA1[video.codec];
  if (video === undefined || encoding === undefined) return undefined;
  const h264 = xml(
    'tt:H264',
    xml('tt:GovLength', Math.max(1, Math.round(video.gopFrames))),
    xml('tt:H264Profile', 'Main'),
  );
  return entity(
    tag,
    tokens.videoEncoder(profile),
    1,
    xml('tt:Encoding', encoding),
    resolution('tt:Resolution', video.widthPixels, video.heightPixels),
    QUALITY,
    xml(
      'tt:RateControl',
      xml('tt:FrameRateLimit', Math.round(video.framesPerSecond)),
      xml('tt:EncodingInterval', 1),
      xml('tt:BitrateLimit', Math.round(video.kilobitsPerSecond)),
    ),
    encoding === 'H264' ? h264 : undefined,
    NO_MULTICAST,
    SESSION_TIMEOUT,
  );
}

/** ONVIF Media2 s.5.2.3. */
export function videoEncoder2(tag: TagName, profile: MediaProfile): XmlNode | undefined {
  const { video } = profile;
  if (video === undefined) return undefined;
  const node = entity(
    tag,
    tokens.videoEncoder(profile),
    1,
    xml('tt:Encoding', video.codec),
    resolution('tt:Resolution', video.widthPixels, video.heightPixels),
    xml(
      'tt:RateControl',
      xml('tt:FrameRateLimit', video.framesPerSecond),
      xml('tt:BitrateLimit', Math.round(video.kilobitsPerSecond)),
    ),
    QUALITY,
  );
  return withAttributes(node, {
    GovLength: Math.max(1, Math.round(video.gopFrames)),
    Profile: video.codec === 'JPEG' ? undefined : 'Main',
  });
}

const AUDIO_OF_MEDIA1: Partial<Record<AudioEncoding['codec'], string>> = {
  PCMU: 'G711',
  G726: 'G726',
  'MP4A-LATM': 'AAC',
};

/** Undefined for a codec that Media does not know; its G711 is µ-law. */
export function audioEncoder1(tag: TagName, profile: MediaProfile): XmlNode | undefined {
  const encoding = profile.audio && AUDIO_OF_MEDIA1[profile.audio.codec];
  if (profile.audio === undefined || encoding === undefined) return undefined;
  const { kilobitsPerSecond, sampleRateHz } = profile.audio;
  return entity(
    tag,
    tokens.audioEncoder(profile),
    1,
    xml('tt:Encoding', encoding),
    xml('tt:Bitrate', Math.round(kilobitsPerSecond)),
    xml('tt:SampleRate', Math.round(sampleRateHz / 1000)),
    NO_MULTICAST,
    SESSION_TIMEOUT,
  );
}

export function audioEncoder2(tag: TagName, profile: MediaProfile): XmlNode | undefined {
  if (profile.audio === undefined) return undefined;
  const { codec, kilobitsPerSecond, sampleRateHz } = profile.audio;
  return entity(
    tag,
    tokens.audioEncoder(profile),
    1,
    xml('tt:Encoding', codec),
    xml('tt:Bitrate', Math.round(kilobitsPerSecond)),
    xml('tt:SampleRate', Math.round(sampleRateHz / 1000)),
  );
}

const SPACES = 'http://www.onvif.org/ver10/tptz';

/** Generic spaces of PTZ. ONVIF PTZ s.5.8. */
export const PTZ_SPACES = {
  absolutePanTilt: `${SPACES}/PanTiltSpaces/PositionGenericSpace`,
  absoluteZoom: `${SPACES}/ZoomSpaces/PositionGenericSpace`,
  relativePanTilt: `${SPACES}/PanTiltSpaces/TranslationGenericSpace`,
  relativeZoom: `${SPACES}/ZoomSpaces/TranslationGenericSpace`,
  continuousPanTilt: `${SPACES}/PanTiltSpaces/VelocityGenericSpace`,
  continuousZoom: `${SPACES}/ZoomSpaces/VelocityGenericSpace`,
} as const;

export function ptzConfiguration(
  tag: TagName,
  source: VideoSource,
  node: string,
  useCount: number,
): XmlNode {
  return entity(
    tag,
    tokens.ptz(source),
    useCount,
    xml('tt:NodeToken', node),
    xml('tt:DefaultAbsolutePantTiltPositionSpace', PTZ_SPACES.absolutePanTilt),
    xml('tt:DefaultAbsoluteZoomPositionSpace', PTZ_SPACES.absoluteZoom),
    xml('tt:DefaultRelativePanTiltTranslationSpace', PTZ_SPACES.relativePanTilt),
    xml('tt:DefaultRelativeZoomTranslationSpace', PTZ_SPACES.relativeZoom),
    xml('tt:DefaultContinuousPanTiltVelocitySpace', PTZ_SPACES.continuousPanTilt),
    xml('tt:DefaultContinuousZoomVelocitySpace', PTZ_SPACES.continuousZoom),
    xml('tt:DefaultPTZTimeout', 'PT10S'),
  );
}

/** What a video source configuration may be: only what it is. */
export function videoSourceOptions(tag: TagName, sources: readonly VideoSource[]): XmlNode {
  const range = (name: TagName, value: number): XmlNode =>
    xml(name, xml('tt:Min', value), xml('tt:Max', value));
  const width = sources[0]?.widthPixels ?? 0;
  const height = sources[0]?.heightPixels ?? 0;
  return xml(
    tag,
    xml(
      'tt:BoundsRange',
      range('tt:XRange', 0),
      range('tt:YRange', 0),
      range('tt:WidthRange', width),
      range('tt:HeightRange', height),
    ),
    sources.map(({ token }) => xml('tt:VideoSourceTokensAvailable', token)),
  );
}
