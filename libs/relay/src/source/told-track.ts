import { configOf, isLatm, type TrackFormat } from '@nightjar/rtp';
import type { SdpTrack } from '@nightjar/rtsp';
import type { MediaPolicy } from './media-policy.js';

/** What a policy has to do with the description of a track. */
type FormatPolicy = Pick<
  MediaPolicy,
  'parameterSets' | 'aacClock' | 'aacHeaders' | 'g726Packing' | 'pcmOrder'
>;

const G726 = /^(?:AAL2-)?(G726-\d\d)$/i;
const PCM = /^(?:L16|PCM)$/i;
/** A clock that has nothing to do with the rate of the samples, and is meant so. */
const MEDIA_CLOCK_HZ = 90_000;

/** The track as it is told to readers and recorders: the camera's description, put right where its policy says so. */
export function toldTrack(track: SdpTrack, policy: FormatPolicy): SdpTrack {
  const format = toldFormat(track.format, policy);
  return format === track.format ? track : { ...track, format };
}

/** Whether the samples of a track stand in the order of little-endian machines. field: Hikvision calls it PCM. */
export function isLittleEndian(
  { encodingName }: TrackFormat,
  { pcmOrder }: Pick<MediaPolicy, 'pcmOrder'>,
): boolean {
  if (!PCM.test(encodingName)) return false;
  return pcmOrder === 'named' ? encodingName.toUpperCase() === 'PCM' : pcmOrder === 'little-endian';
}

function toldFormat(format: TrackFormat, policy: FormatPolicy): TrackFormat {
  if (format.codec === 'h264' || format.codec === 'h265')
    return policy.parameterSets === 'sdp' ? format : withoutParameterSets(format);
  if (format.codec === 'aac') return toldAac(format, policy);
  const [, g726] = G726.exec(format.encodingName) ?? [];
  if (g726 !== undefined && policy.g726Packing !== 'named')
    return { ...format, encodingName: policy.g726Packing === 'aal2' ? `AAL2-${g726}` : g726 };
  // Players know L16 alone (RFC 3551 s.4.5.11): its order is what is sent.
  if (format.encodingName.toUpperCase() === 'PCM') return { ...format, encodingName: 'L16' };
  return format;
}

function withoutParameterSets(format: TrackFormat): TrackFormat {
  const kept = Object.entries(format.fmtp).filter(([key]) => !key.startsWith('sprop-'));
  return { ...format, fmtp: Object.fromEntries(kept) };
}

function toldAac(format: TrackFormat, { aacClock, aacHeaders }: FormatPolicy): TrackFormat {
  const clockRateHz = aacClock === 'config' ? clockOfConfig(format) : format.clockRateHz;
  if (aacHeaders === 'auto')
    return clockRateHz === format.clockRateHz ? format : { ...format, clockRateHz };
  // RFC 3640 s.3.2.1: where headers have no fields there are none.
  const fmtp = { ...format.fmtp, sizelength: '0', indexlength: '0', indexdeltalength: '0' };
  return { ...format, clockRateHz, fmtp };
}

/** The rate of the samples, if the rtpmap has neither that nor what is usual beside it: twice that (SBR), a media clock. */
function clockOfConfig(format: TrackFormat): number {
  const { clockRateHz } = format;
  // LATM has a clock of its own (RFC 6416 s.6.1).
  const config = isLatm(format) ? undefined : configOf(format);
  if (config?.codec !== 'aac') return clockRateHz;
  const usual = [config.sampleRateHz, 2 * config.sampleRateHz, MEDIA_CLOCK_HZ];
  return usual.includes(clockRateHz) ? clockRateHz : config.sampleRateHz;
}
